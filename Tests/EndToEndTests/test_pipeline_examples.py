"""The pipelines of examples/ on their real data, each in a copy of its folder, with the virtual environment of examples/run."""
import json
import os
import shutil
import subprocess

import pytest
from conftest import ROOT, SfnRun

EXAMPLES = ROOT / "examples"


class Example(SfnRun):
    """A copy of an example: what it writes is gone with the test."""

    def __init__(self, folder, name):
        super().__init__(folder)
        self.home = folder / name
        if (EXAMPLES / name / "fetch_data.py").exists():
            subprocess.run([EXAMPLES / ".venv/bin/python", EXAMPLES / name / "fetch_data.py"], check=True)
        shutil.copytree(EXAMPLES / name, self.home, ignore=shutil.ignore_patterns(".sfn-run", "__pycache__"))
        (folder / ".venv").symlink_to(EXAMPLES / ".venv")

    def run(self, *arguments, **options):
        return self(self.home / "pipeline.json", *arguments, **options)

    def boto(self, code):
        """What Python sees with this machine's services: JSON of `result`."""
        script = f"import boto3, json\n{code}\nprint(json.dumps(result, default=str))"
        done = self("exec", "--", EXAMPLES / ".venv/bin/python", "-c", script, cwd=self.home)
        return json.loads(done.stdout)

    def steps_that_ran(self, name):
        """The states of an execution whose work was started, not taken from the cache."""
        return {event["stateEnteredEventDetails"]["name"] for event in self.history(name)
                if event["type"] == "TaskStateEntered"}

    def jobs(self, kind):
        folder = self.home / ".sfn-run/data/sagemaker" / f"{kind}s"
        return sorted(os.listdir(folder)) if folder.exists() else []


def example(name):
    if not (EXAMPLES / ".venv/bin/python").exists():
        pytest.skip("scripts/set-up --tests makes examples/.venv")
    return name


@pytest.fixture(scope="module")
def abalone(tmp_path_factory):
    it = Example(tmp_path_factory.mktemp("abalone"), example("abalone"))
    it.notes = it.run("--name", "first").stderr
    return it


def test_abalone_trains_on_real_data_and_registers_a_version(abalone):
    assert "train: 2921 rows" in abalone.notes and "on 627 unseen animals" in abalone.notes
    versions = abalone.boto('result = boto3.client("sagemaker").list_model_packages(ModelPackageGroupName="Abalone")["ModelPackageSummaryList"]')
    assert versions[-1]["ModelPackageVersion"] == 1 and versions[-1]["ModelApprovalStatus"] == "PendingManualApproval"


def test_abalone_records_the_name_of_a_model_that_is_there(abalone):
    model = abalone.boto(
        'name = boto3.client("ssm").get_parameter(Name="AbaloneModelName")["Parameter"]["Value"]\n'
        'result = boto3.client("sagemaker").describe_model(ModelName=name)')
    assert model["PrimaryContainer"]["ModelDataUrl"].endswith("/output/model.tar.gz")


def test_abalone_far_off_ends_in_its_fail_step_and_registers_nothing(abalone):
    before = abalone.boto('result = boto3.client("sagemaker").list_model_packages(ModelPackageGroupName="Abalone")["ModelPackageSummaryList"]')
    error = abalone.run("--name", "far-off", "--parameter", "MseThreshold=1", code=1).stderr
    assert "mean squared error is above 1" in error
    after = abalone.boto('result = boto3.client("sagemaker").list_model_packages(ModelPackageGroupName="Abalone")["ModelPackageSummaryList"]')
    assert len(after) == len(before)

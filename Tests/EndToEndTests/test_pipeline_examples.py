"""The pipelines of examples/ on their real data, each in a copy of its folder, with the virtual environment of examples/run."""
import json
import os
import shutil
import subprocess

import pytest
from conftest import PROGRAM, ROOT, SfnRun

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

    def jobs(self, kind):
        folder = self.home / ".sfn-run/data/sagemaker" / f"{kind}-jobs"
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


def test_a_second_run_of_abalone_is_served_from_the_cache(abalone):
    jobs = abalone.jobs("training") + abalone.jobs("processing")
    notes = abalone.run("--name", "second").stderr
    for step in ("AbaloneProcess", "AbaloneTrain", "AbaloneEvaluate"):
        assert f"= {step}" in notes
    assert abalone.jobs("training") + abalone.jobs("processing") == jobs


def test_another_hyperparameter_runs_only_what_follows_from_it(abalone):
    training, processing = abalone.jobs("training"), abalone.jobs("processing")
    notes = abalone.run("--name", "shallow", "--parameter", "MaxDepth=3", "--parameter", "NumRound=20").stderr
    assert "= AbaloneProcess" in notes and "✓ AbaloneTrain" in notes and "✓ AbaloneEvaluate" in notes
    assert len(abalone.jobs("training")) == len(training) + 1
    ran = set(abalone.jobs("processing")) - set(processing)
    assert len(ran) == 1 and "AbaloneEvaluate" in ran.pop()


def test_killed_runs_of_abalone_end_the_same_and_train_once():
    example("abalone")
    done = subprocess.run(
        [ROOT / "scripts/torture", "--machine", "abalone", "--kills", "2", "--seed", "7", "--program", PROGRAM], capture_output=True, text=True,
        timeout=240)
    assert done.stdout.splitlines()[-1] == "2 kills: 0 lost, 0 repeated", done.stdout + done.stderr


def test_abalone_far_off_ends_in_its_fail_step_and_registers_nothing(abalone):
    before = abalone.boto('result = boto3.client("sagemaker").list_model_packages(ModelPackageGroupName="Abalone")["ModelPackageSummaryList"]')
    error = abalone.run("--name", "far-off", "--parameter", "MseThreshold=1", code=1).stderr
    assert "mean squared error is above 1" in error
    after = abalone.boto('result = boto3.client("sagemaker").list_model_packages(ModelPackageGroupName="Abalone")["ModelPackageSummaryList"]')
    assert len(after) == len(before)

"""The pipelines of examples/ on their real data, each in a copy of its folder, with the virtual environment of examples/run."""
import json
import os
import shutil
import subprocess
import tarfile
import time

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
        shutil.copytree(EXAMPLES / name, self.home, ignore=shutil.ignore_patterns(".sfn-run", "__pycache__", "work", "outbox"))
        if not (folder / ".venv").exists():
            (folder / ".venv").symlink_to(EXAMPLES / ".venv")

    def run(self, *arguments, **options):
        return self(self.home / "pipeline.json", *arguments, **options)

    def deliver(self, *arguments, code=0):
        """The Swift program that makes a pipeline from the folder's configuration and runs it."""
        done = subprocess.run([str(PROGRAM.parent / "deliver"), str(self.home), *arguments], capture_output=True, text=True, timeout=120)
        assert done.returncode == code, f"exit code {done.returncode}\n{done.stdout}\n{done.stderr}"
        return done

    def change(self, name, change):
        document = json.loads((self.home / name).read_text())
        change(document)
        (self.home / name).write_text(json.dumps(document))

    def archive(self, pattern):
        """The names in the one archive among the buckets that matches."""
        found = list((self.home / ".sfn-run/data/buckets").glob(pattern))
        assert len(found) == 1, found
        with tarfile.open(found[0]) as archive:
            return sorted(member.name.removeprefix("./") for member in archive.getmembers() if member.isfile())

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


def test_a_configuration_trains_and_creates_a_model(tmp_path):
    it = Example(tmp_path, example("train-then-model"))
    done = it.deliver()
    assert [line.split()[:2] for line in done.stdout.splitlines()[:2]] == [["Succeeded", "Training"], ["Succeeded", "CreateModel"]]
    assert "code/inference.py" in it.archive("diabetes-work/models/*/output/model.tar.gz")
    job = it.jobs("training")[0]
    described = it.boto(f'result = boto3.client("sagemaker").describe_training_job(TrainingJobName="{job}")')
    assert described["ResourceConfig"]["VolumeSizeInGB"] == 50, "the execution document's setting"
    assert described["OutputDataConfig"]["KmsKeyId"] == "alias/local"
    assert {metric["MetricName"] for metric in described["FinalMetricDataList"]} == {"val_rmse", "test_rmse"}
    # Another pipeline under the same version of the template is refused.
    it.change("config.json", lambda document: document["TrainingConfig"]["hyperparameters"].update({"lr": 0.5}))
    assert "give it a new version" in it.deliver(code=1).stderr


def test_an_existing_model_is_packaged_and_registered_in_each_region(tmp_path):
    it = Example(tmp_path, example("deploy-model"))
    done = it.deliver()
    assert [line.split()[1] for line in done.stdout.splitlines()[:4]] == ["CreateModel", "Package", "Registration-NA", "Registration-EU"]
    assert it.archive("delivery/diabetes/Package/**/model.tar.gz") == ["code/inference.py", "model.joblib"]
    assert it.archive("delivery/diabetes/payload/payload.tar.gz") == ["payload"]
    versions = it.boto('result = boto3.client("sagemaker").list_model_packages(ModelPackageGroupName="diabetes")["ModelPackageSummaryList"]')
    assert len(versions) == 2
    it.change("config.json", lambda document: document["PackageStepConfig"].pop("processing_volume_size"))
    assert "Package: the required attribute 'processing_volume_size' is missing" in it.deliver(code=1).stderr


def test_packaging_alone_is_reused_until_its_scripts_change(tmp_path):
    it = Example(tmp_path, example("package-model"))
    assert "(reused)" not in it.deliver().stdout
    assert "Package  (reused)" in it.deliver().stdout
    (it.home / "code/inference.py").write_text("# another one\n")
    assert "(reused)" not in it.deliver().stdout


def deliver_by_hand(it, name, answer):
    """Runs the machine, answers the mail that asks for approval with `answer`; None: no mail is expected."""
    running = it.start(it.home / "machine.asl.json", "--input", it.home / "input.json", "--name", name)
    mail = it.home / "outbox" / f"{name}-approval.txt"
    deadline = time.monotonic() + 120
    while running.poll() is None and not mail.exists() and time.monotonic() < deadline:
        time.sleep(0.1)
    if answer:
        token = mail.read_text().split("callback success ")[1].split()[0]
        it("callback", answer[0], token, *answer[1:])
    else:
        assert not mail.exists()
    output, notes = running.communicate(timeout=120)
    return running.returncode, output, notes


def test_cicd_deploys_what_is_better_and_approved_and_nothing_else(tmp_path):
    Example(tmp_path, example("abalone"))
    it = Example(tmp_path, "abalone-cicd")
    code, _, notes = deliver_by_hand(it, "rejected", ["failure", "--error", "Rejected", "--cause", "not on a Friday"])
    assert code == 1 and "not on a Friday" in notes
    assert "not on a Friday" in (it.home / "outbox/rejected-failed.txt").read_text()
    code, output, notes = deliver_by_hand(it, "approved", ["success", "--output", '{"by": "Ada"}'])
    assert code == 0, notes
    result = json.loads(output)
    assert result["deployed"] and result["approvedBy"] == "Ada" and result["package"].endswith("/abalone/2")
    described = it.boto('result = [boto3.client("sagemaker").describe_model_package(ModelPackageName=f"arn:aws:sagemaker:us-east-1:123456789012:model-package/abalone/{n}")["ModelApprovalStatus"] for n in (1, 2)]')
    assert described == ["Rejected", "Approved"]
    endpoint = json.loads((it.home / ".sfn-run/data/sagemaker/records/endpoints/abalone.json").read_text())
    assert endpoint["EndpointStatus"] == "InService" and endpoint["EndpointConfigName"] == "abalone-approved"
    reports = list((it.home / ".sfn-run/data/buckets/abalone-reports/approved").glob("*.json"))
    assert json.loads(reports[0].read_text()) == {"violations": []}
    code, output, notes = deliver_by_hand(it, "same", None)
    assert code == 0 and not json.loads(output)["deployed"], notes

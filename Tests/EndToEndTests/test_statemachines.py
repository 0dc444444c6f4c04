"""Every folder of statemachines/ is documentation and a test: it ends with its expected output."""
import json
import os
import subprocess
import sys

import pytest
from conftest import ROOT

MACHINES = sorted(path.parent for path in ROOT.glob("statemachines/*/machine.asl.json"))


@pytest.fixture
def beside(sfn):
    """Starts a machine's companion, if it has one; gives what it wants the input to say."""
    companions = []

    def start(folder):
        if not (folder / "beside.py").exists():
            return {}
        companion = subprocess.Popen(
            [sys.executable, str(folder / "beside.py")], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=sfn.environment)
        companions.append(companion)
        return json.loads(companion.stdout.readline())

    yield start
    for companion in companions:
        companion.stdin.close()
        companion.wait(timeout=30)


@pytest.mark.parametrize("folder", MACHINES, ids=lambda folder: folder.name)
def test_machine_ends_with_its_expected_output(sfn, beside, folder):
    # The companion may need the store before the run has made it.
    os.makedirs(sfn.folder / "store", exist_ok=True)
    given = json.loads((folder / "input.json").read_text())
    given.update(beside(folder))
    done = sfn(
        folder / "machine.asl.json", "--input", json.dumps(given), "--name", folder.name, "--time-scale", "4",
        environment={"TRAIN_MODEL_WORK": str(sfn.folder / "work")})
    assert json.loads(done.stdout) == json.loads((folder / "expected.json").read_text())
    ids = [event["id"] for event in sfn.history(folder.name)]
    assert ids == list(range(1, len(ids) + 1))


@pytest.mark.parametrize("folder", MACHINES, ids=lambda folder: folder.name)
def test_machine_is_valid_and_exports_unchanged(sfn, folder):
    machine = folder / "machine.asl.json"
    sfn("validate", "--strict", machine)
    exported = sfn("export", machine).stdout
    assert json.loads(exported) == json.loads(machine.read_text())
    assert sfn("export", "-", stdin=exported).stdout == exported
    assert sfn("graph", machine).stdout.startswith("flowchart TD\n")
    assert "digraph" in sfn("graph", "--format", "dot", machine).stdout


def test_train_model_writes_its_report(sfn):
    folder = ROOT / "statemachines/train-model"
    sfn(
        folder / "machine.asl.json", "--input", '{"rows": 442}', "--name", "real", "--quiet",
        environment={"TRAIN_MODEL_WORK": str(sfn.folder / "work")})
    report = (sfn.folder / "work/real/report.md").read_text()
    assert "442 people" in report and "| ridge |" in report


def test_a_weak_model_is_refused_by_the_choice(sfn):
    folder = ROOT / "statemachines/train-model"
    done = sfn(
        folder / "machine.asl.json", "--input", '{"rows": 20}', "--name", "few", code=1,
        environment={"TRAIN_MODEL_WORK": str(sfn.folder / "work")})
    assert "NotGoodEnough" in done.stderr

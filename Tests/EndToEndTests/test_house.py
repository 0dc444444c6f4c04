"""Looking at what has run, and keeping house."""
import json
import time
import xml.etree.ElementTree as tree

import pytest
from conftest import ROOT, lambda_task
from test_command import HANDLERS, functions, machine, wait_for  # noqa: F401  (functions is a fixture)


def test_history_has_the_shape_of_get_execution_history(sfn):
    sfn.write("m.asl.json", machine({"A": {"Type": "Pass", "Result": {"x": 1}, "Next": "S"}, "S": {"Type": "Succeed"}}))
    sfn("m.asl.json", "--name", "h")
    events = sfn.history("h")
    assert [event["type"] for event in events] == [
        "ExecutionStarted", "PassStateEntered", "PassStateExited", "SucceedStateEntered", "SucceedStateExited", "ExecutionSucceeded"]
    assert [event["previousEventId"] for event in events] == [0, 0, 2, 3, 4, 5]
    assert events[2]["stateExitedEventDetails"]["output"] == '{"x":1}'
    backwards = json.loads(sfn("history", "h", "--json", "--reverse").stdout)["events"]
    assert backwards == events[::-1]
    table = sfn("history", "h").stdout.splitlines()
    assert len(table) == 7 and table[0].startswith("ID")
    bare = json.loads(sfn("history", "h", "--json", "--no-data").stdout)["events"]
    assert "output" not in bare[2]["stateExitedEventDetails"]


def test_logs_are_kept_per_attempt(sfn, functions):  # noqa: F811
    sfn.write("m.asl.json", machine({"A": lambda_task("needs-file", Retry=[
        {"ErrorEquals": ["States.ALL"], "MaxAttempts": 1, "IntervalSeconds": 1}])}))
    sfn("m.asl.json", "--name", "logged", "--time-scale", "100", code=1)
    logs = sfn("logs", "logged").stdout
    assert logs.count("looking for the file") == 2
    assert "A, attempt 1" in logs and "A, attempt 2" in logs
    assert "==" not in sfn("logs", "logged", "--raw").stdout.splitlines()[0]


def test_describe_delete_and_prune(sfn):
    sfn.write("m.asl.json", machine({"A": {"Type": "Pass", "End": True}}))
    for name in ("one", "two", "three"):
        sfn("m.asl.json", "--name", name, "--input", json.dumps({"name": name}))
    described = json.loads(sfn("describe", "two").stdout)
    assert described["status"] == "SUCCEEDED" and json.loads(described["output"]) == {"name": "two"}
    sfn("delete", "two")
    assert "no execution named two" in sfn("describe", "two", code=64).stderr
    assert "0 executions removed" in sfn("prune", "--older-than", "1d").stderr
    time.sleep(0.01)
    assert "2 executions removed" in sfn("prune", "--older-than", "0s").stderr
    assert "expected such as" in sfn("prune", "--older-than", "soon", code=64).stderr


def test_a_backup_is_a_whole_store(sfn):
    sfn.write("m.asl.json", machine({"A": {"Type": "Pass", "End": True}}))
    sfn("m.asl.json", "--name", "kept")
    sfn("backup", "copy.db")
    assert "kept" in sfn("list", "--store", "copy.db").stdout
    assert "exists" in sfn("backup", "copy.db", code=1).stderr


def test_a_backup_of_a_store_in_use_has_what_runs(sfn, functions):  # noqa: F811
    sfn.write("m.asl.json", machine({"A": lambda_task("slow")}))
    running = sfn.start("m.asl.json", "--name", "both", "--input", '{"seconds": 600}')
    wait_for(lambda: "slow" in functions())
    sfn("backup", "copy.db")
    assert json.loads(sfn("describe", "both", "--store", "copy.db").stdout)["status"] == "RUNNING"
    assert "0 executions removed" in sfn("prune", "--older-than", "0s").stderr
    sfn("stop", "both")
    running.communicate(timeout=30)
    assert running.returncode == 3


BUSY = '''
import os, pathlib, time

HERE = pathlib.Path(__file__).resolve().parent

def work(event, context):
    """Notes how many run at once; the first ones wait until as many as may run have come."""
    mine = HERE / f"running-{event}"
    mine.touch()
    end = time.monotonic() + 30
    while len(list(HERE.glob("began-*"))) < 3 and time.monotonic() < end:
        (HERE / f"began-{event}").touch()
        time.sleep(0.01)
    with open(HERE / "counts", "a") as file:
        file.write(f"{len(list(HERE.glob('running-*')))}\\n")
    mine.unlink()
    return event
'''


@pytest.mark.parametrize("options, function, limits", [
    (["--max-concurrency", "3"], {}, {}),
    ([], {"concurrency": 3}, {}),
    ([], {}, {"maxConcurrency": 3}),
    (["--max-concurrency", "9"], {}, {"maxConcurrencyPerMachine": 3}),
    ([], {}, {"maxConcurrencyPerMachine": 1, "machines": {"m": {"maxConcurrency": 3}}}),
])
def test_no_more_tasks_run_at_once_than_a_limit_says(sfn, options, function, limits):
    sfn.write("busy.py", BUSY)
    sfn.write("sfn-run.json", {"functions": {"work": {"python": "busy.py:work", **function}}, "limits": limits})
    sfn.write("m.asl.json", machine({"M": {"Type": "Map", "End": True, "ItemProcessor": machine({"A": lambda_task("work")})}}))
    done = sfn("m.asl.json", *options, "--input", json.dumps(list(range(8))))
    assert json.loads(done.stdout) == list(range(8))
    assert max(map(int, (sfn.folder / "counts").read_text().split())) == 3


def test_stop_reaches_another_process(sfn, functions):  # noqa: F811
    sfn.write("m.asl.json", machine({"A": lambda_task("slow")}))
    running = sfn.start("m.asl.json", "--name", "stopped", "--input", '{"seconds": 600}')
    wait_for(lambda: "slow" in functions())
    sfn("stop", "stopped", "--error", "Enough", "--cause", "told to")
    _, notes = running.communicate(timeout=30)
    assert running.returncode == 3, notes
    assert "aborted: Enough" in notes
    assert json.loads(sfn("describe", "stopped").stdout)["status"] == "ABORTED"


def test_stop_ends_what_a_killed_process_left(sfn):
    sfn.write("m.asl.json", machine({"A": {"Type": "Wait", "Seconds": 600, "End": True}}))
    running = sfn.start("m.asl.json", "--name", "left")
    wait_for(lambda: sfn.has("left"))
    running.kill()
    running.communicate()
    sfn("stop", "left")
    assert json.loads(sfn("describe", "left").stdout)["status"] == "ABORTED"


def test_mock_cases_are_checked_and_covered(sfn):
    folder = ROOT / "statemachines/order-saga"
    done = sfn("test", folder / "machine.asl.json", "--mocks", folder / "mocks.json", "--coverage", "--junit", "report.xml")
    assert done.stdout.splitlines()[-1] == "5 passed, 0 failed"
    assert "coverage: states 7 of 7, retriers 3 of 3, catchers 3 of 3" in done.stdout
    assert len(list(tree.parse(sfn.folder / "report.xml").iter("testcase"))) == 5
    mocks = json.loads((folder / "mocks.json").read_text())
    mocks["Expectations"]["order-saga"]["Placed"]["Path"] = ["ReserveStock"]
    sfn.write("wrong.json", mocks)
    wrong = sfn("test", folder / "machine.asl.json", "--mocks", "wrong.json", "--case", "Placed", code=1)
    assert wrong.stdout.splitlines()[-1] == "0 passed, 1 failed"


def test_a_catcher_counts_as_gone_through_by_its_own_errors_alone(sfn):
    task = lambda_task("f", Catch=[{"ErrorEquals": ["Declined"], "Next": "End"}, {"ErrorEquals": ["States.ALL"], "Next": "End"}])
    sfn.write("m.asl.json", machine({"A": task, "End": {"Type": "Succeed"}}))
    sfn.write("mocks.json", {"StateMachines": {"m": {"TestCases": {"Declined": {"A": "no"}}}},
                             "MockedResponses": {"no": {"0": {"Throw": {"Error": "Declined", "Cause": "no"}}}}})
    lines = sfn("test", "m.asl.json", "--mocks", "mocks.json", "--coverage").stdout.splitlines()
    assert lines[1:3] == ["coverage: states 2 of 2, catchers 1 of 2", "  not covered: /States/A/Catch/1"]


@pytest.mark.parametrize("arguments, sentence", [
    (["describe", "nobody"], "no execution named nobody"),
    (["callback", "success", "not-a-token"], "token"),
    (["resume", "nobody"], "no execution named nobody"),
    (["logs", "nobody"], "no execution named nobody"),
])
def test_what_is_not_there_is_said(sfn, arguments, sentence):
    sfn.write("m.asl.json", machine({"A": {"Type": "Pass", "End": True}}))
    sfn("m.asl.json", "--quiet")
    done = sfn(*arguments, code=1 if arguments[0] == "callback" else 64)
    assert sentence in done.stderr and len(done.stderr.splitlines()) == 1

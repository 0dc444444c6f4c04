"""The verbs that talk to Step Functions elsewhere: with moto's server, and with the server of `serve` as another engine."""
import json
import os
import re
import subprocess
import sys
import time

import pytest
from conftest import PROGRAM, ROOT, moto_server

ROLE = "arn:aws:iam::123456789012:role/r"
KEYS = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "AWS_REGION": "us-east-1"}
# moto evaluates no JSONata.
ADD = {"StartAt": "Add", "States": {
    "Add": {"Type": "Pass", "Parameters": {"sum.$": "States.MathAdd($.numbers[0], $.numbers[1])"}, "Next": "Wait"},
    "Wait": {"Type": "Wait", "Seconds": 0, "End": True}}}
SHRINK = {"StartAt": "Shrink", "States": {"Shrink": {
    "Type": "Task", "Resource": "arn:aws:states:us-east-1:123456789012:activity:shrink", "TimeoutSeconds": 60,
    "HeartbeatSeconds": 5, "End": True}}}


@pytest.fixture(scope="module")
def moto():
    """moto in this Python; its machines are run."""
    with moto_server("--run-machines") as url:
        yield url


@pytest.fixture
def remote(sfn, moto):
    """`sfn-run VERB …` against moto."""
    return lambda *arguments, **options: sfn(*arguments, environment={**KEYS, "AWS_ENDPOINT_URL_SFN": moto}, **options)


@pytest.fixture
def other(sfn):
    """Another engine: `sfn-run serve` with a store of its own."""
    server = sfn.start("serve", "--port", "0", "--store", str(sfn.folder / "other.db"))
    url = re.search(r"http://[^,]+", server.stderr.readline()).group()
    sfn.environment.update({**KEYS, "AWS_ENDPOINT_URL_SFN": url})
    yield sfn
    server.terminate()
    server.wait(timeout=30)
    server.stdout.close()
    server.stderr.close()


def test_a_machine_is_deployed_versioned_aliased_and_pulled(sfn, remote):
    sfn.write("add.asl.json", ADD)
    deploy = ["deploy", "add.asl.json", "--name", "adder", "--role", ROLE]
    first = remote(*deploy)
    arn = first.stdout.strip()
    assert arn.endswith(":stateMachine:adder") and first.stderr.splitlines()[-1] == "created"
    assert remote(*deploy).stderr.splitlines()[-1] == "unchanged"
    assert json.loads(remote("pull", arn).stdout) == ADD
    changed = json.loads(json.dumps(ADD))
    changed["Comment"] = "again"
    sfn.write("add.asl.json", changed)
    moved = remote(*deploy, "--alias", "live", "--description", "second")
    assert moved.stderr.splitlines()[-1] == "updated" and moved.stdout.strip() == arn + ":live"
    remote("pull", "adder", "-o", "pulled.json")
    assert json.loads((sfn.folder / "pulled.json").read_text()) == changed
    # The same alias, moved to the next version.
    assert remote(*deploy, "--alias", "live").stdout.strip() == arn + ":live"


def test_a_remote_execution_ends_as_the_local_one(sfn, remote):
    sfn.write("add.asl.json", ADD)
    remote("deploy", "add.asl.json", "--name", "same", "--role", ROLE)
    given = '{"numbers": [3, 4]}'
    done = remote("start", "--remote", "same", "--input", given, "--wait")
    execution = done.stderr.strip().splitlines()[0]
    assert json.loads(done.stdout) == {"sum": 7}
    assert json.loads(sfn("add.asl.json", "--input", given, "--name", "here", "--quiet").stdout) == {"sum": 7}
    table = remote("history", "--remote", execution).stdout.splitlines()
    assert table[0].split() == ["ID", "BEFORE", "TIME", "TYPE", "WHAT"]
    assert [line.split()[3] for line in table[1:]] == [event["type"] for event in sfn.history("here")]
    answer = json.loads(remote("history", "--remote", execution, "--json").stdout)["events"]
    assert json.loads(answer[0]["executionStartedEventDetails"]["input"]) == json.loads(given)
    backwards = json.loads(remote("history", "--remote", execution, "--json", "--reverse").stdout)["events"]
    assert backwards == answer[::-1]
    assert "no difference in 6 events" in remote("diff", "here", execution).stderr


def test_what_is_not_there_is_one_sentence(remote):
    assert "there is no machine nothing" in remote("start", "--remote", "nothing", code=1).stderr
    assert "there is no machine nothing" in remote("pull", "nothing", code=1).stderr
    gone = "arn:aws:states:us-east-1:123456789012:execution:no:no"
    assert "ExecutionDoesNotExist" in remote("history", "--remote", gone, code=1).stderr
    assert "needs the execution's ARN" in remote("history", "--remote", "no", code=64).stderr
    assert "there is no activity nothing" in remote("worker", "--remote", "nothing", "--", "cat", code=1).stderr


def test_histories_of_two_engines_do_not_differ(other):
    """deploy, start, history and diff against another store of this engine: not an event differs."""
    other.write("add.asl.json", ADD)
    other("deploy", "add.asl.json", "--name", "add", "--role", ROLE)
    started = other("start", "--remote", "add", "--input", '{"numbers":[3,5]}', "--name", "there", "--wait")
    execution = started.stderr.strip().splitlines()[0]
    other("add.asl.json", "--input", '{"numbers":[3,5]}', "--name", "here", "--quiet")
    assert "no difference in 6 events" in other("diff", "here", execution).stderr
    other("add.asl.json", "--input", '{"numbers":[4,5]}', "--name", "else", "--quiet")
    found = other("diff", "else", execution, code=1).stdout.splitlines()
    assert "#6 ExecutionSucceeded/executionSucceededEventDetails/output/sum: 9 | 8" in found


def work(other, *arguments):
    return other.start("worker", "--remote", *arguments)


def test_a_worker_here_serves_an_activity_there(other):
    other.write("shrink.asl.json", SHRINK)
    other("deploy", "shrink.asl.json", "--name", "shrink", "--role", ROLE)
    worker = work(
        other, SHRINK["States"]["Shrink"]["Resource"], "--create", "--tasks", "2", "--heartbeat", "0.5", "--", sys.executable, "-c",
        "import json, sys, time, os; task = json.load(sys.stdin); time.sleep(6 * task['slow']); assert os.environ['SFN_TASK_TOKEN'];"
        "print(json.dumps({'small': task['picture']})) if task['good'] else sys.exit('broken picture')")
    try:
        # It says so once the activity exists: a machine that is started before then fails.
        assert "working on" in worker.stderr.readline()
        # Longer than HeartbeatSeconds: the worker's heartbeats keep the task.
        good = other("start", "--remote", "shrink", "--input", '{"picture": "a", "good": true, "slow": 1}', "--wait")
        assert json.loads(good.stdout) == {"small": "a"}
        bad = other("start", "--remote", "shrink", "--input", '{"picture": "b", "good": false, "slow": 0}', "--wait", code=1)
        assert "Worker.ExitError" in bad.stderr and "broken picture" in bad.stderr
        assert worker.wait(timeout=30) == 0
    finally:
        worker.kill()
        worker.communicate()


def console(page):
    """The commands of a page's console blocks, each with what it prints; … stands for whatever."""
    for block in re.findall(r"```console\n(.*?)```", page, re.S):
        for part in ("\n" + block).split("\n$ ")[1:]:
            command, _, printed = part.partition("\n")
            yield command, printed.splitlines()


def test_the_walk_to_aws_is_as_its_page_says(sfn, moto, tmp_path):
    """examples/to-aws/README.md, command by command, with moto as AWS."""
    folder = ROOT / "examples/to-aws"
    for name in ["order.asl.json", "prepare.py"]:
        (sfn.folder / name).write_text((folder / name).read_text())
    programs = tmp_path / "programs"
    programs.mkdir()
    (programs / "sfn-run").symlink_to(PROGRAM)
    environment = {**sfn.environment, **KEYS, "AWS_ENDPOINT_URL": moto, "AWS_DEFAULT_REGION": "us-east-1", "PATH": f"{programs}:{os.environ['PATH']}"}
    commands = list(console((folder / "README.md").read_text()))
    assert len(commands) >= 10
    for command, printed in commands:
        command = command.replace("python3 ", f"{sys.executable} ", 1)
        done = subprocess.run(command, shell=True, capture_output=True, text=True, timeout=60, cwd=sfn.folder, env=environment)
        assert done.returncode == 0, f"{command}\n{done.stdout}{done.stderr}"
        said = (done.stderr + done.stdout).splitlines()
        expected = [line for line in printed if line != "…"]
        if "…" in printed:
            said = [line for line in said if line in expected]
        assert sorted(said) == sorted(expected), f"{command}\n{done.stdout}{done.stderr}"
    assert json.loads((sfn.folder / "pulled.asl.json").read_text()) == json.loads((folder / "order.asl.json").read_text())


def test_a_worker_outlives_its_service_and_stops_what_nobody_waits_for(sfn, tmp_path):
    """The service goes away and comes back on its port; then the execution is stopped while the command runs."""
    sfn.environment.update(KEYS)
    first = sfn.start("serve", "--port", "0", "--store", str(sfn.folder / "other.db"))
    url = re.search(r"http://[^,]+", first.stderr.readline()).group()
    sfn.environment["AWS_ENDPOINT_URL_SFN"] = url
    marks = tmp_path / "marks"
    marks.mkdir()
    sfn.write("shrink.asl.json", SHRINK)
    sfn("deploy", "shrink.asl.json", "--name", "shrink", "--role", ROLE)
    worker = work(
        sfn, SHRINK["States"]["Shrink"]["Resource"], "--create", "--tasks", "1", "--heartbeat", "0.2", "--", sys.executable, "-c",
        f"import pathlib, time; pathlib.Path({str(marks)!r}, 'began').touch(); time.sleep(60); pathlib.Path({str(marks)!r}, 'ended').touch()")
    try:
        assert "working on" in worker.stderr.readline()
        first.terminate()
        first.wait(timeout=30)
        assert "trying again" in worker.stderr.readline()
        first = sfn.start("serve", "--port", url.rsplit(":", 1)[1], "--store", str(sfn.folder / "other.db"))
        first.stderr.readline()
        execution = sfn("start", "--remote", "shrink").stdout.strip()
        end = time.monotonic() + 30
        while not (marks / "began").exists():
            assert time.monotonic() < end
            time.sleep(0.05)
        import boto3
        boto3.client("stepfunctions", endpoint_url=url, region_name="us-east-1", aws_access_key_id="a", aws_secret_access_key="b",
                     config=boto3.session.Config(inject_host_prefix=False)).stop_execution(executionArn=execution)
        assert worker.wait(timeout=30) == 0
        assert "its command is stopped" in worker.stderr.read()
        assert not (marks / "ended").exists()
    finally:
        worker.kill()
        worker.communicate()
        first.terminate()
        first.communicate(timeout=30)


def test_machines_end_there_as_here(moto):
    """Every machine of statemachines/ that moto can run; scripts/remote-machines says which cannot be, and why."""
    done = subprocess.run([sys.executable, str(ROOT / "scripts/remote-machines"), "moto", "--json"], capture_output=True, text=True, timeout=300,
                          env={**os.environ, "SFN_RUN": str(PROGRAM), "MOTO_PYTHON": sys.executable})
    outcomes = json.loads(done.stdout)["moto"]
    assert done.returncode == 0, outcomes
    assert list(outcomes.values()).count("same") >= 5

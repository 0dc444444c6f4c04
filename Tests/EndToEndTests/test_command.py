"""The command as people and scripts use it: exit codes, streams, resuming."""
import json
import os
import signal
import sqlite3
import subprocess
import time

import pytest
from conftest import lambda_task

HANDLERS = '''
import os, pathlib, time

HERE = pathlib.Path(__file__).resolve().parent

def count(name):
    with open(HERE / "calls", "a") as file:
        file.write(name + "\\n")

def echo(event, context):
    count("echo")
    print("echoing", event)
    return event

def needs_file(event, context):
    count("needs_file")
    print("looking for the file")
    if not (HERE / "the-file").exists():
        raise FileNotFoundError("the-file is missing")
    return {"found": True}

def slow(event, context):
    count("slow")
    time.sleep(float(event.get("seconds", 30)))
    return {"slept": True}
'''


@pytest.fixture
def functions(sfn):
    sfn.write("handlers.py", HANDLERS)
    sfn.write("sfn-run.json", {"functions": {
        "echo": "handlers.py:echo", "needs-file": "handlers.py:needs_file", "slow": "handlers.py:slow"}})
    return lambda: (sfn.folder / "calls").read_text().split() if (sfn.folder / "calls").exists() else []


def wait_for(condition, seconds=30):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "nothing happened in time"
        time.sleep(0.02)


def machine(states, start=None, **fields):
    return {"StartAt": start or next(iter(states)), "States": states, **fields}


PASS = machine({"P": {"Type": "Pass", "End": True}})


def test_output_goes_to_stdout_and_progress_to_stderr(sfn):
    sfn.write("m.asl.json", PASS)
    done = sfn("m.asl.json", "--input", '{"b": 1, "a": [1.0, "é"]}')
    assert done.stdout == '{"b":1,"a":[1.0,"é"]}\n'
    assert "succeeded" in done.stderr
    assert sfn("m.asl.json", "--quiet").stderr == ""
    assert sfn("run", "m.asl.json", "--output", "none").stdout == ""
    assert sfn("m.asl.json", "--input", '"plain"', "--output", "text").stdout == "plain\n"


def test_input_may_be_json_a_file_or_stdin(sfn):
    sfn.write("m.asl.json", PASS)
    sfn.write("in.json", {"from": "file"})
    assert json.loads(sfn("m.asl.json", "--input", "in.json").stdout) == {"from": "file"}
    assert json.loads(sfn("m.asl.json", "--input", "-", stdin="[1]").stdout) == [1]
    assert json.loads(sfn("m.asl.json", "--input", "42").stdout) == 42
    assert "neither JSON nor a file" in sfn("m.asl.json", "--input", "nothing", code=64).stderr
    assert "line 1, column" in sfn("m.asl.json", "--input", '{"a": }', code=64).stderr


def test_exit_codes_say_how_it_ended(sfn):
    sfn.write("fail.asl.json", machine({"F": {"Type": "Fail", "Error": "Broken", "Cause": "on purpose"}}))
    sfn.write("late.asl.json", machine({"W": {"Type": "Wait", "Seconds": 600, "End": True}}, TimeoutSeconds=1))
    sfn.write("bad.asl.json", machine({"P": {"Type": "Pass", "Next": "Nowhere"}}))
    failed = sfn("fail.asl.json", "--name", "f", code=1)
    assert "failed: Broken" in failed.stderr and "on purpose" in failed.stderr
    assert "at /States/F" in failed.stderr and "sfn-run resume f" in failed.stderr
    assert failed.stdout == ""
    assert "timed out" in sfn("late.asl.json", code=2).stderr
    bad = sfn("bad.asl.json", code=65)
    assert "MISSING_TRANSITION_TARGET" in bad.stderr and "/States/P/Next" in bad.stderr
    assert sfn("no-such.asl.json", code=65).stderr == "sfn-run: cannot read no-such.asl.json: No such file or directory\n"
    sfn("run", code=64)
    sfn("--no-such-option", code=64)


def test_every_problem_is_reported_with_line_and_pointer(sfn):
    sfn.write("bad.asl.json", '{\n "StartAt": "Gone",\n "States": {\n  "A": {"Type": "Pass", "Next": "B"},\n  "C": {"Type": "Nothing"}\n }\n}')
    text = sfn("validate", "bad.asl.json", code=65).stdout.splitlines()
    assert len(text) >= 3
    assert any(line.startswith("bad.asl.json:4: error MISSING_TRANSITION_TARGET at /States/A/Next") for line in text)
    problems = json.loads(sfn("validate", "--format", "json", "bad.asl.json", code=65).stdout)
    assert len(problems) == len(text) and all({"line", "pointer", "code", "message"} <= set(problem) for problem in problems)
    sarif = json.loads(sfn("validate", "--format", "sarif", "bad.asl.json", code=65).stdout)
    assert sarif["version"] == "2.1.0" and len(sarif["runs"][0]["results"]) == len(text)


@pytest.mark.parametrize("text", [
    "", "{", "[]", "nul", '{"StartAt": "A"', "\x00", '{"a": "\\ud800"}', "[" * 5000, '{"StartAt": 1e999, "States": {}}',
    '{"StartAt":"A","States":{"A":{"Type":"Wait","Seconds":1e300,"End":true}}}',
    '{"StartAt":"A","States":{"A":{"Type":"Pass","Next":"A"}}}', '{"States": [], "StartAt": null}', '"text"', "7" * 3000,
])
def test_bad_definitions_end_in_a_sentence(sfn, text):
    sfn.write("bad.json", text)
    done = sfn("validate", "bad.json", code=65)
    assert done.stdout.strip()
    assert "Fatal error" not in done.stderr and "Fatal error" not in sfn("bad.json", code=65).stderr


def test_a_failed_execution_is_resumed_where_it_failed(sfn, functions):
    sfn.write("m.asl.json", machine({"A": lambda_task("echo", Next="B"), "B": lambda_task("needs-file")}))
    failed = sfn("m.asl.json", "--name", "one", "--input", "{}", code=1)
    assert "FileNotFoundError" in failed.stderr and "the-file is missing" in failed.stderr and "looking for the file" in failed.stderr
    sfn.write("the-file", "")
    assert json.loads(sfn("resume", "one").stdout) == {"found": True}
    assert functions() == ["echo", "needs_file", "needs_file"]
    types = [event["type"] for event in sfn.history("one")]
    assert types.count("ExecutionRedriven") == 1 and types.count("TaskSucceeded") == 2
    assert json.loads(sfn("resume", "one").stdout) == {"found": True}, "resuming what has succeeded gives its output"


def test_kill_9_repeats_only_what_was_in_flight(sfn, functions):
    sfn.write("m.asl.json", machine({
        "A": lambda_task("echo", Next="B", ResultPath=None, OutputPath="$"),
        "B": lambda_task("slow")}))
    running = sfn.start("m.asl.json", "--name", "killed", "--input", '{"seconds": 0.5}')
    wait_for(lambda: "slow" in functions())
    running.kill()
    running.communicate()
    assert json.loads(sfn("resume", "killed").stdout) == {"slept": True}
    assert functions() == ["echo", "slow", "slow"]
    ids = [event["id"] for event in sfn.history("killed")]
    assert ids == list(range(1, len(ids) + 1))
    database = sqlite3.connect(sfn.folder / "store/sfn.db")
    assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)


def test_ctrl_c_stops_gently_and_says_how_to_go_on(sfn, functions):
    sfn.write("m.asl.json", machine({"A": lambda_task("echo", Next="W"), "W": {"Type": "Wait", "Seconds": 3, "End": True}}))
    running = sfn.start("m.asl.json", "--name", "paused")
    wait_for(lambda: "echo" in functions())
    wait_for(lambda: "WaitStateEntered" in [event["type"] for event in sfn.history("paused")])
    running.send_signal(signal.SIGINT)
    output, notes = running.communicate(timeout=20)
    assert running.returncode == 130 and output == ""
    assert "sfn-run resume paused" in notes
    sfn("resume", "paused")
    assert functions() == ["echo"]


def test_resume_all_takes_what_dead_processes_left(sfn, functions):
    sfn.write("m.asl.json", machine({"A": lambda_task("slow")}))
    running = [sfn.start("m.asl.json", "--name", f"n{i}", "--input", '{"seconds": 0.3}') for i in range(3)]
    wait_for(lambda: functions().count("slow") == 3)
    for process in running:
        process.kill()
        process.communicate()
    assert "3 resumed, 0 did not succeed" in sfn("resume", "--all").stderr
    assert [row["status"] for row in json.loads(sfn("list", "--json").stdout)] == ["SUCCEEDED"] * 3
    assert "nothing to resume" in sfn("resume", "--all").stderr


def test_many_processes_share_a_store(sfn):
    sfn.write("m.asl.json", machine({"A": {"Type": "Pass", "Next": "W"}, "W": {"Type": "Wait", "Seconds": 0, "End": True}}))
    running = [sfn.start("m.asl.json", "--name", f"p{i}", "--input", str(i)) for i in range(8)]
    for number, process in enumerate(running):
        output, notes = process.communicate(timeout=60)
        assert process.returncode == 0, notes
        assert json.loads(output) == number
    assert len(json.loads(sfn("list", "--json").stdout)) == 8


def test_what_is_no_name_no_verb_and_no_file_is_said(sfn):
    sfn.write("m.asl.json", PASS)
    assert "--name: expected 1 to 80 characters" in sfn("m.asl.json", "--name", "../up", code=64).stderr
    assert "lsit is neither a verb nor a file" in sfn("lsit", code=64).stderr
    assert "longer than 256 MiB" in sfn("/dev/zero", code=65).stderr


def test_a_name_is_used_once(sfn):
    sfn.write("m.asl.json", PASS)
    sfn("m.asl.json", "--name", "same")
    assert "is there already" in sfn("m.asl.json", "--name", "same", "--input", "1", code=64).stderr


def test_the_store_lies_beside_the_nearest_configuration(sfn):
    home = sfn.folder / "project/sub"
    home.mkdir(parents=True)
    (sfn.folder / "project/sfn-run.json").write_text("{}")
    (home / "m.asl.json").write_text(json.dumps(PASS))
    no_variable = {"SFN_RUN_STORE": ""}
    sfn("m.asl.json", "--name", "here", cwd=home, environment=no_variable)
    assert (sfn.folder / "project/.sfn-run/sfn.db").exists()
    assert "here" in sfn("list", cwd=home, environment=no_variable).stdout
    sfn("m.asl.json", "--store", sfn.folder / "other.db", cwd=home, environment=no_variable)
    assert (sfn.folder / "other.db").exists()


def test_a_store_that_cannot_be_used_is_one_sentence(sfn):
    sfn.write("m.asl.json", PASS)
    sfn.write("not.db", "this is no database, it is a text of some length " * 30)
    before = (sfn.folder / "not.db").read_bytes()
    refused = sfn("m.asl.json", "--store", "not.db", code=1)
    assert "not a database" in refused.stderr and len(refused.stderr.splitlines()) == 1
    assert (sfn.folder / "not.db").read_bytes() == before
    sfn("m.asl.json", "--store", "new.db")
    with sqlite3.connect(sfn.folder / "new.db") as database:
        database.execute("PRAGMA user_version = 9999")
    assert "newer" in sfn("m.asl.json", "--store", "new.db", code=1).stderr
    assert "there is no store" in sfn("list", "--store", "none.db", code=64).stderr


FULL = """
set -u
mount -t tmpfs -o size=3m tmpfs "$1"
cd "$2"
"$SFN" loop.asl.json --input in.json --store "$1/s.db" --name a --quiet --output none; echo "full $?"
"$SFN" resume a --store "$1/s.db" --quiet --output none; echo "still full $?"
mount -o remount,size=60m "$1"
"$SFN" resume a --store "$1/s.db" --quiet --output none; echo "room $?"
"$SFN" list --store "$1/s.db"
mount -o remount,ro "$1"
"$SFN" loop.asl.json --input in.json --store "$1/s.db" --name b --quiet --output none; echo "read-only $?"
"$SFN" loop.asl.json --input in.json --store "$1/new.db" --name b --quiet --output none; echo "new, read-only $?"
"""


def test_a_full_disk_and_a_read_only_one_lose_nothing(sfn):
    """On a file system of 3 MiB of our own: needs the right to mount in a name space of its own."""
    mounted = sfn.folder / "small"
    mounted.mkdir()
    unshare = ["unshare", "-rm", "sh", "-c"]
    if subprocess.run([*unshare, 'mount -t tmpfs tmpfs "$0"', str(mounted)], capture_output=True).returncode:
        pytest.skip("this machine lets no one mount a file system of their own")
    sfn.write("in.json", {"n": 0, "pad": "x" * 20000})
    sfn.write("sfn-run.json", {"functions": {"echo": {"command": ["cat"]}}})
    sfn.write("loop.asl.json", machine({
        "Count": {"Type": "Pass", "Parameters": {"n.$": "States.MathAdd($.n, 1)", "pad.$": "$.pad"}, "Next": "Call"},
        "Call": lambda_task("echo", Next="More") | {"OutputPath": "$.Payload"},
        "More": {"Type": "Choice", "Choices": [{"Variable": "$.n", "NumericLessThan": 60, "Next": "Count"}], "Default": "Done"},
        "Done": {"Type": "Succeed"}}))
    ran = subprocess.run([*unshare, FULL, "sh", str(mounted), str(sfn.folder)], capture_output=True, text=True,
                         env={**os.environ, "SFN": sfn.environment["SFN_RUN"]})
    said = ran.stdout.splitlines()
    assert said[:3] == ["full 1", "still full 1", "room 0"], ran
    assert "SUCCEEDED" in said[4]
    assert said[-2:] == ["read-only 1", "new, read-only 1"]
    errors = ran.stderr.splitlines()
    assert len(errors) == 4, ran.stderr
    assert all("the disk is full; nothing of the last step was stored" in line for line in errors[:2])
    assert all("read-only" in line for line in errors[2:])


def test_eval_answers_in_order(sfn):
    assert json.loads(sfn("eval", "$sum(a.b)", "--input", '{"a": [{"b": 1}, {"b": 2}]}').stdout) == 3
    assert json.loads(sfn("eval", "$.a[?(@.b > 1)].b", "--input", '{"a": [{"b": 1}, {"b": 2}]}').stdout) == [2]
    assert json.loads(sfn("eval", "States.MathAdd($.n, 1)", "--input", '{"n": 41}').stdout) == 42
    lines = [{"expr": "a + 1", "data": {"a": n}} for n in range(50)] + [
        {"expr": "nothing", "data": {}}, {"expr": "1 +"}, {"expr": "$x", "bindings": {"x": "bound"}},
        {"expr": "$.q", "data": {"q": 1}, "language": "jsonpath"}]
    answers = [json.loads(line) for line in sfn("eval", "--batch", stdin="\n".join(map(json.dumps, lines))).stdout.splitlines()]
    assert answers[:50] == [{"result": n + 1} for n in range(50)]
    assert answers[50] == {"undefined": True}
    assert answers[51]["error"]["code"].startswith("S0")
    assert answers[52:] == [{"result": "bound"}, {"result": 1}]


def test_help_teaches_and_version_is_there(sfn):
    assert "sfn-run resume NAME" in sfn("--help").stdout
    assert sfn("--version").stdout.strip().count(".") == 2
    assert "complete" in sfn("--generate-completion-script", "bash").stdout

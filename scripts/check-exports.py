"""Shows exported machines to statelint, cfn-lint's schema and moto, and compares moto's runs with ours.

moto has no JSONata of its own (LocalStack's is in Java): jsonata-python is plugged in, with Step Functions' own
functions. Tasks are answered by moto's mocked service integrations, with the answers that our run was given.
"""
import argparse
import hashlib
import json
import logging
import os
import pathlib
import re
import subprocess
import sys
import time
import uuid
from concurrent.futures import ProcessPoolExecutor

ROOT = pathlib.Path(__file__).resolve().parents[1]
ROLE = "arn:aws:iam::123456789012:role/r"
logging.disable(logging.CRITICAL)
for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
    os.environ[name] = "none"
os.environ["AWS_DEFAULT_REGION"] = "us-east-1"


# MARK: the judges


def statelint(machine):
    from statelint.config import Config
    from statelint.linter import Linter
    from statelint.problem import ProblemType

    # `--ignore=FLOAT`: to statelint a BackoffRate of 2 must be written 2.0; to Step Functions both are one number.
    return Linter.validate(machine, Config({ProblemType.FLOAT}))


# What the judges of these versions say of what Step Functions accepts, and the documentation says so.
KNOWN = {
    "statelint": [
        r'\.Seconds is "\{% .* %\}" but should be an Integer$',  # Seconds of a Wait may be a JSONata expression
        r'^Field "(Assign|Label|InputType)" not allowed in ',  # variables in JSONPath, Label and InputType of a distributed Map
        r' is "\$\w+(\.\w+)*" but should be a Reference Path$',  # a variable as a path
        r'^Field "[^"]+\.\$" of \w+ at .* is not a JSONPath or intrinsic function expression$',  # `$variable[?(…)]`, filters
    ],
    "moto": [
        r'at "ItemBatcher"',  # its grammar has no ItemBatcher
        r"got 'States\.Http\.StatusCode\.",  # errors of http:invoke
    ],
}


# What moto runs otherwise than the documentation says: (what stands in the machine, why).
RUN_OTHERWISE = [
    (r'"Type": "Choice".*"Assign"|"Assign".*"Type": "Choice"', "it has no Assign in a Choice"),
    (r'\.\$": "\$\[\d+\]\.', "to it `$[1].name` is a list"),
    (r'"Timestamp(Less|Greater)Than', "it compares times as texts, without their zones"),
]


def is_known(judge, problem, record):
    if judge == "same run":
        # Only machines written by hand for statemachines/ have these; a pipeline's must run alike.
        text = json.dumps(record["machine"])
        return record["file"].startswith("statemachines/") and any(re.search(pattern, text) for pattern, _ in RUN_OTHERWISE)
    if judge == "cfn-lint" and "too long" in problem:
        # Longer than Step Functions takes: the export has said so itself.
        return any("Step Functions takes 1048576" in loss for loss in record.get("losses", []))
    return any(re.search(pattern, problem) for pattern in KNOWN.get(judge, []))


def cfn_lint(machine):
    from cfnlint.api import lint
    from cfnlint.config import ManualArgs

    template = {"Resources": {"Machine": {"Type": "AWS::StepFunctions::StateMachine", "Properties": {"RoleArn": ROLE, "Definition": machine}}}}
    matches = lint(json.dumps(template), config=ManualArgs(regions=["us-east-1"]))
    return [f"{match.rule.id}: {match.message}" for match in matches if match.rule.id.startswith("E")]


# MARK: moto


def prepare_moto():
    """Plugs JSONata in, lets Waits pass at once and answers tasks with `answers`."""
    import jsonata
    from moto.stepfunctions.parser.asl.component.common.timeouts import timeout  # noqa: F401  (loads the tree in order)
    from moto.stepfunctions.parser.asl.component.intrinsic import jsonata as declarations
    from moto.stepfunctions.parser.asl.component.state.exec.state_task.service import state_task_service_callback
    from moto.stepfunctions.parser.asl.component.state.wait import state_wait  # noqa: F401
    from moto.stepfunctions.parser.asl.component.state.wait.wait_function import wait_function
    from moto.stepfunctions.parser.asl.jsonata import jsonata as bridge
    from moto.stepfunctions.parser.backend import execution_worker
    from moto.stepfunctions.parser.mocking.mock_config import MockedResponseReturn, MockTestCase, StateMockedResponses

    for name in ("$hash", "$uuid", "$parse"):
        declarations._DECLARATION_BY_VARIABLE_REFERENCE.pop(name, None)
    algorithms = {"MD5": "md5", "SHA-1": "sha1", "SHA-256": "sha256", "SHA-384": "sha384", "SHA-512": "sha512"}

    def evaluate(text):
        try:
            expression = jsonata.Jsonata(text)
            expression.register_lambda("hash", lambda value, name: hashlib.new(algorithms[name], value.encode()).hexdigest())
            expression.register_lambda("uuid", lambda: str(uuid.uuid4()))
            expression.register_lambda("parse", json.loads)
            return json.loads(json.dumps(plain(expression.evaluate(None))))
        except Exception as error:
            raise bridge.JSONataException("UNKNOWN", str(error)) from error

    bridge._eval_jsonata = evaluate
    wait_function.WaitFunction._wait_interval = lambda self, env, wait_seconds: None
    # moto has no `.sync` of SageMaker and EMR; where the answer is mocked, none is needed.
    state_task_service_callback.StateTaskServiceCallback._assert_integration_pattern_is_supported = lambda self: None
    answers = {}
    original = execution_worker.ExecutionWorker.__init__

    def start(self, *arguments, **fields):
        original(self, *arguments, **fields)
        states = [StateMockedResponses(state, state, [MockedResponseReturn(0, 0, answer)]) for state, answer in answers.items()]
        if states:
            self._mock_test_case = MockTestCase("P", "stub", states)

    execution_worker.ExecutionWorker.__init__ = start
    return answers


def plain(value):
    """jsonata-python's values as Python's."""
    if isinstance(value, dict):
        return {key: plain(member) for key, member in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(element) for element in value]
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return int(value)
    return value


class Moto:
    def __init__(self):
        import boto3
        from moto import mock_aws

        self.answers = prepare_moto()
        self.mock = mock_aws(config={"stepfunctions": {"execute_state_machine": True}})
        self.mock.start()
        self.client = boto3.client("stepfunctions")

    def create(self, machine, name):
        """What moto objects to; else None, and the machine is there."""
        try:
            self.arn = self.client.create_state_machine(name=name, definition=json.dumps(machine), roleArn=ROLE)["stateMachineArn"]
        except Exception as error:
            return f"CreateStateMachine: {error}"

    def run(self, value, answers):
        self.answers.clear()
        self.answers.update(answers)
        arn = self.client.start_execution(stateMachineArn=self.arn, name="stub", input=json.dumps(value))["executionArn"]
        end = time.time() + 120
        while time.time() < end:
            result = self.client.describe_execution(executionArn=arn)
            if result["status"] != "RUNNING":
                break
            time.sleep(0.005)
        events, token = [], {}
        while True:
            page = self.client.get_execution_history(executionArn=arn, **token)
            events += page["events"]
            if "nextToken" not in page:
                return result, events
            token = {"nextToken": page["nextToken"]}

    def close(self):
        self.mock.stop()


# MARK: comparing

GENERATED = [
    (re.compile(r"-[0-9a-f]{7}(?![0-9A-Za-z])"), "-generated"),
    # moto's context has no RedriveCount, of which Step Functions' and ours have 0
    (re.compile(r"-00(?![0-9A-Za-z])"), "-0"),
    (re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[.\d]*(Z|\+00:00)"), "a time"),
]


def normal(value):
    """A request without what differs from run to run."""
    if isinstance(value, dict):
        return {key: normal(member) for key, member in value.items() if key not in ("token",)}
    if isinstance(value, list):
        return [normal(element) for element in value]
    if isinstance(value, str):
        for pattern, replacement in GENERATED:
            value = pattern.sub(replacement, value)
    return value


def differences(record, result, events):
    """What moto's run did otherwise than ours."""
    found = []
    if result["status"] != record["status"]:
        return [f"moto ends {result['status']} ({result.get('error')}: {str(result.get('cause'))[:300]}), here {record['status']} ({record['error']})"]
    if result["status"] == "SUCCEEDED":
        output = json.loads(result["output"])
        if normal(output) != normal(record["output"]):
            found.append(f"output {json.dumps(output)[:200]}, here {json.dumps(record['output'])[:200]}")
    elif (result.get("error"), normal(result.get("cause"))) != (record["error"], normal(record["cause"])):
        found.append(f"moto's {result.get('error')}: {result.get('cause')}, here {record['error']}: {record['cause']}")
    entered = {event["stateEnteredEventDetails"]["name"] for event in events if event["type"].endswith("StateEntered")}
    if "entered" in record and entered != set(record["entered"]):
        found.append(f"only moto enters {sorted(entered - set(record['entered']))}, only we {sorted(set(record['entered']) - entered)}")
    states = {}
    requests = {}
    for event in events:
        states[event["id"]] = event["stateEnteredEventDetails"]["name"] if event["type"].endswith("StateEntered") else states.get(event["previousEventId"])
        if event["type"] == "TaskScheduled":
            requests.setdefault(states[event["id"]], []).append(normal(json.loads(event["taskScheduledEventDetails"]["parameters"])))
    for state, call in record["calls"].items():
        mine = normal(call["request"])
        if mine not in requests.get(state, []):
            found.append(f"{state} asks for {json.dumps(requests.get(state))[:600]}, here {json.dumps(mine)[:600]}")
    return found


def judge(record):
    """(name, problems by judge)"""
    machine = record["machine"]
    problems = {"statelint": statelint(machine), "cfn-lint": cfn_lint(machine)}
    moto = Moto()
    try:
        refused = moto.create(machine, record.get("name", "P"))
        problems["moto"] = [refused] if refused else []
        # What cannot be created on Step Functions is not run (its thousands of branches would take moto's threads minutes).
        if not refused and "status" in record and len(json.dumps(machine, separators=(",", ":"))) <= 1_048_576:
            result, events = moto.run(record["input"], {state: call["answer"] for state, call in record["calls"].items()})
            problems["same run"] = differences(record, result, events)
    except Exception as error:
        problems["same run"] = [f"{type(error).__name__}: {error}"]
    finally:
        moto.close()
    return record["file"], problems


# MARK: what is judged


def pipelines(programs, folder, short):
    words = [str(programs / "sfn-pipelines"), "--exports", *([folder] if folder else [])]
    done = subprocess.run(words, capture_output=True, text=True)
    if done.returncode:
        print(done.stdout.strip() or "there are no pipelines to check", file=sys.stderr)
        return []
    records = [json.loads(line) for line in done.stdout.splitlines()]
    # moto's threads and jsonata-python's recursion do not stand thousands of branches.
    records.sort(key=lambda record: len(json.dumps(record["machine"])))
    return records[3 : len(records) // 2 : 12] if short else records


def examples(programs):
    """The pipelines and machines of examples/: those that a configuration becomes are made when the example is run."""
    for path in sorted([*ROOT.glob("examples/*/pipeline.json"), *ROOT.glob("examples/*/machine.asl.json")]):
        done = subprocess.run([str(programs / "sfn-run"), "export", str(path)], capture_output=True, text=True, check=True)
        yield {"file": str(path.relative_to(ROOT)), "machine": json.loads(done.stdout)}


def machines(programs):
    for path in sorted(ROOT.glob("statemachines/*/machine.asl.json")):
        done = subprocess.run([str(programs / "sfn-run"), "export", str(path)], capture_output=True, text=True, check=True)
        record = {"file": f"statemachines/{path.parent.name}", "machine": json.loads(done.stdout)}
        if '"Task"' not in done.stdout and '"Wait"' not in done.stdout:
            expected = json.loads((path.parent / "expected.json").read_text())
            record.update(
                input=json.loads((path.parent / "input.json").read_text()), calls={}, status="SUCCEEDED", output=expected, error=None, cause=None)
        yield record


def main():
    options = argparse.ArgumentParser()
    options.add_argument("folder", nargs="?")
    options.add_argument("-v", action="store_true", dest="verbose")
    options.add_argument("--short", action="store_true")
    options.add_argument("--programs", default=".build/release")
    options = options.parse_args()
    programs = pathlib.Path(options.programs)
    records = pipelines(programs, options.folder, options.short) + list(machines(programs)) + list(examples(programs))
    tally, good = {}, 0
    print(f"{'MACHINE':78} {'STATELINT':10} {'CFN-LINT':10} {'MOTO':10} SAME RUN")
    with ProcessPoolExecutor(max_workers=2) as pool:
        for record, (name, problems) in zip(records, pool.map(judge, records)):
            cells = []
            for column in ("statelint", "cfn-lint", "moto", "same run"):
                found = problems.get(column)
                if found is None:
                    cells.append("-")
                    continue
                known = [problem for problem in found if is_known(column, problem, record)]
                problems[column] = found = [problem for problem in found if problem not in known]
                passed, total, excused = tally.get(column, (0, 0, 0))
                tally[column] = (passed + (not found), total + 1, excused + (bool(known) and not found))
                cells.append("NO" if found else "known" if known else "yes")
            good += not any(problems.values())
            print(f"{name[-78:]:78} {cells[0]:10} {cells[1]:10} {cells[2]:10} {cells[3]}", flush=True)
            for column, found in problems.items():
                for problem in found[: 100 if options.verbose else 2]:
                    print(f"    {column}: {problem[: 4000 if options.verbose else 300]}")
    for column, (passed, total, excused) in tally.items():
        print(f"{column}: {passed} of {total}" + (f", {excused} of them but for a known limit (KNOWN and is_known in the script)" if excused else ""))
    print(f"exports: {good} of {len(records)}")
    return 0 if records and good == len(records) else 1


if __name__ == "__main__":
    sys.exit(main())

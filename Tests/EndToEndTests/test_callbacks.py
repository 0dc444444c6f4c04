"""Task tokens and activities answered by other processes, versions and aliases, Express: boto3 and the aws command against `serve`."""
import base64
import concurrent.futures
import json
import os
import time

import pytest

from conftest import aws_command
from test_protocol import ROLE, Server
from test_server import client, ended, make, until

TOKEN = {"StartAt": "T", "States": {"T": {
    "Type": "Task", "Resource": "arn:aws:states:::lambda:invoke.waitForTaskToken", "Parameters": {
        "FunctionName": "hand", "Payload": {"token.$": "$$.Task.Token"}}, "End": True}}}


@pytest.fixture
def server(sfn):
    sfn.write("handlers.py", "def hand(event, context):\n    open('token', 'w').write(event['token'])\n")
    sfn.write("sfn-run.json", {"functions": {"hand": "handlers.py:hand"}})
    server = Server(sfn, "--config", str(sfn.folder / "sfn-run.json"))
    server.folder = sfn.folder
    yield server
    server.end()


def a_token(server, aws, machine, name):
    (server.folder / "token").unlink(missing_ok=True)
    arn = aws.start_execution(stateMachineArn=machine, name=name)["executionArn"]
    token = until(lambda: (server.folder / "token").exists() and (server.folder / "token").read_text())
    # Until the function has ended the state is not submitted; a token may be answered before.
    return arn, token


def test_the_aws_command_answers_tokens(server):
    aws = client(server.port)
    machine = make(aws, "t", TOKEN)
    good, token = a_token(server, aws, machine, "good")
    aws_command(f"http://127.0.0.1:{server.port}", "send-task-heartbeat", "--task-token", token)
    aws_command(f"http://127.0.0.1:{server.port}", "send-task-success", "--task-token", token, "--task-output", '{"approved": true}')
    assert json.loads(ended(aws, good)["output"]) == {"approved": True}
    bad, token = a_token(server, aws, machine, "bad")
    aws_command(f"http://127.0.0.1:{server.port}", "send-task-failure", "--task-token", token, "--error", "Denied", "--cause", "by the aws command")
    described = ended(aws, bad)
    assert (described["status"], described["error"], described["cause"]) == ("FAILED", "Denied", "by the aws command")
    assert "TaskTimedOut" in aws_command(f"http://127.0.0.1:{server.port}", "send-task-success", "--task-token", token, "--task-output", "{}", code=255)


def test_a_forged_token_completes_nothing(server):
    aws = client(server.port)
    machine = make(aws, "t", TOKEN)
    arn, token = a_token(server, aws, machine, "one")
    other, theirs = a_token(server, aws, machine, "two")
    forged = [token[:-1], token + "A", token[::-1], token.swapcase(), "x", "A" * 2048, base64.b64encode(os.urandom(200)).decode(),
              # The head of one and the proof of the other.
              token[:len(token) // 2] + theirs[len(theirs) // 2:], theirs[:len(theirs) // 2] + token[len(token) // 2:]]
    for place in range(0, len(token), max(1, len(token) // 40)):
        forged.append(token[:place] + ("A" if token[place] != "A" else "B") + token[place + 1:])
    for one in forged:
        if one in (token, theirs):
            continue
        with pytest.raises(aws.exceptions.ClientError) as caught:
            aws.send_task_success(taskToken=one, output="{}")
        assert caught.value.response["Error"]["Code"] in ("InvalidToken", "TaskDoesNotExist"), one
    assert aws.describe_execution(executionArn=arn)["status"] == aws.describe_execution(executionArn=other)["status"] == "RUNNING"
    with pytest.raises(aws.exceptions.InvalidOutput):
        aws.send_task_success(taskToken=token, output="{")
    aws.send_task_success(taskToken=token, output='"now"')
    assert ended(aws, arn)["output"] == '"now"'
    aws.send_task_failure(taskToken=theirs)
    assert ended(aws, other)["status"] == "FAILED"


def test_many_answers_to_one_token_count_once(server):
    aws = client(server.port)
    arn, token = a_token(server, aws, make(aws, "t", TOKEN), "one")

    def answer(number):
        try:
            client(server.port).send_task_success(taskToken=token, output=str(number))
            return number
        except aws.exceptions.ClientError as error:
            assert error.response["Error"]["Code"] == "TaskTimedOut"

    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        taken = [number for number in pool.map(answer, range(8)) if number is not None]
    output = json.loads(ended(aws, arn)["output"])
    assert output in taken
    history = aws.get_execution_history(executionArn=arn)["events"]
    assert [event["type"] for event in history].count("TaskSucceeded") == 1


def test_workers_that_wait_get_each_task_once(server):
    aws = client(server.port)
    activity = aws.create_activity(name="work")["activityArn"]
    machine = make(aws, "a", {"StartAt": "T", "States": {"T": {"Type": "Task", "Resource": activity, "HeartbeatSeconds": 60, "End": True}}})

    def work(name):
        mine, done = client(server.port), []
        while len(done) < 40:
            task = mine.get_activity_task(activityArn=activity, workerName=name)
            value = json.loads(task["input"])
            if value == "stop":
                mine.send_task_success(taskToken=task["taskToken"], output='"stopped"')
                return done
            mine.send_task_heartbeat(taskToken=task["taskToken"])
            mine.send_task_success(taskToken=task["taskToken"], output=json.dumps(value * 2))
            done.append(value)
        return done

    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        # The workers are there first: their long polls wait.
        workers = [pool.submit(work, f"w{number}") for number in range(4)]
        time.sleep(0.2)
        arns = [aws.start_execution(stateMachineArn=machine, name=f"n{number}", input=str(number))["executionArn"] for number in range(20)]
        assert [json.loads(ended(aws, arn)["output"]) for arn in arns] == [number * 2 for number in range(20)]
        for _ in workers:
            aws.start_execution(stateMachineArn=machine, input='"stop"')
        assert sorted(value for worker in workers for value in worker.result()) == list(range(20))
    events = aws.get_execution_history(executionArn=arns[0])["events"]
    assert [event["type"] for event in events] == [
        "ExecutionStarted", "TaskStateEntered", "ActivityScheduled", "ActivityStarted", "ActivitySucceeded", "TaskStateExited", "ExecutionSucceeded"]
    assert events[3]["activityStartedEventDetails"]["workerName"].startswith("w")


def test_an_alias_routes_by_weight_and_moves(server):
    aws = client(server.port)

    def version(text):
        return {"StartAt": "P", "States": {"P": {"Type": "Pass", "Result": text, "End": True}}}

    made = aws.create_state_machine(name="v", definition=json.dumps(version("one")), roleArn=ROLE, publish=True)
    machine, first = made["stateMachineArn"], made["stateMachineVersionArn"]
    second = aws.update_state_machine(stateMachineArn=machine, definition=json.dumps(version("two")), publish=True)["stateMachineVersionArn"]
    alias = aws.create_state_machine_alias(name="PROD", routingConfiguration=[{"stateMachineVersionArn": first, "weight": 100}])["stateMachineAliasArn"]

    def outputs(arn, count):
        arns = [aws.start_execution(stateMachineArn=arn)["executionArn"] for _ in range(count)]
        return [(found := ended(aws, one), json.loads(found["output"]))[1] for one in arns]

    assert outputs(alias, 5) == ["one"] * 5 and outputs(second, 2) == ["two"] * 2 and outputs(machine, 2) == ["two"] * 2
    aws.update_state_machine_alias(stateMachineAliasArn=alias, routingConfiguration=[
        {"stateMachineVersionArn": first, "weight": 50}, {"stateMachineVersionArn": second, "weight": 50}])
    both = outputs(alias, 60)
    assert 10 < both.count("one") < 50 and both.count("one") + both.count("two") == 60
    aws.update_state_machine_alias(stateMachineAliasArn=alias, routingConfiguration=[{"stateMachineVersionArn": second, "weight": 100}])
    assert outputs(alias, 5) == ["two"] * 5
    listed = aws.list_executions(stateMachineArn=alias)["executions"]
    assert len(listed) == 70 and {one["stateMachineAliasArn"] for one in listed} == {alias}
    with pytest.raises(aws.exceptions.ConflictException):
        aws.delete_state_machine_version(stateMachineVersionArn=second)
    aws.delete_state_machine_version(stateMachineVersionArn=first)


def test_an_express_machine_answers_at_once(server):
    aws = client(server.port)
    doubled = {"StartAt": "P", "QueryLanguage": "JSONata", "States": {"P": {"Type": "Pass", "Output": "{% $states.input.n * 2 %}", "End": True}}}
    express = make(aws, "e", doubled, type="EXPRESS")
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda n: client(server.port).start_sync_execution(stateMachineArn=express, input=json.dumps({"n": n})), range(12)))
    assert [json.loads(answer["output"]) for answer in answers] == [n * 2 for n in range(12)]
    assert all(answer["status"] == "SUCCEEDED" and answer["billingDetails"]["billedDurationInMilliseconds"] >= 100 for answer in answers)
    failed = aws.start_sync_execution(stateMachineArn=make(aws, "f", {"StartAt": "F", "States": {"F": {"Type": "Fail", "Error": "No"}}}, type="EXPRESS"))
    assert (failed["status"], failed["error"]) == ("FAILED", "No")
    with pytest.raises(aws.exceptions.StateMachineTypeNotSupported):
        aws.start_sync_execution(stateMachineArn=make(aws, "s", doubled))

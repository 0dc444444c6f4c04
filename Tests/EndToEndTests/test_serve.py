"""The Step Functions endpoint of `serve`, with boto3 and, where it is installed, the aws command."""
import json
import os
import re
import shutil
import subprocess

import boto3
import botocore.exceptions
import pytest

MACHINE = {"StartAt": "A", "States": {"A": {"Type": "Pass", "Result": {"x": 1}, "Next": "B"}, "B": {"Type": "Wait", "Seconds": 0, "End": True}}}
ROLE = "arn:aws:iam::000000000000:role/r"


@pytest.fixture
def endpoint(sfn):
    server = sfn.start("serve", "--port", "0", "--store", str(sfn.folder / "serve.db"))
    line = server.stderr.readline()
    yield re.search(r"http://[^,]+", line).group()
    server.terminate()
    server.wait(timeout=30)
    server.stdout.close()
    server.stderr.close()


def client(endpoint):
    return boto3.client("stepfunctions", endpoint_url=endpoint, region_name="us-east-1", aws_access_key_id="a", aws_secret_access_key="b",
                        config=boto3.session.Config(inject_host_prefix=False, retries={"max_attempts": 0}))


def test_a_machine_runs_from_boto3(endpoint):
    sfn = client(endpoint)
    machine = sfn.create_state_machine(name="m", definition=json.dumps(MACHINE), roleArn=ROLE)["stateMachineArn"]
    started = sfn.start_execution(stateMachineArn=machine, name="one", input="{}")
    for _ in range(200):
        described = sfn.describe_execution(executionArn=started["executionArn"])
        if described["status"] != "RUNNING":
            break
    assert described["status"] == "SUCCEEDED" and json.loads(described["output"]) == {"x": 1}
    assert described["startDate"] == started["startDate"]
    pages = sfn.get_paginator("get_execution_history").paginate(executionArn=started["executionArn"], PaginationConfig={"PageSize": 2})
    events = [event for page in pages for event in page["events"]]
    assert [event["id"] for event in events] == list(range(1, len(events) + 1))
    assert events[-1]["type"] == "ExecutionSucceeded"
    with pytest.raises(sfn.exceptions.ExecutionAlreadyExists):
        sfn.start_execution(stateMachineArn=machine, name="one", input='{"other": 1}')


def test_an_error_is_the_exception_that_boto3_knows(endpoint):
    sfn = client(endpoint)
    with pytest.raises(sfn.exceptions.StateMachineDoesNotExist):
        sfn.describe_state_machine(stateMachineArn="arn:aws:states:us-east-1:000000000000:stateMachine:none")
    with pytest.raises(botocore.exceptions.ClientError) as caught:
        sfn.create_state_machine(name="m", definition="{}", roleArn=ROLE)
    assert caught.value.response["Error"]["Code"] == "InvalidDefinition"


def test_a_state_is_tested_alone(endpoint):
    answer = client(endpoint).test_state(
        definition=json.dumps({"Type": "Task", "Resource": "arn:aws:states:::sqs:sendMessage", "Parameters": {"QueueUrl": "q", "MessageBody.$": "$.b"},
                               "ResultPath": "$.sent", "End": True}),
        input='{"b": "hello"}', inspectionLevel="DEBUG", mock={"result": '{"MessageId": "1"}'})
    assert answer["status"] == "SUCCEEDED"
    assert json.loads(answer["output"]) == {"b": "hello", "sent": {"MessageId": "1"}}
    assert json.loads(answer["inspectionData"]["afterParameters"]) == {"QueueUrl": "q", "MessageBody": "hello"}


@pytest.mark.skipif(not shutil.which("aws"), reason="no aws command")
def test_the_aws_command_lists_machines(endpoint):
    client(endpoint).create_state_machine(name="m", definition=json.dumps(MACHINE), roleArn=ROLE)
    done = subprocess.run(
        ["aws", "stepfunctions", "list-state-machines", "--endpoint-url", endpoint, "--region", "us-east-1", "--output", "json"],
        capture_output=True, text=True, timeout=60, env={**os.environ, "AWS_ACCESS_KEY_ID": "a", "AWS_SECRET_ACCESS_KEY": "b"})
    assert done.returncode == 0, done.stderr
    assert [machine["name"] for machine in json.loads(done.stdout)["stateMachines"]] == ["m"]


def test_log_events_are_written_as_cloudwatch_gets_them(sfn):
    server = sfn.start("serve", "--port", "0", "--store", str(sfn.folder / "logs.db"), "--log-events", "-")
    try:
        api = client(re.search(r"http://[^,]+", server.stderr.readline()).group())
        group = "arn:aws:logs:us-east-1:123456789012:log-group:g:*"
        logging = {"level": "ALL", "includeExecutionData": True, "destinations": [{"cloudWatchLogsLogGroup": {"logGroupArn": group}}]}
        machine = api.create_state_machine(name="m", definition=json.dumps(MACHINE), roleArn=ROLE, loggingConfiguration=logging)["stateMachineArn"]
        execution = api.start_execution(stateMachineArn=machine, input="{}")["executionArn"]
        events = []
        while not events or events[-1]["type"] != "ExecutionSucceeded":
            events.append(json.loads(server.stdout.readline()))
        assert [event["id"] for event in events] == [str(number) for number in range(1, len(events) + 1)]
        assert {event["execution_arn"] for event in events} == {execution}
        assert events[1]["details"] == {"name": "A", "input": "{}", "inputDetails": {"truncated": False}}
    finally:
        server.terminate()
        server.communicate(timeout=30)


def test_the_calls_of_terraforms_state_machine(endpoint):
    """plan, create, read, update, delete of aws_sfn_state_machine (internal/service/sfn/state_machine.go)."""
    api = client(endpoint)
    definition, changed = json.dumps(MACHINE), json.dumps({**MACHINE, "Comment": "changed"})
    assert api.validate_state_machine_definition(definition=definition, type="STANDARD")["result"] == "OK"
    arn = api.create_state_machine(
        name="tf", definition=definition, roleArn=ROLE, type="STANDARD", publish=False, tags=[{"key": "k", "value": "v"}],
        loggingConfiguration={"level": "OFF", "includeExecutionData": False}, tracingConfiguration={"enabled": False},
        encryptionConfiguration={"type": "AWS_OWNED_KEY"})["stateMachineArn"]

    def read():
        described = api.describe_state_machine(stateMachineArn=arn)
        assert api.list_state_machine_versions(stateMachineArn=arn)["stateMachineVersions"] == []
        assert api.list_tags_for_resource(resourceArn=arn)["tags"] == [{"key": "k", "value": "v"}]
        return described

    first = read()
    assert first["status"] == "ACTIVE" and json.loads(first["definition"]) == MACHINE
    assert first["loggingConfiguration"] == {"level": "OFF", "includeExecutionData": False}
    assert first["tracingConfiguration"] == {"enabled": False} and first["encryptionConfiguration"] == {"type": "AWS_OWNED_KEY"}
    role = ROLE + "2"
    api.update_state_machine(
        stateMachineArn=arn, definition=changed, roleArn=role, loggingConfiguration={"level": "OFF", "includeExecutionData": False},
        tracingConfiguration={"enabled": True}, encryptionConfiguration={"type": "AWS_OWNED_KEY"}, publish=False)
    second = read()
    assert second["definition"] == changed and second["roleArn"] == role and second["tracingConfiguration"] == {"enabled": True}
    assert second["revisionId"]
    api.delete_state_machine(stateMachineArn=arn)
    with pytest.raises(api.exceptions.StateMachineDoesNotExist):
        api.describe_state_machine(stateMachineArn=arn)

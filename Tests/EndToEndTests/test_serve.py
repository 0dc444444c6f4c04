"""The Step Functions endpoint of `serve`, with boto3 and, where it is installed, the aws command."""
import json
import re

import boto3
import botocore.exceptions
import pytest

from conftest import aws_command
from test_server import ended, until

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
    with pytest.raises(sfn.exceptions.InvalidArn, match="Invalid Role Arn: 'arn:aws:iam::1:role/r'"):
        sfn.create_state_machine(name="m", definition=json.dumps(MACHINE), roleArn="arn:aws:iam::1:role/r")


def test_a_state_is_tested_alone(endpoint):
    answer = client(endpoint).test_state(
        definition=json.dumps({"Type": "Task", "Resource": "arn:aws:states:::sqs:sendMessage", "Parameters": {"QueueUrl": "q", "MessageBody.$": "$.b"},
                               "ResultPath": "$.sent", "End": True}),
        input='{"b": "hello"}', inspectionLevel="DEBUG", mock={"result": '{"MessageId": "1"}'})
    assert answer["status"] == "SUCCEEDED"
    assert json.loads(answer["output"]) == {"b": "hello", "sent": {"MessageId": "1"}}
    assert json.loads(answer["inspectionData"]["afterParameters"]) == {"QueueUrl": "q", "MessageBody": "hello"}


def test_the_aws_command_makes_starts_and_shows(endpoint):
    machine = aws_command(endpoint, "create-state-machine", "--name", "m", "--definition", json.dumps(MACHINE), "--role-arn", ROLE, "--publish")
    execution = aws_command(endpoint, "start-execution", "--state-machine-arn", machine["stateMachineVersionArn"], "--input", "{}")["executionArn"]
    ended(client(endpoint), execution)
    events = aws_command(endpoint, "get-execution-history", "--execution-arn", execution, "--page-size", "2")["events"]
    assert [event["id"] for event in events] == list(range(1, 7)) and events[-1]["type"] == "ExecutionSucceeded"
    listed = aws_command(endpoint, "list-executions", "--state-machine-arn", machine["stateMachineArn"])["executions"]
    assert [(one["executionArn"], one["stateMachineVersionArn"]) for one in listed] == [(execution, machine["stateMachineVersionArn"])]
    assert "StateMachineDoesNotExist" in aws_command(
        endpoint, "describe-state-machine", "--state-machine-arn", machine["stateMachineArn"] + "x", code=255)


def test_every_operation_of_botocores_model_answers(endpoint):
    api = client(endpoint)
    called = set()
    api.meta.events.register("after-call.sfn.*", lambda model, http_response, **_: http_response.status_code == 200 and called.add(model.name))

    # machines, versions, an alias
    machine = api.create_state_machine(name="m", definition=json.dumps(MACHINE), roleArn=ROLE, publish=True, tags=[{"key": "a", "value": "b"}])
    arn, first = machine["stateMachineArn"], machine["stateMachineVersionArn"]
    changed = api.update_state_machine(stateMachineArn=arn, definition=json.dumps({**MACHINE, "Comment": "2"}))
    second = api.publish_state_machine_version(stateMachineArn=arn, revisionId=changed["revisionId"])["stateMachineVersionArn"]
    assert [one["stateMachineVersionArn"] for one in api.list_state_machine_versions(stateMachineArn=arn)["stateMachineVersions"]] == [second, first]
    alias = api.create_state_machine_alias(
        name="live", routingConfiguration=[{"stateMachineVersionArn": first, "weight": 100}])["stateMachineAliasArn"]
    api.update_state_machine_alias(stateMachineAliasArn=alias, routingConfiguration=[{"stateMachineVersionArn": second, "weight": 100}])
    assert api.describe_state_machine_alias(stateMachineAliasArn=alias)["routingConfiguration"] == [{"stateMachineVersionArn": second, "weight": 100}]
    assert [one["stateMachineAliasArn"] for one in api.list_state_machine_aliases(stateMachineArn=arn)["stateMachineAliases"]] == [alias]
    assert json.loads(api.describe_state_machine(stateMachineArn=first)["definition"]) == MACHINE
    assert [one["name"] for one in api.list_state_machines()["stateMachines"]] == ["m"]
    assert api.validate_state_machine_definition(definition='{"StartAt": "X", "States": {}}')["result"] == "FAIL"
    api.tag_resource(resourceArn=arn, tags=[{"key": "z", "value": "1"}])
    api.untag_resource(resourceArn=arn, tagKeys=["a"])
    assert api.list_tags_for_resource(resourceArn=arn)["tags"] == [{"key": "z", "value": "1"}]

    # executions
    execution = api.start_execution(stateMachineArn=alias, name="x", input="{}")["executionArn"]
    described = ended(api, execution)
    assert (described["stateMachineVersionArn"], described["stateMachineAliasArn"]) == (second, alias)
    assert json.loads(api.describe_state_machine_for_execution(executionArn=execution)["definition"])["Comment"] == "2"
    assert api.get_execution_history(executionArn=execution, reverseOrder=True, maxResults=1)["events"][0]["type"] == "ExecutionSucceeded"
    for listed in [arn, alias, second]:
        assert [one["name"] for one in api.list_executions(stateMachineArn=listed)["executions"]] == ["x"]
    assert api.list_executions(stateMachineArn=first)["executions"] == []
    express = api.create_state_machine(name="e", type="EXPRESS", definition=json.dumps(MACHINE), roleArn=ROLE)["stateMachineArn"]
    assert json.loads(api.start_sync_execution(stateMachineArn=express)["output"]) == {"x": 1}

    # an activity: answered, failed and redriven, stopped
    activity = api.create_activity(name="act")["activityArn"]
    assert api.describe_activity(activityArn=activity)["name"] == "act" and len(api.list_activities()["activities"]) == 1
    task = {"StartAt": "T", "States": {"T": {"Type": "Task", "Resource": activity, "HeartbeatSeconds": 60, "End": True}}}
    worked = api.create_state_machine(name="t", definition=json.dumps(task), roleArn=ROLE)["stateMachineArn"]
    redriven = api.start_execution(stateMachineArn=worked, name="r")["executionArn"]
    token = api.get_activity_task(activityArn=activity, workerName="w")["taskToken"]
    api.send_task_heartbeat(taskToken=token)
    api.send_task_failure(taskToken=token, error="Bad", cause="once")
    assert ended(api, redriven)["redriveStatus"] == "REDRIVABLE"
    at = api.redrive_execution(executionArn=redriven, clientToken="once")["redriveDate"]
    assert api.redrive_execution(executionArn=redriven, clientToken="once")["redriveDate"] == at
    with pytest.raises(api.exceptions.ExecutionNotRedrivable):
        api.redrive_execution(executionArn=redriven, clientToken="twice")
    api.send_task_success(taskToken=api.get_activity_task(activityArn=activity)["taskToken"], output='{"r": 1}')
    described = ended(api, redriven)
    assert (described["status"], described["redriveCount"], described["redriveDate"]) == ("SUCCEEDED", 1, at)
    assert json.loads(described["output"]) == {"r": 1}
    stopped = api.start_execution(stateMachineArn=worked, name="s")["executionArn"]
    api.stop_execution(executionArn=stopped, error="E", cause="C")
    assert ended(api, stopped)["error"] == "E"
    api.delete_activity(activityArn=activity)

    # a map run, a state alone
    inner = {"ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"}, "StartAt": "W", "States": {"W": {"Type": "Wait", "Seconds": 60, "End": True}}}
    spread = {"StartAt": "M", "States": {"M": {"Type": "Map", "ItemProcessor": inner, "MaxConcurrency": 1, "End": True}}}
    mapped = api.create_state_machine(name="d", definition=json.dumps(spread), roleArn=ROLE)["stateMachineArn"]
    execution = api.start_execution(stateMachineArn=mapped, input="[1, 2]")["executionArn"]
    run = until(lambda: api.list_map_runs(executionArn=execution)["mapRuns"])[0]["mapRunArn"]
    api.update_map_run(mapRunArn=run, maxConcurrency=2)
    assert api.describe_map_run(mapRunArn=run)["maxConcurrency"] == 2
    until(lambda: len(api.list_executions(mapRunArn=run, statusFilter="RUNNING")["executions"]) == 2)
    api.stop_execution(executionArn=execution)
    assert api.test_state(definition=json.dumps(MACHINE["States"]["A"]), roleArn=ROLE, input="{}")["nextState"] == "B"

    # the end of it all
    with pytest.raises(api.exceptions.ConflictException):
        api.delete_state_machine_version(stateMachineVersionArn=second)
    api.delete_state_machine_alias(stateMachineAliasArn=alias)
    api.delete_state_machine_version(stateMachineVersionArn=second)
    api.delete_state_machine(stateMachineArn=arn)
    assert called == set(api.meta.service_model.operation_names) and len(called) >= 37


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

"""Where another server (moto) stands in for AWS's services: status events on a bus, answers as AWS gives them."""
import json
import subprocess
import sys

import boto3
import pytest

from conftest import moto_server
from test_protocol import ROLE, Server
from test_server import FAIL, PASS, client, ended, make

KEYS = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"}


@pytest.fixture(scope="module")
def moto():
    with moto_server() as url:
        yield url


def there(moto, service):
    return boto3.client(service, endpoint_url=moto, region_name="us-east-1", aws_access_key_id="test", aws_secret_access_key="test")


def received(queue, url, count):
    found = []
    for _ in range(60):
        for message in queue.receive_message(QueueUrl=url, WaitTimeSeconds=1, MaxNumberOfMessages=10).get("Messages", []):
            found.append(json.loads(message["Body"]))
            queue.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
        if len(found) >= count:
            return found
    return found


def test_rules_of_a_bus_see_each_change_of_status(sfn, moto):
    sfn.environment.update({**KEYS, "AWS_ENDPOINT_URL": moto})
    bus = "arn:aws:events:us-east-1:123456789012:event-bus/default"
    queue, events = there(moto, "sqs"), there(moto, "events")
    url = queue.create_queue(QueueName="status")["QueueUrl"]
    target = queue.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    server = Server(sfn, "--events", bus)
    try:
        aws = client(server.port)
        machine = make(aws, "bad", FAIL, publish=True)
        pattern = {"source": ["aws.states"], "detail": {"stateMachineArn": [machine], "status": ["FAILED"]}}
        events.put_rule(Name="failures", EventPattern=json.dumps(pattern))
        events.put_targets(Rule="failures", Targets=[{"Id": "q", "Arn": target}])
        ended(aws, aws.start_execution(stateMachineArn=make(aws, "good", PASS))["executionArn"])
        version = aws.list_state_machine_versions(stateMachineArn=machine)["stateMachineVersions"][0]["stateMachineVersionArn"]
        execution = aws.start_execution(stateMachineArn=version, input='{"a": 1}')["executionArn"]
        event, = received(queue, url, 1)
        assert event["detail-type"] == "Step Functions Execution Status Change" and event["resources"] == [execution]
        detail = event["detail"]
        assert (detail["status"], detail["error"], json.loads(detail["input"])) == ("FAILED", "Broken", {"a": 1})
        assert (detail["stateMachineVersionArn"], detail["stateMachineAliasArn"]) == (version, None)
        assert (detail["redriveCount"], detail["redriveDate"], detail["redriveStatus"], detail["redriveStatusReason"]) == (0, None, "REDRIVABLE", None)
        # Express executions tell no bus.
        express = make(aws, "e", PASS, type="EXPRESS")
        events.put_rule(Name="express", EventPattern=json.dumps({"detail": {"stateMachineArn": [express]}}))
        events.put_targets(Rule="express", Targets=[{"Id": "q", "Arn": target}])
        aws.start_sync_execution(stateMachineArn=express)
        ended(aws, aws.start_execution(stateMachineArn=version)["executionArn"])
        assert [one["detail"]["stateMachineArn"] for one in received(queue, url, 1)] == [machine]
    finally:
        server.end()


def test_a_bus_that_nobody_serves_is_refused_at_the_start(sfn):
    refused = sfn("serve", "--port", "0", "--events", "arn:aws:events:us-east-1:123456789012:event-bus/default", code=64)
    assert "there is no EventBridge" in refused.stderr


def test_a_fifo_topic_answers_as_awss(sfn, moto):
    sfn.environment.update({**KEYS, "AWS_ENDPOINT_URL": moto})
    topic = there(moto, "sns").create_topic(Name="t.fifo", Attributes={"FifoTopic": "true", "ContentBasedDeduplication": "true"})["TopicArn"]
    server = Server(sfn)
    try:
        aws = client(server.port)
        publish = {"StartAt": "P", "States": {"P": {"Type": "Task", "Resource": "arn:aws:states:::sns:publish", "Parameters": {
            "TopicArn": topic, "Message": "hello", "MessageGroupId": "g"}, "End": True}}}
        good = json.loads(ended(aws, aws.start_execution(stateMachineArn=make(aws, "good", publish))["executionArn"])["output"])
        assert len(good["SequenceNumber"]) == 20 and good["SequenceNumber"].isdigit() and good["MessageId"]
        del publish["States"]["P"]["Parameters"]["MessageGroupId"]
        bad = ended(aws, aws.start_execution(stateMachineArn=make(aws, "bad", publish))["executionArn"])
        assert bad["error"] == "SNS.InvalidParameterException"
        assert bad["cause"].startswith("Invalid parameter: The MessageGroupId parameter is required for FIFO topics (Service: AmazonSNS; Status Code: 400;")
    finally:
        server.end()

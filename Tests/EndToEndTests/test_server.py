"""What surrounds the API of `serve`: health, metrics, status events, credentials, the gentle stop, the hard end."""
import http.client
import http.server
import json
import os
import re
import signal
import socket
import subprocess
import threading
import time

import boto3
import botocore.exceptions
import pytest

from conftest import ROOT, PROGRAM
from test_protocol import ROLE, Server

PASS = {"StartAt": "P", "States": {"P": {"Type": "Pass", "End": True}}}
FAIL = {"StartAt": "F", "States": {"F": {"Type": "Fail", "Error": "Broken", "Cause": "on purpose"}}}
WAIT = {"StartAt": "W", "States": {"W": {"Type": "Wait", "Seconds": 1, "Next": "P"}, "P": {"Type": "Pass", "End": True}}}


def client(port, key="a", secret="b"):
    return boto3.client("stepfunctions", endpoint_url=f"http://127.0.0.1:{port}", region_name="us-east-1", aws_access_key_id=key,
                        aws_secret_access_key=secret,
                        config=boto3.session.Config(inject_host_prefix=False, retries={"max_attempts": 0}, read_timeout=90))


def get(port, path, headers={}):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    connection.request("GET", path, headers=headers)
    answer = connection.getresponse()
    text = answer.read().decode()
    connection.close()
    return answer.status, text


def until(what, seconds=20):
    deadline = time.monotonic() + seconds
    while not (found := what()):
        assert time.monotonic() < deadline, "it never came"
        time.sleep(0.02)
    return found


def make(sfn, name, definition, **more):
    return sfn.create_state_machine(name=name, definition=json.dumps(definition), roleArn=ROLE, **more)["stateMachineArn"]


def ended(sfn, arn):
    return until(lambda: (found := sfn.describe_execution(executionArn=arn))["status"] != "RUNNING" and found)


def test_health_and_metrics_tell_what_has_happened(sfn):
    server = Server(sfn)
    try:
        aws = client(server.port)
        good, bad = make(aws, "good", PASS), make(aws, "bad", FAIL)
        for _ in range(3):
            ended(aws, aws.start_execution(stateMachineArn=good)["executionArn"])
        ended(aws, aws.start_execution(stateMachineArn=bad)["executionArn"])
        assert get(server.port, "/healthz") == (200, '{"status":"ok"}')
        status, text = get(server.port, "/metrics")
        figures = dict(line.rsplit(" ", 1) for line in text.splitlines() if not line.startswith("#"))
        assert status == 200
        assert figures['sfn_executions_started_total{state_machine="good"}'] == "3"
        assert figures['sfn_executions_ended_total{state_machine="good",status="SUCCEEDED"}'] == "3"
        assert figures['sfn_executions_started_total{state_machine="bad"}'] == "1"
        assert figures['sfn_executions_ended_total{state_machine="bad",status="FAILED"}'] == "1"
        assert int(figures["sfn_transitions_total"]) == 3
        assert int(figures["sfn_commit_seconds_count"]) >= 4 and float(figures["sfn_commit_seconds_sum"]) > 0
        assert figures['sfn_commit_seconds_bucket{le="+Inf"}'] == figures["sfn_commit_seconds_count"]
        assert figures["sfn_executions_live"] == "0" and "sfn_tasks_waiting" in figures and "sfn_engine_messages_waiting" in figures
    finally:
        server.end()


def test_each_change_of_status_is_a_line_in_the_events_file(sfn):
    events = sfn.folder / "events.jsonl"
    server = Server(sfn, "--events", str(events))
    aws = client(server.port)
    arn = aws.start_execution(stateMachineArn=make(aws, "bad", FAIL), name="x", input='{"a": 1}')["executionArn"]
    ended(aws, arn)
    server.end()
    lines = [json.loads(line) for line in events.read_text().splitlines()]
    assert [line["detail"]["status"] for line in lines] == ["RUNNING", "FAILED"]
    for line in lines:
        assert line["source"] == "aws.states" and line["detail-type"] == "Step Functions Execution Status Change"
        assert line["resources"] == [arn] and line["detail"]["name"] == "x" and json.loads(line["detail"]["input"]) == {"a": 1}
    assert lines[0]["detail"]["stopDate"] is None and lines[0]["detail"]["error"] is None
    assert lines[1]["detail"]["error"] == "Broken" and lines[1]["detail"]["stopDate"] >= lines[1]["detail"]["startDate"]


def test_a_webhook_that_fails_at_first_gets_each_event_once_and_in_order(sfn):
    got, refusals = [], [503, 500]

    class Hook(http.server.BaseHTTPRequestHandler):
        def do_POST(self):
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            status = refusals.pop() if refusals else 200
            if status == 200:
                got.append((body["detail"]["name"], body["detail"]["status"]))
            self.send_response(status)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_):
            pass

    hook = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Hook)
    threading.Thread(target=hook.serve_forever, daemon=True).start()
    server = Server(sfn, "--events", f"http://127.0.0.1:{hook.server_port}/hook")
    try:
        aws = client(server.port)
        machine = make(aws, "m", PASS)
        names = [f"n{number}" for number in range(10)]
        for name in names:
            aws.start_execution(stateMachineArn=machine, name=name)
        until(lambda: len(got) == 20)
        assert got == [(name, status) for name in names for status in ("RUNNING", "SUCCEEDED")]
        assert "sfn_status_events_sent_total 20" in get(server.port, "/metrics")[1]
    finally:
        server.end()
        hook.shutdown()
        hook.server_close()


def test_a_webhook_that_never_answers_holds_nothing_up(sfn):
    with socket.create_server(("127.0.0.1", 0)) as silent:
        server = Server(sfn, "--events", f"http://127.0.0.1:{silent.getsockname()[1]}/")
        aws = client(server.port)
        machine = make(aws, "m", PASS)
        for number in range(50):
            aws.start_execution(stateMachineArn=machine, name=f"n{number}")
        until(lambda: len(aws.list_executions(stateMachineArn=machine, statusFilter="SUCCEEDED")["executions"]) == 50)
        assert int(re.search(r"sfn_status_events_waiting (\d+)", get(server.port, "/metrics")[1])[1]) >= 99
        began = time.monotonic()
        server.end()
        assert time.monotonic() - began < 15


def test_another_address_than_loopback_needs_credentials(sfn):
    refused = sfn("serve", "--host", "0.0.0.0", "--port", "0", code=64)
    assert "--token or --key" in refused.stderr


def test_only_signed_and_unchanged_requests_pass_where_keys_are_set(sfn):
    server = Server(sfn, "--host", "0.0.0.0", "--key", "AKID:topsecret", "--token", "letmein")
    try:
        good = client(server.port, "AKID", "topsecret")
        make(good, "m", PASS)
        assert [machine["name"] for machine in good.list_state_machines()["stateMachines"]] == ["m"]
        for wrong in [client(server.port, "AKID", "guess"), client(server.port, "OTHER", "topsecret")]:
            with pytest.raises(botocore.exceptions.ClientError) as caught:
                wrong.list_state_machines()
            assert caught.value.response["Error"]["Code"] in ("InvalidSignatureException", "AccessDeniedException")
            assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 403
        # A signature of one operation is none of another, and none of another body.
        signed = {}
        good.meta.events.register("before-send.sfn.*", lambda request, **_: signed.update(headers=dict(request.headers), body=request.body) or None)
        good.list_activities()
        headers = {name: value.decode() if isinstance(value, bytes) else value for name, value in signed["headers"].items() if name.lower() != "content-length"}
        assert server.call("ListActivities", signed["body"], headers)[0] == 200
        assert server.call("ListActivities", b'{"maxResults": 1}', headers)[1]["__type"] == "InvalidSignatureException"
        headers["X-Amz-Target"] = "AWSStepFunctions.ListStateMachines"
        assert server.call("ListStateMachines", signed["body"], headers)[1]["__type"] == "InvalidSignatureException"
        # No credentials, a bearer token, a wrong one; the metrics are not for everybody either.
        assert server.call("ListActivities", {})[0] == 403
        assert server.call("ListActivities", {}, {"Authorization": "Bearer letmein"})[0] == 200
        assert server.call("ListActivities", {}, {"Authorization": "Bearer letmeim"})[0] == 403
        assert get(server.port, "/metrics")[0] == 403
        assert get(server.port, "/metrics", {"Authorization": "Bearer letmein"})[0] == 200
        assert get(server.port, "/healthz")[0] == 200
    finally:
        server.end()


def test_sigterm_leaves_running_tasks_to_be_resumed(sfn):
    """A task and a wait are running; the next server runs the task again and both end."""
    sfn.write("handlers.py", "import os, time\n\ndef work(event, context):\n    open('ran', 'a').write('x')\n"
              "    if not os.path.exists('quick'):\n        time.sleep(60)\n    return {'done': event['n']}\n")
    sfn.write("sfn-run.json", {"functions": {"work": "handlers.py:work"}})
    task = {"StartAt": "T", "States": {"T": {"Type": "Task", "Resource": "arn:aws:lambda:us-east-1:123456789012:function:work", "End": True}}}
    server = Server(sfn, "--config", str(sfn.folder / "sfn-run.json"))
    aws = client(server.port)
    running = aws.start_execution(stateMachineArn=make(aws, "t", task), name="t", input='{"n": 5}')["executionArn"]
    waiting = aws.start_execution(stateMachineArn=make(aws, "w", WAIT), name="w")["executionArn"]
    until(lambda: (sfn.folder / "ran").exists())
    # Long polls are answered, not cut off.
    idle = aws.create_activity(name="idle")["activityArn"]
    polls = []
    poll = threading.Thread(target=lambda: polls.append(
        client(server.port).get_activity_task(activityArn=idle)))
    poll.start()
    until(lambda: "sfn_activity_workers_waiting 1" in get(server.port, "/metrics")[1])
    began = time.monotonic()
    assert "running tasks are left" in server.end()
    assert time.monotonic() - began < 8
    poll.join(timeout=10)
    assert len(polls) == 1 and "taskToken" not in polls[0]
    sfn.write("quick", "")
    server = Server(sfn, "--config", str(sfn.folder / "sfn-run.json"))
    try:
        aws = client(server.port)
        assert json.loads(ended(aws, running)["output"]) == {"done": 5}
        assert ended(aws, waiting)["status"] == "SUCCEEDED"
        assert (sfn.folder / "ran").read_text() == "xx"
    finally:
        server.end()


def test_nothing_answered_is_lost_when_the_server_is_killed_under_load():
    """`scripts/torture-server --kills N` is the long form."""
    done = subprocess.run([str(ROOT / "scripts/torture-server"), "--kills", "3", "--seconds", "0.4"], capture_output=True, text=True, timeout=120,
                          env={**os.environ, "SFN_RUN": str(PROGRAM)})
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.splitlines()[-1] == "3 kills: 0 lost, 0 repeated"


def test_many_starts_from_eight_clients_are_all_there():
    """`scripts/bench-starts` is the long form: 10,000, beside moto."""
    done = subprocess.run([str(ROOT / "scripts/bench-starts"), "--starts", "504", "--targets", "sfn-run"], capture_output=True, text=True,
                          timeout=120, env={**os.environ, "SFN_RUN": str(PROGRAM)})
    assert done.returncode == 0, done.stdout + done.stderr
    assert re.search(r"sfn-run\s+504\s+0 ", done.stdout), done.stdout

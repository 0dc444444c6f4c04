"""The protocol layer of `serve` over its socket: whatever a client sends is answered in AWS's shape, or closed upon; nothing traps."""
import http.client
import json
import pathlib
import random
import re
import socket
import time

import botocore.loaders
import botocore.model
import pytest

MACHINE = {"StartAt": "W", "States": {"W": {"Type": "Wait", "Seconds": 3600, "End": True}}}
ROLE = "arn:aws:iam::000000000000:role/r"


class Server:
    """A server of this test, and raw ways to talk to it."""

    def __init__(self, sfn, *arguments):
        self.process = sfn.start("serve", "--port", "0", "--store", str(sfn.folder / "serve.db"), *arguments)
        self.port = int(re.search(r"listening on http://[^:]+:(\d+)", self.process.stderr.readline()).group(1))
        self.kept = None

    def call(self, operation, body, headers=None, target="AWSStepFunctions."):
        """Status and answer of one call on a connection that is kept."""
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        if self.kept is None:
            self.kept = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        self.kept.request("POST", "/", data, {"X-Amz-Target": target + operation, "Content-Type": "application/x-amz-json-1.0", **(headers or {})})
        answer = self.kept.getresponse()
        text = answer.read()
        assert answer.headers["Content-Type"] == "application/x-amz-json-1.0"
        return answer.status, json.loads(text)

    def raw(self, data, timeout=10, pause=None):
        """Everything that comes back for these bytes until the server closes or is silent."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=timeout) as connection:
            pieces = data if isinstance(data, list) else [data]
            try:
                for piece in pieces:
                    connection.sendall(piece)
                    if pause:
                        time.sleep(pause)
                got = b""
                while more := connection.recv(65536):
                    got += more
                    if b"\r\n\r\n" in got and len(got.split(b"\r\n\r\n", 1)[1]) >= int((re.search(rb"(?i)content-length: (\d+)", got) or [0, b"0"])[1]):
                        return got
                return got
            except (ConnectionResetError, BrokenPipeError):
                return got if "got" in locals() else b""

    def resident(self):
        return int(re.search(r"VmRSS:\s+(\d+)", pathlib.Path(f"/proc/{self.process.pid}/status").read_text())[1]) * 1024

    def end(self):
        if self.kept:
            self.kept.close()
        self.process.terminate()
        code = self.process.wait(timeout=30)
        rest = self.process.stderr.read()
        self.process.stdout.close()
        self.process.stderr.close()
        assert code == 0, rest
        return rest


@pytest.fixture
def server(sfn):
    server = Server(sfn)
    yield server
    server.end()


def is_error(status, answer):
    return 400 <= status < 500 and isinstance(answer.get("__type"), str) and answer["__type"] and "message" in answer


def shaped(answer):
    """The status of a raw answer whose body is an error as AWS writes it."""
    head, body = answer.split(b"\r\n\r\n", 1)
    assert {"__type", "message"} <= set(json.loads(body)), answer
    return int(head.split(b" ")[1])


def start_one(server, name="m"):
    _, machine = server.call("CreateStateMachine", {"name": name, "definition": json.dumps(MACHINE), "roleArn": ROLE})
    _, started = server.call("StartExecution", {"stateMachineArn": machine["stateMachineArn"], "name": "one"})
    return started["executionArn"]


def still_runs(server, arn):
    status, described = server.call("DescribeExecution", {"executionArn": arn})
    assert status == 200 and described["status"] == "RUNNING"


def valid(shape, depth=0):
    """A value of the type that the model asks for."""
    match shape.type_name:
        case "structure":
            return {name: valid(member, depth + 1) for name, member in shape.members.items() if depth < 3}
        case "list":
            return [valid(shape.member, depth + 1)]
        case "map":
            return {"k": valid(shape.value, depth + 1)}
        case "boolean":
            return False
        case "integer" | "long" | "float" | "double":
            return shape.metadata.get("min", 1)
        case _:
            return shape.enum[0] if getattr(shape, "enum", None) else "x"


def misfits(shape):
    """Values of every type but the model's, and some that break its limits."""
    values = [None, True, 0, -1, 1.5, 10**30, "", "x", "\ud83d\ude00", "a" * 2000, [], [1], [[]], {}, {"x": {"y": 1}}]
    if shape.type_name == "string":
        values += ["arn:aws:states:us-east-1:123456789012:stateMachine:m", "arn:aws:states:us-east-1:000000000000:execution:m:one:", "{", "\u0000"]
    return values


def places(shape, path=()):
    """Every member of a structure, and the members of those."""
    for name, member in shape.members.items():
        yield (*path, name), member
        inner = member.member if member.type_name == "list" else member
        step = (0,) if member.type_name == "list" else ()
        if inner.type_name == "structure" and len(path) < 4:
            yield from places(inner, (*path, name, *step))


def with_value(body, path, value):
    copy = json.loads(json.dumps(body))
    place = copy
    for step in path[:-1]:
        if isinstance(place, dict):
            place = place.setdefault(step, {})
        else:
            place = place[step]
    place[path[-1]] = value
    return copy


def broken_limits(shape):
    """A value for each limit of a member that breaks it, and what AWS says of it."""
    limits = shape.metadata
    if shape.type_name == "string":
        if limits.get("min"):
            yield "", f"Member must have length greater than or equal to {limits['min']}"
        if limits.get("max"):
            yield "x" * (limits["max"] + 1), f"Member must have length less than or equal to {limits['max']}"
        if getattr(shape, "enum", None):
            yield "NOTHING", "Member must satisfy enum value set: ["
        if limits.get("pattern"):
            yield "\u00e4 ", f"Member must satisfy regular expression pattern: {limits['pattern']}"
    if shape.type_name in ("integer", "long", "float"):
        if "min" in limits:
            yield limits["min"] - 1, f"Member must have value greater than or equal to {limits['min']}"
        if "max" in limits:
            yield limits["max"] + 1, f"Member must have value less than or equal to {limits['max']}"


def test_each_limit_of_the_model_is_refused_in_awss_words(server):
    """All that is wrong at once, each with its member; the values of sensitive members are not repeated."""
    model = botocore.model.ServiceModel(botocore.loaders.Loader().load_service_model("stepfunctions", "service-2"))
    tried = 0
    for name in model.operation_names:
        shape = model.operation_model(name).input_shape
        required = shape.required_members
        status, answer = server.call(name, {}) if required else (400, {"message": ""})
        assert status == 400
        for member in required:
            assert f"Value null at '{member}' failed to satisfy constraint: Member must not be null" in answer["message"]
        for member, inner in shape.members.items():
            for value, said in broken_limits(inner):
                status, answer = server.call(name, {member: value})
                subject = f"Value at '{member}'" if inner.metadata.get("sensitive") else f"Value '{value}' at '{member}'"
                problems = answer["message"].count("failed to satisfy constraint")
                beginning = "1 validation error detected: " if problems == 1 else f"{problems} validation errors detected: "
                assert (status, answer["__type"]) == (400, "ValidationException"), (name, member)
                assert answer["message"].startswith(beginning) and f"{subject} failed to satisfy constraint: {said}" in answer["message"]
                assert problems >= len([one for one in required if one != member]) + 1
                tried += 1
    assert tried > 100


def test_a_wrong_value_for_any_member_is_answered_in_awss_shape(server):
    """Generated from botocore's model: every member of every operation, nested ones too."""
    model = botocore.model.ServiceModel(botocore.loaders.Loader().load_service_model("stepfunctions", "service-2"))
    assert len(model.operation_names) == 37
    # The values name the machine m, and one call deletes it with its execution.
    start_one(server)
    arn = start_one(server, "kept")
    calls = 0
    for operation in model.operation_names:
        shape = model.operation_model(operation).input_shape
        whole = valid(shape)
        for path, member in places(shape):
            for value in misfits(member):
                status, answer = server.call(operation, with_value(whole, path, value))
                calls += 1
                assert status == 200 or is_error(status, answer), (operation, path, value, status, answer)
    assert calls > 2000
    still_runs(server, arn)


def test_what_is_no_json_object_is_a_serialization_exception(server):
    arn = start_one(server)
    dice = random.Random(7)
    good = json.dumps({"executionArn": arn}).encode()
    bodies = [b"{", b"[]", b"1", b"null", b'"x"', b"{]", b'{"a":}', b"\xff\xfe", b"{\"a\":\"\xed\xa0\x80\"}", b"[" * 100_000, b'{"a":' * 5_000 + b"1" + b"}" * 5_000,
              b'{"executionArn": 1e999999999}', b"{}{}", b"\0" * 50]
    bodies += [good[:cut] for cut in range(1, len(good), 7)]
    for _ in range(300):
        flipped = bytearray(good)
        for _ in range(dice.randrange(1, 4)):
            flipped[dice.randrange(len(flipped))] = dice.randrange(256)
        bodies.append(bytes(flipped))
    for body in bodies:
        status, answer = server.call("DescribeExecution", body)
        assert status == 200 or is_error(status, answer), (body[:80], status, answer)
    for body in bodies[:10]:
        assert server.call("DescribeExecution", body)[1]["__type"] == "SerializationException", body[:80]
    still_runs(server, arn)


def test_targets_paths_and_hosts_that_are_not_ours_are_refused(server):
    for target in ["Nothing", "", "x" * 5000, "StartExecution\u00e9"]:
        status, answer = server.call(target, {})
        assert is_error(status, answer), target
    assert server.call("StartExecution", {}, target="DynamoDB_20120810.")[1]["__type"] == "UnknownOperationException"
    for path, method in [("/x", "POST"), ("/", "GET"), ("/", "OPTIONS"), ("/../../etc/passwd", "GET"), ("/", "DELETE")]:
        assert shaped(server.raw(f"{method} {path} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n".encode())) == 404
    # A page of another site that resolves to this machine (DNS rebinding).
    for host in ["evil.example", "evil.example:8083", "127.0.0.1.evil.example", "localhost.evil.example", "[::2]", "localhost@evil.example", ""]:
        assert shaped(server.raw(f"POST / HTTP/1.1\r\nHost: {host}\r\nX-Amz-Target: AWSStepFunctions.ListStateMachines\r\nContent-Length: 2\r\n\r\n{{}}".encode())) == 403
    for host in ["localhost", f"127.0.0.1:{server.port}", "sync-localhost:1", "a.localhost", "[::1]:80"]:
        answer = server.raw(f"POST / HTTP/1.1\r\nHost: {host}\r\nX-Amz-Target: AWSStepFunctions.ListStateMachines\r\nContent-Length: 2\r\n\r\n{{}}".encode())
        assert answer.startswith(b"HTTP/1.1 200"), host


def test_what_is_not_http_is_refused_or_closed_upon(server):
    arn = start_one(server)
    host = b"Host: localhost\r\n"
    for request in [
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\0" * 200, b"GET\r\n\r\n", b"POST / HTTP/9.9\r\n" + host + b"\r\n", b"\0\0\0\0\r\n\r\n",
        b"POST / HTTP/1.1\r\n" + host + b"Content-Length: -1\r\n\r\n", b"POST / HTTP/1.1\r\n" + host + b"Content-Length: 99999999999999999999999\r\n\r\n",
        b"POST / HTTP/1.1\r\n" + host + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n", b"POST / HTTP/1.1\r\n" + host + b"X: " + b"a" * 100_000 + b"\r\n\r\n",
        b"POST / HTTP/1.1\r\n" + host + b"".join(b"X%d: y\r\n" % n for n in range(500)) + b"\r\n",
        b"POST / HTTP/1.1\r\n" + host + b"Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}", b"POST /" + b"a" * 200_000 + b" HTTP/1.1\r\n\r\n",
    ]:
        answer = server.raw(request)
        assert answer == b"" or shaped(answer) in (400, 404, 413), (request[:60], answer[:200])
    still_runs(server, arn)


def test_changed_bytes_of_a_good_request_do_no_harm(server):
    """Seeded; the client ends its side, so that what waits for more ends too."""
    arn = start_one(server)
    dice = random.Random(11)
    body = json.dumps({"executionArn": arn, "maxResults": 2}).encode()
    good = (b"POST / HTTP/1.1\r\nHost: localhost\r\nX-Amz-Target: AWSStepFunctions.GetExecutionHistory\r\nContent-Type: application/x-amz-json-1.0\r\n"
            b"Content-Length: %d\r\n\r\n" % len(body)) + body
    for _ in range(600):
        data = bytearray(good)
        for _ in range(dice.choice([1, 1, 2, 8])):
            place = dice.randrange(len(data))
            match dice.randrange(4):
                case 0: data[place] = dice.randrange(256)
                case 1: del data[place:place + dice.randrange(1, 20)]
                case 2: data[place:place] = dice.choice([b"\r\n", b"\0", b": ", b"99999999999", b"{", b"\xff", data[:place]])
                case 3: data += data[place:]
            if not data:
                break
        with socket.create_connection(("127.0.0.1", server.port), timeout=10) as connection:
            try:
                connection.sendall(data)
                connection.shutdown(socket.SHUT_WR)
                while connection.recv(65536):
                    pass
            except (ConnectionResetError, BrokenPipeError, OSError):
                pass
    still_runs(server, arn)


def test_a_body_that_is_too_large_is_refused_and_one_that_ends_early_starts_nothing(server):
    arn = start_one(server)
    head = b"POST / HTTP/1.1\r\nHost: localhost\r\nX-Amz-Target: AWSStepFunctions.StartExecution\r\n"
    # Said beforehand, and only seen as it comes.
    assert shaped(server.raw(head + b"Content-Length: 3000000\r\n\r\n" + b"x" * 3_000_000)) == 413
    chunk = b"10000\r\n" + b"x" * 65536 + b"\r\n"
    assert shaped(server.raw(head + b"Transfer-Encoding: chunked\r\n\r\n" + chunk * 40)) == 413
    before = server.resident()
    machine = arn.replace(":execution:", ":stateMachine:").rsplit(":", 1)[0]
    body = json.dumps({"stateMachineArn": machine, "name": "cut"}).encode()
    for cut in range(0, len(body), 9):
        with socket.create_connection(("127.0.0.1", server.port)) as connection:
            connection.sendall(head + b"Content-Length: %d\r\n\r\n" % len(body) + body[:cut])
    status, listed = server.call("ListExecutions", {"stateMachineArn": machine})
    assert [one["name"] for one in listed["executions"]] == ["one"]
    assert server.resident() - before < 64 << 20
    still_runs(server, arn)


def test_many_idle_and_slow_clients_do_not_hold_the_server(server):
    arn = start_one(server)
    idle = []
    try:
        for number in range(400):
            connection = socket.create_connection(("127.0.0.1", server.port))
            # Some say nothing, some begin a header, some begin a body.
            connection.sendall([b"", b"POST / HT", b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000\r\n\r\n{"][number % 3])
            idle.append(connection)
        began = time.monotonic()
        for _ in range(50):
            still_runs(server, arn)
        assert time.monotonic() - began < 10
    finally:
        for connection in idle:
            connection.close()
    still_runs(server, arn)


def test_requests_in_a_row_on_one_connection_are_answered_in_order(server):
    start_one(server)
    ask = b"POST / HTTP/1.1\r\nHost: localhost\r\nX-Amz-Target: AWSStepFunctions.%s\r\nContent-Length: 2\r\n\r\n{}"
    with socket.create_connection(("127.0.0.1", server.port), timeout=10) as connection:
        connection.sendall(b"".join(ask % name for name in [b"ListStateMachines", b"ListActivities", b"Nothing"] * 20)
                           + b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        got = b""
        while more := connection.recv(65536):
            got += more
    kinds = re.findall(rb'"stateMachines"|"activities"|UnknownOperationException(?=")', got.replace(b"x-amzn-ErrorType: UnknownOperationException", b""))
    assert kinds == [b'"stateMachines"', b'"activities"', b"UnknownOperationException"] * 20

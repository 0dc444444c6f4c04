"""A transparent proxy in front of another server: everything passes, but for what a test asks of it.

  fault_proxy.py URL       prints its port, ends when its standard input ends

  PUT /-/faults            {"throttle": N, "stall": false, "lose": false, "delay": SECONDS}: from now on the first N tries of each
                           request (-1: all) are answered as its service answers when it is asked too often; or none is answered;
                           or each is sent on and its answer lost; or each is late. Forgets the log
  GET /-/log               [{"what", "body", "throttled", "passed", "statuses"}], one for each request

A request is the same one when method, target, operation and body are: a client that tries again sends it once more.
"""
import asyncio
import json
import os
import sys
import urllib.parse
import uuid

upstream = urllib.parse.urlsplit(sys.argv[1])
NONE = {"throttle": 0, "stall": False, "lose": False, "delay": 0}
faults = dict(NONE)
log = {}

# Of the services' documentation; by what they are signed for.
CODES = {
    "dynamodb": ("ProvisionedThroughputExceededException", 400), "lambda": ("TooManyRequestsException", 429), "batch": ("TooManyRequestsException", 429),
    "apigateway": ("TooManyRequestsException", 429), "athena": ("TooManyRequestsException", 400), "sqs": ("RequestThrottled", 403),
    "sns": ("Throttled", 429), "s3": ("SlowDown", 503), "ec2": ("RequestLimitExceeded", 503), "iam": ("Throttling", 400),
    "sts": ("Throttling", 400), "route53": ("Throttling", 400), "eks": ("ThrottlingException", 429), "bedrock": ("ThrottlingException", 429),
    "emr-serverless": ("ThrottlingException", 429),
}


def throttling(service, headers):
    """Status, headers and body in the shape of the protocol."""
    request = str(uuid.uuid4())
    code, status = CODES.get(service, ("ThrottlingException", 400))
    message = "Rate exceeded"
    if service is None:
        return 429, {"Content-Type": "application/json"}, json.dumps({"message": message})
    if service == "s3":
        return status, {"Content-Type": "application/xml", "x-amz-request-id": request, "x-amz-id-2": "host"}, (
            f'<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>{code}</Code><Message>Please reduce your request rate.</Message>'
            f"<RequestId>{request}</RequestId><HostId>host</HostId></Error>")
    if service == "ec2":
        return status, {"Content-Type": "text/xml;charset=UTF-8"}, (
            f'<?xml version="1.0" encoding="UTF-8"?>\n<Response><Errors><Error><Code>{code}</Code><Message>{message}</Message></Error></Errors>'
            f"<RequestID>{request}</RequestID></Response>")
    if service == "route53" or headers.get("content-type", "").startswith("application/x-www-form-urlencoded"):
        return status, {"Content-Type": "text/xml", "x-amzn-RequestId": request}, (
            f"<ErrorResponse><Error><Type>Sender</Type><Code>{code}</Code><Message>{message}</Message></Error><RequestId>{request}</RequestId></ErrorResponse>")
    if "x-amz-target" in headers:
        return status, {"Content-Type": headers.get("content-type", "application/x-amz-json-1.1"), "x-amzn-RequestId": request}, (
            json.dumps({"__type": f"com.amazonaws.{service}#{code}", "message": message}))
    return status, {"Content-Type": "application/json", "x-amzn-RequestId": request, "x-amzn-ErrorType": code + ":"}, json.dumps({"message": message})


def answer(status, headers, body):
    lines = [f"HTTP/1.1 {status} Answer", *(f"{name}: {value}" for name, value in headers.items()), f"Content-Length: {len(body.encode())}", "Connection: close"]
    return ("\r\n".join(lines) + "\r\n\r\n" + body).encode()


async def passed(head, body, entry, write):
    """Sends the request on, and gives all that comes back to `write`."""
    there, to = await asyncio.open_connection(upstream.hostname, upstream.port)
    lines = [line for line in head.split("\r\n") if line and not line.lower().startswith(("connection:", "expect:"))]
    to.write(("\r\n".join([*lines, "Connection: close"]) + "\r\n\r\n").encode("latin-1") + body)
    first = await there.readline()
    write(first)
    while piece := await there.read(65536):
        write(piece)
    to.close()
    entry["statuses"].append(int(first.split()[1]))


async def handle(reader, writer):
    try:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        method, target, _ = head.split("\r\n", 1)[0].split(" ", 2)
        headers = {name.strip().lower(): value.strip() for name, _, value in (line.partition(":") for line in head.split("\r\n")[1:] if line)}
        if "100-continue" in headers.get("expect", ""):
            writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        body = await reader.readexactly(int(headers.get("content-length", 0)))
        if target == "/-/faults":
            faults.update(NONE, **json.loads(body))
            log.clear()
            writer.write(answer(200, {}, "{}"))
            return
        if target == "/-/log":
            writer.write(answer(200, {"Content-Type": "application/json"}, json.dumps(list(log.values()))))
            return
        scope = headers.get("authorization", "").partition("Credential=")[2].split(",")[0].split("/")
        service = scope[3] if len(scope) == 5 else None
        what = headers.get("x-amz-target") or f"{method} {target}"
        entry = log.setdefault((method, target, what, body), {
            "service": service, "what": what, "body": body.decode("utf-8", "replace"), "throttled": 0, "passed": 0, "statuses": []})
        if faults["stall"]:
            await reader.read()
        elif faults["throttle"] < 0 or entry["throttled"] < faults["throttle"]:
            entry["throttled"] += 1
            writer.write(answer(*throttling(service, headers)))
        else:
            await asyncio.sleep(faults["delay"])
            entry["passed"] += 1
            pieces = []
            await passed(head, body, entry, pieces.append if faults["lose"] else writer.write)
            if pieces:
                await reader.read()
    except (asyncio.IncompleteReadError, ConnectionError):
        pass
    finally:
        writer.close()


async def main():
    server = await asyncio.start_server(handle, "127.0.0.1", 0, limit=1 << 22, backlog=1024)
    print(server.sockets[0].getsockname()[1], flush=True)
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)
    os._exit(0)


asyncio.run(main())

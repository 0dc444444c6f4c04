"""An HTTP server for tests: it echoes, misbehaves on request, and plays scripts.

Prints its port, ends when its standard input ends. `--tls FOLDER`: over TLS.

  /echo              the request as JSON
  /status/N          status N with a small body
  /bytes/N           N bytes
  /slow/SECONDS      a good answer after that time
  /stall             never answers            /stall-body   half an answer, then nothing
  /close             closes without an answer /short        announces 100 bytes, sends 10
  /flood-headers     header lines for ever    /garbage      no HTTP
  /redirect/STATUS?to=URL
  /script/KEY (PUT)  a list of answers for KEY: {status, reason, headers, body, delay, fault, repeat}
  /log/KEY           the requests that KEY has got
  /play/KEY/...      the next scripted answer (the last one stays)
Requests whose Host is KEY.script.invalid, or with the header X-Script: KEY, play KEY as well.
"""
import asyncio
import base64
import json
import sys
import urllib.parse

scripts, logs = {}, {}


async def read_request(reader):
    head = await reader.readuntil(b"\r\n\r\n")
    lines = head.decode("latin-1").split("\r\n")
    method, target, _ = lines[0].split(" ", 2)
    headers = [tuple(part.strip() for part in line.split(":", 1)) for line in lines[1:] if line]
    lower = {name.lower(): value for name, value in headers}
    body = b""
    if lower.get("transfer-encoding", "").lower() == "chunked":
        while True:
            size = int((await reader.readline()).split(b";")[0], 16)
            body += (await reader.readexactly(size + 2))[:-2]
            if size == 0:
                break
    elif "content-length" in lower:
        body = await reader.readexactly(int(lower["content-length"]))
    return method, target, headers, lower, body


def answer(status=200, headers=None, body=b"", reason=None):
    reason = reason or {200: "OK", 302: "Found", 307: "Temporary Redirect", 400: "Bad Request", 404: "Not Found",
                        429: "Too Many Requests", 500: "Internal Server Error",
                        503: "Service Unavailable"}.get(status, "Status")
    lines = [f"HTTP/1.1 {status} {reason}"]
    headers = dict(headers or {})
    headers.setdefault("Content-Length", str(len(body)))
    for name, value in headers.items():
        for one in value if isinstance(value, list) else [value]:
            lines.append(f"{name}: {one}")
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1") + body


def description(method, target, headers, body):
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError:
        text = None
    return {"method": method, "target": target, "headers": headers, "body": text,
            "bytes": base64.b64encode(body).decode()}


async def fault(name, reader, writer):
    """True when the connection is to stay open."""
    if name == "close":
        return False
    if name == "garbage":
        writer.write(b"this is no HTTP at all\r\n\r\n")
        return False
    if name == "short":
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n0123456789")
        return False
    if name == "stall":
        await reader.read()
        return False
    if name == "stall-body":
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n0123456789")
        await reader.read()
        return False
    if name == "flood-headers":
        writer.write(b"HTTP/1.1 200 OK\r\n")
        for index in range(1_000_000):
            writer.write(b"X-Flood-%d: %s\r\n" % (index, b"x" * 1000))
            await writer.drain()
        return False
    raise ValueError(name)


async def handle_one(reader, writer):
    method, target, headers, lower, body = await read_request(reader)
    path, _, query = target.partition("?")
    parts = path.split("/")[1:]
    key = lower.get("x-script")
    host = lower.get("host", "")
    if not key and host.endswith(".script.invalid"):
        key = host[: -len(".script.invalid")]
    if parts[0] == "play":
        key = parts[1]
    if key:
        logs.setdefault(key, []).append(description(method, target, headers, body))
        script = scripts.get(key) or [{}]
        step = script[0]
        step["repeat"] = step.get("repeat", 1) - 1
        if step["repeat"] < 1 and len(script) > 1:
            script.pop(0)
        if step.get("delay"):
            await asyncio.sleep(step["delay"])
        if step.get("fault"):
            return await fault(step["fault"], reader, writer)
        content = step.get("body", "")
        content = content if isinstance(content, str) else json.dumps(content)
        writer.write(answer(step.get("status", 200), step.get("headers"), content.encode(), step.get("reason")))
    elif parts[0] == "echo":
        content = json.dumps(description(method, target, headers, body)).encode()
        writer.write(answer(200, {"Content-Type": "application/json"}, b"" if method == "HEAD" else content))
    elif parts[0] == "status":
        status = int(parts[1])
        writer.write(answer(status, {"Content-Type": "text/plain"}, b"" if status in (204, 304) else b"the body"))
    elif parts[0] == "bytes":
        writer.write(answer(200, {}, b"x" * int(parts[1])))
    elif parts[0] == "slow":
        await asyncio.sleep(float(parts[1]))
        writer.write(answer(200, {}, b"late"))
    elif parts[0] == "redirect":
        to = urllib.parse.parse_qs(query)["to"][0]
        writer.write(answer(int(parts[1]), {"Location": to}, b"moved"))
    elif parts[0] == "script":
        scripts[parts[1]] = json.loads(body)
        logs[parts[1]] = []
        writer.write(answer(200, {}, b"{}"))
    elif parts[0] == "log":
        writer.write(answer(200, {}, json.dumps(logs.get(parts[1], [])).encode()))
    else:
        return await fault(parts[0], reader, writer)
    await writer.drain()
    return lower.get("connection", "").lower() != "close"


async def handle(reader, writer):
    try:
        while await handle_one(reader, writer):
            pass
    except (asyncio.IncompleteReadError, ConnectionError, asyncio.LimitOverrunError):
        pass
    finally:
        writer.close()


def tls(folder):
    """A context with a new certificate for 127.0.0.1, which is its own authority: FOLDER/certificate.pem."""
    import datetime
    import ipaddress
    import ssl
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.datetime.now(datetime.timezone.utc)
    certificate = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
        .serial_number(1).not_valid_before(now - datetime.timedelta(1)).not_valid_after(now + datetime.timedelta(1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), False)
        .sign(key, hashes.SHA256()))
    with open(folder + "/certificate.pem", "wb") as file:
        file.write(certificate.public_bytes(serialization.Encoding.PEM))
    with open(folder + "/key.pem", "wb") as file:
        file.write(key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
                                     serialization.NoEncryption()))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder + "/certificate.pem", folder + "/key.pem")
    return context


async def main():
    context = tls(sys.argv[2]) if sys.argv[1:2] == ["--tls"] else None
    server = await asyncio.start_server(handle, "127.0.0.1", 0, limit=1 << 22, backlog=2048, ssl=context)
    print(server.sockets[0].getsockname()[1], flush=True)
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)


try:
    asyncio.run(main())
except KeyboardInterrupt:
    pass
finally:
    import os
    os._exit(0)

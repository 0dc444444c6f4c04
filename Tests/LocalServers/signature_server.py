"""Recomputes with botocore the signature of each request it gets, from what arrived on the wire.

Prints its port, ends when its standard input ends. Answers {"match": bool, "got": ..., "expected": ..., "canonical": ...}.
Credentials: AKIDEXAMPLE / wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY, any session token.
"""
import http.server
import json
import os
import re
import sys
import threading

from botocore.auth import S3SigV4Auth, SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def handle_any(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        authorization = self.headers["Authorization"]
        found = re.fullmatch(
            r"AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/(\d{8})/([^/]+)/([^/]+)/aws4_request, "
            r"SignedHeaders=([^,]+), Signature=([0-9a-f]{64})", authorization)
        if not found:
            return self.answer({"match": False, "got": authorization})
        day, region, service, names, signature = found.groups()
        signed = set(names.split(";"))
        request = AWSRequest(method=self.command, url=f"http://{self.headers['Host']}{self.path}", data=body)
        for name, value in self.headers.items():
            if name.lower() in signed and name.lower() != "host":
                request.headers.add_header(name, value)
        token = self.headers.get("X-Amz-Security-Token")
        kind = S3SigV4Auth if service == "s3" else SigV4Auth
        auth = kind(Credentials("AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", token), service, region)
        request.context["timestamp"] = self.headers["X-Amz-Date"]
        request.context["payload_signing_enabled"] = True
        canonical = auth.canonical_request(request)
        expected = auth.signature(auth.string_to_sign(request, canonical), request)
        self.answer({"match": expected == signature and {"host", "x-amz-date"} <= signed
                     and ("x-amz-security-token" in signed) == bool(token),
                     "got": signature, "expected": expected, "canonical": canonical})

    do_GET = do_POST = do_PUT = do_DELETE = do_PATCH = handle_any

    def answer(self, value):
        content = json.dumps(value).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *arguments):
        pass


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
threading.Thread(target=server.serve_forever, daemon=True).start()
print(server.server_address[1], flush=True)
sys.stdin.read()
os._exit(0)

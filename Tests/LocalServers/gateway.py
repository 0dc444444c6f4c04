"""The REST APIs of moto's API Gateway, invoked: moto's server takes their definitions but answers none of their URLs.

A thread of moto's process answers `http://localhost:4566/restapis/ID/STAGE/PATH` (LocalStack's port and path; the recorded
cases name them) for methods with an integration of type AWS and a Python function from a functions file. The request
template may use `$input.json('$')` and `$input.params().querystring`. Answers have the headers of an edge-optimised API:
API Gateway's own and CloudFront's.
"""
import http.server
import importlib.util
import json
import pathlib
import threading
import urllib.parse
import uuid

from moto.apigateway.models import apigateway_backends

PORT = 4566


def serve(functions):
    """Begins to answer; False where somebody else has the port."""
    handler = type("Gateway", (Gateway,), {"functions": json.loads(pathlib.Path(functions).read_text())["functions"]})
    try:
        server = http.server.ThreadingHTTPServer(("127.0.0.1", PORT), handler)
    except OSError:
        return False
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return True


def api_with_id(name):
    for backends in apigateway_backends.values():
        for backend in backends.values():
            if name in backend.apis:
                return backend.apis[name]
    return None


class Gateway(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    functions = {}

    def answer(self):
        length = int(self.headers.get("Content-Length") or 0)
        body = self.rfile.read(length).decode()
        split = urllib.parse.urlsplit(self.path)
        _, root, name, stage, path = (split.path + "////").split("/", 4)
        api = api_with_id(name) if root == "restapis" else None
        method = api and stage in api.stages and self.method_of(api, "/" + path.rstrip("/"))
        if not method or not method.method_integration:
            return self.tell(403, json.dumps({"message": "Missing Authentication Token"}))
        integration = method.method_integration
        template = (integration.request_templates or {}).get("application/json")
        event = body or "{}"
        if template:
            query = ", ".join(f"{key}={value}" for key, value in urllib.parse.parse_qsl(split.query))
            event = template.replace("$input.json('$')", event).replace("$input.params().querystring", "{" + query + "}")
        try:
            result = self.invoke(integration.uri.split(":function:")[1].split("/")[0], json.loads(event))
        except Exception:  # noqa: BLE001 - whatever a function raises
            return self.tell(502, json.dumps({"message": "Internal server error"}))
        self.tell(200, json.dumps(result))

    def method_of(self, api, path):
        for resource in api.resources.values():
            if resource.get_path() == path:
                return resource.resource_methods.get(self.command) or resource.resource_methods.get("ANY")
        return None

    def invoke(self, name, event):
        function = self.functions[name]
        module, _, handler = function["handler"].rpartition(".")
        spec = importlib.util.spec_from_file_location(module, pathlib.Path(function["path"], module + ".py"))
        code = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(code)
        return getattr(code, handler)(event, None)

    def tell(self, status, text):
        self.send_response_only(status)
        trace = f"Root=1-{uuid.uuid4().hex[:8]}-{uuid.uuid4().hex[:24]}"
        cloudfront = f"{uuid.uuid4().hex[:14]}.cloudfront.net"
        headers = {
            "Content-Type": "application/json", "Content-Length": str(len(text.encode())), "Connection": "keep-alive",
            "Date": self.date_time_string(), "x-amzn-RequestId": str(uuid.uuid4()), "x-amz-apigw-id": uuid.uuid4().hex[:16],
            "X-Amzn-Trace-Id": trace, "X-Cache": "Miss from cloudfront", "Via": f"1.1 {cloudfront} (CloudFront)", "X-Amz-Cf-Pop": "IAD12-P3",
            "X-Amz-Cf-Id": uuid.uuid4().hex,
        }
        for key, value in headers.items():
            self.send_header(key, value)
        self.end_headers()
        self.wfile.write(text.encode())

    do_GET = do_POST = do_PUT = do_DELETE = do_PATCH = do_HEAD = do_OPTIONS = answer

    def log_message(self, *_):
        pass

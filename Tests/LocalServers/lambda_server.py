"""Lambda's Invoke for the Python handlers of folders with an sfn-run.json: what engines without Docker can call.

    lambda_server.py FOLDER...

Prints its port, ends when its standard input ends. A function is called by its name or ARN; each call is a process of
its own, in its folder, with the folder's virtual environment where it names one.
"""
import http.server
import json
import os
import pathlib
import subprocess
import sys
import threading
import urllib.parse

CALL = """
import importlib, json, os, sys, types
sys.path.insert(0, os.getcwd())
module, name = sys.argv[1].split(":")
stdout, sys.stdout = sys.stdout, sys.stderr
try:
    event = json.load(sys.stdin)
    result = getattr(importlib.import_module(module.removesuffix(".py").replace("/", ".")), name)(
        event, types.SimpleNamespace(function_name=name, aws_request_id="0"))
    answer = {"result": result}
except Exception as error:
    answer = {"error": {"errorMessage": str(error), "errorType": type(error).__name__, "stackTrace": []}}
json.dump(answer, stdout)
"""


def functions(folders):
    found = {}
    for folder in map(pathlib.Path, folders):
        for name, function in json.loads((folder / "sfn-run.json").read_text()).get("functions", {}).items():
            if "python" in function:
                found[name.rsplit(":", 1)[-1]] = (folder.resolve(), function["python"], function.get("venv"))
    return found


def call(folder, handler, venv, payload):
    python = folder / venv / "bin/python" if venv else sys.executable
    done = subprocess.run([str(python), "-c", CALL, handler], input=payload, capture_output=True, cwd=folder)
    if done.returncode:
        return {"error": {"errorMessage": done.stderr.decode()[-2000:], "errorType": "Runtime.ExitError"}}
    return json.loads(done.stdout)


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        payload = self.rfile.read(int(self.headers.get("Content-Length", 0))) or b"{}"
        name = urllib.parse.unquote(self.path.split("/")[3]).rsplit(":", 1)[-1]
        if name not in FUNCTIONS:
            return self.answer(404, {"x-amzn-ErrorType": "ResourceNotFoundException"}, {"Message": f"Function not found: {name}"})
        outcome = call(*FUNCTIONS[name], payload)
        if "error" in outcome:
            return self.answer(200, {"X-Amz-Function-Error": "Unhandled"}, outcome["error"])
        self.answer(200, {"X-Amz-Executed-Version": "$LATEST"}, outcome["result"])

    def answer(self, status, headers, value):
        content = json.dumps(value).encode()
        self.send_response(status)
        for header in {"Content-Type": "application/json", "Content-Length": str(len(content)), **headers}.items():
            self.send_header(*header)
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_):
        pass


FUNCTIONS = functions(sys.argv[1:])
server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
threading.Thread(target=server.serve_forever, daemon=True).start()
print(server.server_port, flush=True)
sys.stdin.read()
os._exit(0)

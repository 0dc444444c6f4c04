"""What the end-to-end tests share: the built program, in a folder of its own for each test."""
import contextlib
import json
import os
import pathlib
import shutil
import subprocess
import sys

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
# The aws command of this Python, else the one on the path.
AWS = shutil.which("aws", path=str(pathlib.Path(sys.executable).parent)) or shutil.which("aws")
PROGRAM = pathlib.Path(os.environ.get("SFN_RUN", ROOT / ".build/debug/sfn-run"))


class SfnRun:
    """Runs `sfn-run` in `folder`; machines and handlers are written there."""

    def __init__(self, folder):
        self.folder = folder
        self.environment = {**os.environ, "SFN_RUN": str(PROGRAM), "SFN_RUN_STORE": str(folder / "store/sfn.db"), "NO_COLOR": "1"}

    def __call__(self, *arguments, code=0, stdin="", cwd=None, timeout=120, environment=None):
        done = subprocess.run(
            [str(PROGRAM), *map(str, arguments)], input=stdin, capture_output=True, text=True, timeout=timeout,
            cwd=cwd or self.folder, env={**self.environment, **(environment or {})})
        assert done.returncode == code, f"exit code {done.returncode}, expected {code}\n{done.stdout}\n{done.stderr}"
        return done

    def start(self, *arguments, environment=None, **options):
        """In the background."""
        return subprocess.Popen(
            [str(PROGRAM), *map(str, arguments)], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
            cwd=self.folder, env={**self.environment, **(environment or {})}, **options)

    def write(self, name, content):
        path = self.folder / name
        path.write_text(content if isinstance(content, str) else json.dumps(content, indent=2))
        return path

    def has(self, name):
        """Whether an execution of that name is in the store; false without a store, too."""
        done = subprocess.run(
            [str(PROGRAM), "describe", name], capture_output=True, text=True, timeout=120, cwd=self.folder, env=self.environment)
        return done.returncode == 0

    def history(self, name):
        return json.loads(self("history", name, "--json").stdout)["events"]


@pytest.fixture
def sfn(tmp_path):
    assert PROGRAM.exists(), f"{PROGRAM} is not built; run `swift build` first"
    return SfnRun(tmp_path)


def lambda_task(function, **fields):
    """A Task state that calls a function with the state's input and passes on what it returns."""
    return {
        "Type": "Task",
        "Resource": "arn:aws:states:::lambda:invoke",
        "Parameters": {"FunctionName": function, "Payload.$": "$"},
        "OutputPath": "$.Payload",
        **({} if "Next" in fields else {"End": True}),
        **fields,
    }


@contextlib.contextmanager
def local_server(name, *options, python=sys.executable):
    """The address of a server of Tests/LocalServers in this Python or another, until the block ends; skips where it prints no port."""
    server = subprocess.Popen(
        [python, str(ROOT / "Tests/LocalServers" / name), *options], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL, text=True)
    port = server.stdout.readline().strip()
    if not port:
        server.stdin.close()
        server.wait(timeout=30)
        pytest.skip(f"{name} {' '.join(options)} has no program to start")
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        server.stdin.close()
        server.stdout.close()
        server.wait(timeout=30)


def moto_server(*options):
    """moto's server in this Python."""
    return local_server("moto_server.py", *options)


def aws_command(endpoint, *arguments, code=0):
    """The answer of `aws stepfunctions ARGUMENTS`; of a call that fails, what it prints."""
    if not AWS:
        pytest.skip("no aws command")
    done = subprocess.run(
        [AWS, "stepfunctions", *arguments, "--endpoint-url", endpoint, "--region", "us-east-1", "--output", "json"],
        capture_output=True, text=True, timeout=120, env={**os.environ, "AWS_ACCESS_KEY_ID": "a", "AWS_SECRET_ACCESS_KEY": "b"})
    assert done.returncode == code, done.stdout + done.stderr
    return done.stderr if code else json.loads(done.stdout or "{}")

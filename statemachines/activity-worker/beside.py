"""Runs `sfn-run worker` until its stdin ends. By hand, in another terminal:
`sfn-run worker arn:aws:states:us-east-1:123456789012:activity:shrink -- python3 shrink.py`
"""
import os
import pathlib
import subprocess
import sys

worker = subprocess.Popen(
    [os.environ.get("SFN_RUN", "sfn-run"), "worker", "arn:aws:states:us-east-1:123456789012:activity:shrink",
     "--", sys.executable, str(pathlib.Path(__file__).resolve().parent / "shrink.py")],
    stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
print("{}", flush=True)
sys.stdin.read()
worker.terminate()
worker.wait()

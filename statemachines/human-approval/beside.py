"""The person: waits for the question in a fresh outbox, says yes up to 200 EUR with `sfn-run callback`.

By hand: read `outbox/question.json`, then `sfn-run callback success TOKEN --output '{"by": "me", "limit": 200}'`.
"""
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import threading
import time


def answer(outbox):
    question = outbox / "question.json"
    while not question.exists():
        time.sleep(0.02)
    token = json.loads(question.read_text())["token"]
    subprocess.run(
        [os.environ.get("SFN_RUN", "sfn-run"), "callback", "success", token,
         "--output", json.dumps({"by": "Grace", "limit": 200})],
        check=True, stdout=subprocess.DEVNULL)


with tempfile.TemporaryDirectory() as folder:
    print(json.dumps({"outbox": folder}), flush=True)
    threading.Thread(target=answer, args=(pathlib.Path(folder),), daemon=True).start()
    sys.stdin.read()

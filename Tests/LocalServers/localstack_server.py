"""LocalStack (`localstack-core[runtime]`) without Docker on a free port of 127.0.0.1. Prints its port once it answers,
ends when its standard input ends.
`--functions URL`: the machines' Lambda functions are invoked there.
"""
import os
import shutil
import socket
import sys
import tempfile
import threading
import time
import urllib.request

with socket.socket() as probe:
    probe.bind(("127.0.0.1", 0))
    port = probe.getsockname()[1]
folder = tempfile.mkdtemp(prefix="localstack-")
os.environ.update(
    GATEWAY_LISTEN=f"127.0.0.1:{port}", LOCALSTACK_VOLUME_DIR=folder, FILESYSTEM_ROOT=folder, DISABLE_EVENTS="1", SKIP_SSL_CERT_DOWNLOAD="1",
    DNS_ADDRESS="0", LS_LOG="error")
# What LocalStack prints is not this server's answer.
answer = os.dup(1)
os.dup2(2, 1)


def tell():
    while True:
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{port}/_localstack/health", timeout=2)
            break
        except OSError:
            time.sleep(0.1)
    os.write(answer, f"{port}\n".encode())
    sys.stdin.read()
    shutil.rmtree(folder, ignore_errors=True)
    os._exit(0)


threading.Thread(target=tell, daemon=True).start()
if "--functions" in sys.argv:
    from functions_elsewhere import redirect
    redirect(
        "localstack.services.stepfunctions.asl.component.state.state_execution.state_task.lambda_eval_utils",
        sys.argv[sys.argv.index("--functions") + 1])
from localstack.runtime.main import main  # noqa: E402

main()

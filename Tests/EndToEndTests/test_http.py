"""HTTP tasks against servers that misbehave, over HTTP/2 and TLS, and through proxies."""
import http.server
import json
import shutil
import socket
import subprocess
import sys
import threading
import time
import urllib.request

import pytest
from conftest import ROOT

H2_SERVER = """
const http2 = require('http2'), fs = require('fs');
const server = http2.createSecureServer({key: fs.readFileSync('key.pem'), cert: fs.readFileSync('cert.pem'), allowHTTP1: true});
server.on('request', (request, response) => {
  const body = JSON.stringify({version: request.httpVersion, method: request.method, path: request.url});
  response.writeHead(200, {'content-type': 'application/json'});
  response.end(body);
});
server.listen(0, '127.0.0.1', () => console.log(server.address().port));
process.stdin.on('end', () => process.exit(0)).resume();
"""


def task(url, timeout=20, **parameters):
    return {"StartAt": "Call", "States": {"Call": {
        "Type": "Task", "Resource": "arn:aws:states:::http:invoke", "TimeoutSeconds": timeout,
        "Parameters": {"ApiEndpoint": url, "Method": "GET", **parameters},
        "Catch": [{"ErrorEquals": ["States.ALL"], "Next": "Caught"}], "End": True},
        "Caught": {"Type": "Pass", "End": True}}}


@pytest.fixture(scope="module")
def faulty():
    server = subprocess.Popen([sys.executable, str(ROOT / "Tests/LocalServers/faulty_server.py")], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    yield f"http://127.0.0.1:{server.stdout.readline().strip()}"
    server.stdin.close()
    server.wait(timeout=20)


def run(sfn, machine, environment=None):
    sfn.write("m.asl.json", machine)
    began = time.monotonic()
    output = json.loads(sfn("m.asl.json", "--quiet", environment=environment).stdout)
    return output, time.monotonic() - began


FAULTS = [
    ("stall", "States.Timeout"), ("stall-body", "States.Timeout"), ("slow/30", "States.Timeout"), ("close", "States.Http.Socket"),
    ("short", "States.Http.Socket"), ("garbage", "States.Http.Socket"), ("flood-headers", "States.Http.Socket"),
    ("bytes/300000", "States.DataLimitExceeded"), ("status/503", "States.Http.StatusCode.503"), ("status/404", "States.Http.StatusCode.404"),
]


@pytest.mark.parametrize("fault, error", FAULTS, ids=[fault for fault, _ in FAULTS])
def test_a_server_that_misbehaves_ends_in_its_error_in_time(sfn, faulty, fault, error, record_property):
    output, seconds = run(sfn, task(f"{faulty}/{fault}", timeout=1))
    assert output["Error"] == error, output
    record_property("seconds", round(seconds, 2))
    print(f"{fault}: {output['Error']} after {seconds:.2f} s")
    # The task's second, the program's start, and room for a busy machine.
    assert seconds < 1 + 5


def test_a_service_that_stalls_times_out_and_one_that_closes_is_a_client_error(sfn, faulty):
    def queue(path):
        machine = task("")
        machine["States"]["Call"].update(
            Resource="arn:aws:states:::sqs:sendMessage", Parameters={"QueueUrl": "q", "MessageBody": "m"}, TimeoutSeconds=1)
        return run(sfn, machine, {"AWS_ENDPOINT_URL_SQS": f"{faulty}/play/{path}", "AWS_ACCESS_KEY_ID": "a", "AWS_SECRET_ACCESS_KEY": "b", "AWS_MAX_ATTEMPTS": "1"})

    def script(key, fault):
        urllib.request.urlopen(urllib.request.Request(f"{faulty}/script/{key}", json.dumps([{"fault": fault}]).encode(), method="PUT")).read()
        return key

    output, seconds = queue(script("sqsstall", "stall"))
    assert output["Error"] == "States.Timeout" and seconds < 6
    for fault in ["close", "short", "flood-headers"]:
        output, seconds = queue(script("sqs" + fault.replace("-", ""), fault))
        assert output["Error"] == "SQS.SdkClientException" and seconds < 6, output


# MARK: HTTP/2, certificate authorities

@pytest.fixture
def h2(tmp_path):
    """Node's HTTP/2 server, with a certificate that only its own file vouches for."""
    if not shutil.which("node") or not shutil.which("openssl"):
        pytest.skip("node or openssl is missing")
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-keyout", "key.pem", "-out", "cert.pem",
         "-days", "2", "-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1"], cwd=tmp_path, check=True, capture_output=True)
    server = subprocess.Popen(["node", "-e", H2_SERVER], cwd=tmp_path, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    yield f"https://127.0.0.1:{server.stdout.readline().strip()}", str(tmp_path / "cert.pem")
    server.stdin.close()
    server.wait(timeout=20)


@pytest.mark.parametrize("variable", ["AWS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE"])
def test_http2_is_spoken_to_a_server_that_the_environment_vouches_for(sfn, h2, variable):
    url, certificate = h2
    output, _ = run(sfn, task(f"{url}/a"), {"AWS_CA_BUNDLE": "", "CURL_CA_BUNDLE": "", "SSL_CERT_FILE": "", variable: certificate})
    assert output["ResponseBody"] == {"version": "2.0", "method": "GET", "path": "/a"}, output


def test_a_server_that_nobody_vouches_for_is_not_talked_to(sfn, h2):
    output, _ = run(sfn, task(f"{h2[0]}/a"))
    assert output["Error"] == "States.Http.Socket" and "certificate" in output["Cause"]


def test_many_tasks_share_one_http2_connection(sfn, h2):
    machine = task(f"{h2[0]}/a")
    call = machine["States"]["Call"]
    del call["Catch"]
    call["ResultSelector"] = {"version.$": "$.ResponseBody.version"}
    sfn.write("m.asl.json", {"StartAt": "M", "States": {"M": {
        "Type": "Map", "MaxConcurrency": 20, "ItemProcessor": {"StartAt": "Call", "States": {"Call": call}}, "End": True}}})
    done = sfn("m.asl.json", "--input", json.dumps(list(range(60))), "--quiet", environment={"AWS_CA_BUNDLE": h2[1]})
    assert json.loads(done.stdout) == [{"version": "2.0"}] * 60


# MARK: proxies

class Proxy(http.server.BaseHTTPRequestHandler):
    """Forwards GET of absolute URLs, and tunnels CONNECT; notes both."""
    seen = []
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        Proxy.seen.append(f"GET {self.path}")
        body = json.dumps({"through": "proxy"}).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_CONNECT(self):
        Proxy.seen.append(f"CONNECT {self.path}")
        host, port = self.path.rsplit(":", 1)
        with socket.create_connection((host, int(port))) as there:
            self.send_response(200)
            self.end_headers()

            def copy(source, target):
                try:
                    while data := source.recv(65536):
                        target.sendall(data)
                except OSError:
                    pass
                finally:
                    try:
                        target.shutdown(socket.SHUT_WR)
                    except OSError:
                        pass

            back = threading.Thread(target=copy, args=(there, self.connection))
            back.start()
            copy(self.connection, there)
            back.join()
        self.close_connection = True

    def log_message(self, *_):
        pass


@pytest.fixture
def proxy():
    Proxy.seen = []
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Proxy)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()


def test_the_environments_proxy_is_used_but_for_the_hosts_of_no_proxy(sfn, faulty, proxy):
    output, _ = run(sfn, task("http://service.invalid/x"), {"http_proxy": proxy, "no_proxy": ""})
    assert output["ResponseBody"] == {"through": "proxy"} and Proxy.seen == ["GET http://service.invalid/x"]
    output, _ = run(sfn, task(f"{faulty}/echo"), {"http_proxy": proxy, "no_proxy": "127.0.0.1"})
    assert output["ResponseBody"]["target"] == "/echo" and len(Proxy.seen) == 1


def test_tls_goes_through_the_proxys_tunnel(sfn, h2, proxy):
    url, certificate = h2
    output, _ = run(sfn, task(f"{url}/a"), {"https_proxy": proxy, "no_proxy": "", "AWS_CA_BUNDLE": certificate})
    assert output["ResponseBody"]["version"] == "2.0"
    assert Proxy.seen == [f"CONNECT {url.removeprefix('https://')}"]


def test_a_proxy_that_is_not_there_is_a_socket_error(sfn):
    output, _ = run(sfn, task("http://service.invalid/x"), {"http_proxy": "http://127.0.0.1:1", "no_proxy": ""})
    assert output["Error"] == "States.Http.Socket"

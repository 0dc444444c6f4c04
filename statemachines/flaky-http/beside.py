"""The flaky service: answers 503, then 429, then 200. Prints where it listens, runs until its stdin ends.

By hand: `python3 beside.py 8099` in one terminal, `sfn-run machine.asl.json --input input.json` in another.
"""
import http.server
import json
import sys
import threading


class Flaky(http.server.BaseHTTPRequestHandler):
    tries = 0

    def do_GET(self):
        Flaky.tries += 1
        status, body = {1: (503, {"message": "starting"}), 2: (429, {"message": "slow down"})}.get(
            Flaky.tries, (200, {"rates": {"EUR": 1.05, "USD": 1.12}, "tries": Flaky.tries}))
        data = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_):
        pass


server = http.server.ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1]) if len(sys.argv) > 1 else 0), Flaky)
print(json.dumps({"service": f"http://127.0.0.1:{server.server_port}"}), flush=True)
threading.Thread(target=server.serve_forever, daemon=True).start()
sys.stdin.read()

"""moto's server on a free port of 127.0.0.1. Prints its port, ends when its standard input ends.
`--run-machines`: Step Functions runs its machines.
"""
import logging
import os
import sys

from moto.server import ThreadedMotoServer

if "--run-machines" in sys.argv:
    from moto.core.config import default_user_config
    default_user_config["stepfunctions"] = {"execute_state_machine": True}
logging.getLogger("werkzeug").setLevel(logging.CRITICAL)
server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
server.start()
print(server.get_host_and_port()[1], flush=True)
sys.stdin.read()
os._exit(0)

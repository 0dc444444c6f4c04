"""moto's server on a free port of 127.0.0.1. Prints its port, ends when its standard input ends.
`--run-machines`: Step Functions runs its machines.
`--functions URL`: their Lambda functions are invoked there (moto's own Lambda needs Docker).
`--as-aws`: where moto answers otherwise than AWS, it answers as AWS (as_aws.py).
`--gateway FILE`: REST APIs are invoked on port 4566, with the functions of that file (gateway.py).
"""
import logging
import os
import sys

from moto.server import ThreadedMotoServer

if "--run-machines" in sys.argv:
    from moto.core.config import default_user_config
    default_user_config["stepfunctions"] = {"execute_state_machine": True}
if "--functions" in sys.argv:
    from functions_elsewhere import redirect
    redirect("moto.stepfunctions.parser.asl.component.state.exec.state_task.lambda_eval_utils", sys.argv[sys.argv.index("--functions") + 1])
if "--as-aws" in sys.argv:
    import as_aws
    as_aws.apply()
if "--gateway" in sys.argv:
    import gateway
    if not gateway.serve(sys.argv[sys.argv.index("--gateway") + 1]):
        print("port 4566 is taken: no REST APIs", file=sys.stderr)
logging.getLogger("werkzeug").setLevel(logging.CRITICAL)
server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
server.start()
port = server.get_host_and_port()[1]
# Where machines find moto's other services.
os.environ["MOTO_PORT"] = str(port)
print(port, flush=True)
sys.stdin.read()
os._exit(0)

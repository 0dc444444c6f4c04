"""One piece of work: the input is JSON on stdin, the output JSON on stdout."""
import json
import sys

picture = json.load(sys.stdin)
print(json.dumps({"name": picture["name"], "width": picture["width"] // 2}))

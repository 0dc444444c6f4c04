"""Whether a template is one that AWS's own tools take: cfn-lint, after the SAM translator where it is a SAM template.

Reads the template's file named by its argument, prints "ok" or what is wrong.
"""
import json
import sys

template = json.load(open(sys.argv[1]))
if "Transform" in template:
    from samtranslator.public.translator import ManagedPolicyLoader
    from samtranslator.translator.transform import transform

    class NoPolicies(ManagedPolicyLoader):
        def __init__(self):
            pass

        def load(self):
            return {}

    import os
    os.environ.setdefault("AWS_DEFAULT_REGION", "us-east-1")
    template = transform(template, {}, NoPolicies())
from cfnlint.api import lint, ManualArgs
matches = lint(json.dumps(template), None, None, ManualArgs(regions=["us-east-1"]))
errors = [f"{match.rule.id} {match.message}" for match in matches if match.rule.id.startswith("E")]
print("\n".join(errors) or "ok")

"""The URL that botocore signs for EKS: presigned_url.py 20250102T030405Z CLUSTER REGION. Keys as in signature_server.py."""
import datetime
import sys

import botocore.auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

time = datetime.datetime.strptime(sys.argv[1], "%Y%m%dT%H%M%SZ")
botocore.auth.get_current_datetime = lambda *arguments, **options: time
credentials = Credentials("AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", "a/session+token=")
request = AWSRequest(
    method="GET", url=f"https://sts.{sys.argv[3]}.amazonaws.com/?Action=GetCallerIdentity&Version=2011-06-15",
    headers={"x-k8s-aws-id": sys.argv[2]})
botocore.auth.SigV4QueryAuth(credentials, "sts", sys.argv[3], expires=60).add_auth(request)
print(request.url)

"""Lets the Step Functions of moto and LocalStack, which run Lambda functions in Docker, invoke them at a URL."""
import importlib

import boto3
from botocore.config import Config


def redirect(module, url):
    """`module`: the interpreter's lambda_eval_utils."""
    utilities = importlib.import_module(module)
    own = utilities.boto_client_for

    def client_for(*arguments, **options):
        if "lambda" not in (*arguments, options.get("service")):
            return own(*arguments, **options)
        return boto3.client(
            "lambda", endpoint_url=url, region_name="us-east-1", aws_access_key_id="test", aws_secret_access_key="test",
            config=Config(retries={"total_max_attempts": 1}, read_timeout=900, parameter_validation=False))

    utilities.boto_client_for = client_for

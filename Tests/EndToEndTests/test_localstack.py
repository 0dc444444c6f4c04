"""A second server that nobody here wrote, where LOCALSTACK_PYTHON names a Python with localstack-core[runtime]: queues, topics,
buses, buckets, nested executions, and the one thing that moto does not serve: an API of API Gateway.
"""
import os
import types

import pytest

from conftest import SfnRun, local_server
from real_services import ACCOUNT, DATA, MAPS, MESSAGES, NESTED, SDK, World, asked, optimized
from test_real_services import AGAIN, GOOD, faults, name_of, run, using

pytestmark = pytest.mark.skipif("LOCALSTACK_PYTHON" not in os.environ, reason="LOCALSTACK_PYTHON names no Python with LocalStack")

SERVED = ("s3:", "sqs:", "sns:", "events:", "states:", "aws-sdk:ssm", "aws-sdk:secretsmanager", "aws-sdk:iam", "aws-sdk:route53:createHostedZone", "aws-sdk:s3")
API = optimized(
    "apigateway:invoke", lambda m: {"ApiEndpoint": m.api, "Stage": "dev", "Path": "orders", "Method": "POST", "QueryParameters": {"q": ["7"]}, "RequestBody": {"a": 1}},
    lambda w, m, r: r["StatusCode"] == 200 and r["ResponseBody"] == {"stage": "dev", "q": "7"},
    lambda m: {"ApiEndpoint": m.api, "Stage": "dev", "Path": "nothing", "Method": "GET"}, "ApiGateway.403", "ApiGateway.429", is_http=True)
ACTIONS = [API, *MAPS, *(one for one in [*DATA, *MESSAGES, *NESTED, *SDK] if one.name.startswith(SERVED))]


class LocalStack(World):
    def __init__(self, url, proxies):
        self.url, self.clients, self.key = url, {}, ACCOUNT
        self("s3").create_bucket(Bucket="bucket")
        self("iam").create_role(RoleName="r", AssumeRolePolicyDocument="{}")
        self.make_machine()
        self.made = {name: types.SimpleNamespace(n=name, proxy=proxy) for name, proxy in proxies.items()}
        for made in self.made.values():
            self.make_messages(made)
            self.make_objects(made)
            made.api = f"{made.proxy}/_aws/execute-api/{self.api()}"

    def api(self):
        """One that answers by itself."""
        aws = self("apigateway")
        api = aws.create_rest_api(name="a")["id"]
        root, = aws.get_resources(restApiId=api)["items"]
        where = {"restApiId": api, "resourceId": aws.create_resource(restApiId=api, parentId=root["id"], pathPart="orders")["id"], "httpMethod": "POST"}
        aws.put_method(**where, authorizationType="NONE")
        aws.put_integration(**where, type="MOCK", requestTemplates={"application/json": '{"statusCode": 200}'})
        aws.put_method_response(**where, statusCode="200")
        aws.put_integration_response(**where, statusCode="200", responseTemplates={
            "application/json": '{"stage": "$context.stage", "q": "$input.params(\'q\')"}'})
        aws.create_deployment(restApiId=api, stageName="dev")
        return api


@pytest.fixture(scope="module")
def world():
    with local_server("localstack_server.py", python=os.environ["LOCALSTACK_PYTHON"]) as url, local_server("fault_proxy.py", url) as proxy:
        yield LocalStack(url, {GOOD: proxy, AGAIN: proxy})


@pytest.fixture(scope="module")
def proxy(world):
    return world.made[GOOD].proxy


@pytest.fixture(scope="module")
def program(tmp_path_factory, world):
    return using(SfnRun(tmp_path_factory.mktemp("real")), world.made[GOOD].proxy, key=ACCOUNT)


def test_it_happens(program, world, proxy):
    faults(proxy)
    ended = run(program, "good", ACTIONS, [one.good(world.made[GOOD]) for one in ACTIONS])
    for action in ACTIONS:
        result = ended[name_of(action)]
        assert "error" not in result and action.proof(world, world.made[GOOD], result["result"]), (name_of(action), result)


def test_refusals_have_their_names(program, world, proxy):
    faults(proxy)
    wrong = [one for one in ACTIONS if one.wrong]
    ended = run(program, "refused", wrong, [one.bad(world.made[GOOD]) for one in wrong])
    assert {name: one.get("error", {}).get("Error") for name, one in ended.items()} == {name_of(one): one.refusal for one in wrong}


def test_throttled_once_it_happens_once(program, world, proxy):
    faults(proxy, throttle=1)
    ended = run(program, "again", ACTIONS, [one.good(world.made[AGAIN]) for one in ACTIONS])
    for action in ACTIONS:
        result = ended[name_of(action)]
        assert "error" not in result and action.proof(world, world.made[AGAIN], result["result"]), (name_of(action), result)
    assert {one["throttled"] for one in asked(proxy + "/-/log")} == {1}


def test_an_api_that_throttles_or_is_silent(program, world, proxy):
    faults(proxy, throttle=-1)
    assert run(program, "throttled", [API], [API.good(world.made[GOOD])])["apigateway:invoke"]["error"]["Error"] == "ApiGateway.429"
    faults(proxy, stall=True)
    assert run(program, "silent", [API], [{**API.good(world.made[GOOD]), "TimeoutSeconds": 1}])["apigateway:invoke"]["error"]["Error"] == "States.Timeout"

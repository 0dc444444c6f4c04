"""Every integration against moto's server: what is asked happens there, refusals have their names, throttling and silence too.

moto throttles nobody and is never silent: a transparent proxy before it does both on request. A run of the program has all
actions side by side, and four runs are made at once; a test for each action looks at what came of it.
"""
import concurrent.futures
import contextlib
import json
import re
import types

import pytest

from conftest import SfnRun, local_server, moto_server
from real_services import ACCOUNT, ACTIONS, MAPS, REGION, ROLE, World, asked, machine_arn, side_by_side, task
from test_server import until

GOOD, AGAIN, THROTTLED, SILENT, RESTARTED = "good", "again", "throttled", "silent", "restarted"
TASKS = [one for one in ACTIONS if one not in MAPS]
REFUSED = [one for one in ACTIONS if one.wrong]


def using(program, proxy, key="test"):
    program.environment.update(
        AWS_ACCESS_KEY_ID=key, AWS_SECRET_ACCESS_KEY="test", AWS_REGION=REGION, AWS_ENDPOINT_URL=proxy, AWS_CONFIG_FILE="/dev/null",
        AWS_SHARED_CREDENTIALS_FILE="/dev/null")
    return program


@pytest.fixture(scope="module")
def moto():
    with moto_server() as url:
        yield url


@pytest.fixture(scope="module")
def proxies(moto):
    """Each run has its own."""
    with contextlib.ExitStack() as stack:
        yield {name: stack.enter_context(local_server("fault_proxy.py", moto)) for name in (GOOD, AGAIN, THROTTLED, SILENT, RESTARTED)}


@pytest.fixture(scope="module")
def world(moto, proxies):
    return World(moto, {name: proxies[name] for name in (GOOD, AGAIN, RESTARTED)})


@pytest.fixture(scope="module")
def programs(tmp_path_factory, proxies):
    return {name: using(SfnRun(tmp_path_factory.mktemp(name)), proxy) for name, proxy in proxies.items()}


@pytest.fixture(scope="module")
def runs(world, proxies, programs):
    """What becomes of all actions: where nothing is wrong, throttled once, throttled always, without an answer."""
    faults(proxies[AGAIN], throttle=1)
    faults(proxies[THROTTLED], throttle=-1)
    faults(proxies[SILENT], stall=True)
    states = {
        GOOD: (ACTIONS, [one.good(world.made[GOOD]) for one in ACTIONS]), AGAIN: (ACTIONS, [one.good(world.made[AGAIN]) for one in ACTIONS]),
        THROTTLED: (ACTIONS, [one.good(never(world, proxies[THROTTLED])) for one in ACTIONS]),
        SILENT: (TASKS, [{**one.good(never(world, proxies[SILENT])), "TimeoutSeconds": 1} for one in TASKS])}
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        yield {name: pool.submit(run, programs[name], name, *what) for name, what in states.items()}


def never(world, proxy):
    """A name that never reaches moto."""
    return types.SimpleNamespace(**{**vars(world.made[GOOD]), "n": "never", "proxy": proxy})


def name_of(action):
    return ("map-" if action in MAPS else "") + action.name


def faults(proxy, **wanted):
    asked(proxy + "/-/faults", wanted, "PUT")


def run(program, name, actions, states):
    """What each action's branch ended with, by the action's name."""
    program.write(f"{name}.json", side_by_side(states))
    done = program(f"{name}.json", "--name", name, "--quiet", "--unlimited", "--input", '{"items": [1, 2, 3]}', timeout=300)
    return dict(zip(map(name_of, actions), json.loads(done.stdout), strict=True))


@pytest.mark.parametrize("action", ACTIONS, ids=name_of)
def test_it_happens(action, runs, world):
    ended = runs[GOOD].result()[name_of(action)]
    assert "error" not in ended, ended
    assert action.proof(world, world.made[GOOD], ended["result"]), ended


@pytest.mark.parametrize("action", ACTIONS, ids=name_of)
def test_throttled_once_it_happens_once(action, runs, world):
    ended = runs[AGAIN].result()[name_of(action)]
    assert "error" not in ended, ended
    assert action.proof(world, world.made[AGAIN], ended["result"]), ended


def test_what_was_throttled_is_sent_once_more_and_no_more(runs, proxies):
    runs[AGAIN].result()
    log = asked(proxies[AGAIN] + "/-/log")
    assert len(log) > len(ACTIONS)
    assert [one for one in log if one["throttled"] != 1 or one["passed"] < 1] == []
    # Jobs are asked for until they have ended.
    asks = re.compile(r"^GET |\.(Get|Describe|BatchGet|List)|Action=Describe")
    twice = [one for one in log if one["passed"] > 1]
    assert [one["what"] for one in twice if not asks.search(one["what"])] == []
    assert {one["what"] for one in twice} >= {"AmazonAthena.GetQueryExecution", "AWSGlue.GetJobRun"}


@pytest.mark.parametrize("action", ACTIONS, ids=name_of)
def test_throttled_always_it_fails_with_its_services_error(action, runs):
    ended = runs[THROTTLED].result()[name_of(action)]
    assert ended.get("error", {}).get("Error") == action.throttling, ended


def test_a_client_gives_up_after_three_tries(runs, proxies):
    runs[THROTTLED].result()
    log = asked(proxies[THROTTLED] + "/-/log")
    assert {one["passed"] for one in log} == {0}
    # The retries of all calls together are bounded as well: a bucket of tokens.
    tries = [one["throttled"] for one in log if one["service"]]
    assert max(tries) == 3 and tries.count(3) > 30


@pytest.mark.parametrize("action", TASKS, ids=name_of)
def test_a_server_that_says_nothing_ends_in_a_timeout(action, runs):
    assert runs[SILENT].result()[name_of(action)].get("error", {}).get("Error") == "States.Timeout"


@pytest.fixture(scope="module")
def refused(runs, world, programs):
    """After what was to be there is there."""
    concurrent.futures.wait(runs.values())
    # The functions that need no Docker are all there.
    world.ask("config", {"lambda": {"use_docker": True}})
    return run(programs[GOOD], "refused", REFUSED, [one.bad(world.made[GOOD]) for one in REFUSED])


@pytest.mark.parametrize("action", REFUSED, ids=name_of)
def test_its_refusal_has_its_name(action, refused):
    ended = refused[name_of(action)]
    assert ended.get("error", {}).get("Error") == action.refusal, ended
    assert ended["error"]["Cause"]


@pytest.mark.parametrize("action", MAPS, ids=name_of)
def test_a_map_over_a_silent_s3_ends_with_its_execution(action, programs, world, runs):
    """A Map has no time limit of its own."""
    program = programs[SILENT]
    runs[SILENT].result()
    machine = side_by_side([action.good(world.made[GOOD])])
    name = "silent-" + action.name.split(":")[1]
    program.write("silent.json", {**machine, "TimeoutSeconds": 1})
    done = program("silent.json", "--name", name, "--quiet", "--input", '{"items": [1]}', code=2)
    assert done.stderr.startswith("timed out: States.Timeout")


# Sent again after a restart, with the same token, or because it changes nothing the second time. (moto forgets the variables
# of a build, by which it would be found.)
AGAIN_IS_THE_SAME = re.compile(
    r"AmazonAthena.StartQueryExecution|EC2ContainerService.*RunTask|TerminateJobFlows|CodeBuild.*StartBuild|POST /applications$|POST /applications/[^/]+/jobruns$")


def test_a_restarted_program_finds_the_jobs_that_it_started(world, proxies, programs, runs):
    """Killed when moto had every job and the program had heard of none."""
    concurrent.futures.wait(runs.values())
    program, log = programs[RESTARTED], lambda: asked(proxies[RESTARTED] + "/-/log")
    jobs = [one for one in ACTIONS if ".sync" in one.name]
    faults(proxies[RESTARTED], lose=True)
    program.write("jobs.json", side_by_side([one.good(world.made[RESTARTED]) for one in jobs]))
    process = program.start("jobs.json", "--name", "jobs", "--quiet", "--unlimited")
    try:
        until(lambda: sum(len(one["statuses"]) for one in log()) == len(jobs), seconds=60)
    finally:
        process.kill()
        process.communicate()
    started = log()
    faults(proxies[RESTARTED])
    ended = dict(zip(map(name_of, jobs), json.loads(program("resume", "jobs", "--quiet").stdout), strict=True))
    assert {name: one["error"] for name, one in ended.items() if "error" in one} == {}
    # moto starts a second task of ECS with the same client token; AWS does not.
    assert [one.name for one in jobs if one.name != "ecs:runTask.sync" and not one.proof(world, world.made[RESTARTED], ended[name_of(one)]["result"])] == []
    key = lambda one: (one["what"], one["body"])
    twice = {one["what"] for one in log() if key(one) in set(map(key, started))}
    assert {what for what in twice if not AGAIN_IS_THE_SAME.search(what)} == set()


def queries(world, text):
    """The states of the queries with this text."""
    found = [world("athena").get_query_execution(QueryExecutionId=one)["QueryExecution"] for one in world("athena").list_query_executions()["QueryExecutionIds"]]
    return [one["Status"]["State"] for one in found if one["Query"] == text]


def query(text):
    return task("arn:aws:states:::athena:startQueryExecution.sync", {"QueryString": text, "ResultConfiguration": {"OutputLocation": "s3://bucket/"}})


@pytest.fixture
def endless(world, runs):
    """Jobs at moto do not end by themselves."""
    concurrent.futures.wait(runs.values())
    world.transitions(athena__execution=1000, ecs__task=1000)
    yield
    world.transitions(athena__execution=1, ecs__task="immediate")


def test_jobs_that_nobody_wants_any_more_are_stopped_there(programs, world, endless):
    program = programs[GOOD]
    world("stepfunctions").create_state_machine(
        name="long", roleArn=ROLE, definition='{"StartAt": "W", "States": {"W": {"Type": "Wait", "Seconds": 600, "End": true}}}')
    states = [
        query("SELECT 'unwanted'"),
        task("arn:aws:states:::ecs:runTask.sync", {"Cluster": "c", "TaskDefinition": "d", "LaunchType": "FARGATE", "StartedBy": "unwanted"}),
        task("arn:aws:states:::states:startExecution.sync:2", {"StateMachineArn": machine_arn("long"), "Name": "unwanted"}),
    ]
    program.write("unwanted.json", side_by_side([{**one, "TimeoutSeconds": 3} for one in states]))
    ended = json.loads(program("unwanted.json", "--name", "unwanted", "--quiet").stdout)
    assert [one.get("error", one).get("Error", one) for one in ended] == ["States.Timeout"] * 3
    assert queries(world, "SELECT 'unwanted'") == ["CANCELLED"]
    assert len(world("ecs").list_tasks(cluster="c", startedBy="unwanted", desiredStatus="STOPPED")["taskArns"]) == 1
    execution = f"arn:aws:states:{REGION}:{ACCOUNT}:execution:long:unwanted"
    assert world("stepfunctions").describe_execution(executionArn=execution)["status"] == "ABORTED"


def test_a_job_that_somebody_else_ends_fails_its_state(programs, world, endless):
    program = programs[GOOD]
    program.write("lost.json", {"StartAt": "J", "States": {"J": {**query("SELECT 'lost'"), "End": True}}})
    process = program.start("lost.json", "--name", "lost", "--quiet")
    try:
        until(lambda: queries(world, "SELECT 'lost'"), seconds=60)
        world("athena").stop_query_execution(QueryExecutionId=world("athena").list_query_executions()["QueryExecutionIds"][-1])
        _, errors = process.communicate(timeout=60)
    finally:
        process.kill()
    assert queries(world, "SELECT 'lost'") == ["CANCELLED"]
    assert process.returncode == 1 and "States.TaskFailed" in errors and "CANCELLED" in errors


def test_what_a_service_was_given_a_token_for_goes_on_with_it(programs, world, runs):
    """The token is where the service has put what it was given; another process answers with it."""
    concurrent.futures.wait(runs.values())
    program, made, token = programs[GOOD], world.made[RESTARTED], {"token.$": "$$.Task.Token"}
    container = {"Name": "c", "Environment": [{"Name": "TOKEN", "Value.$": "$$.Task.Token"}]}
    given = {
        "sqs:sendMessage": {"QueueUrl": made.queue, "MessageBody": token}, "sns:publish": {"TopicArn": made.topic, "Message": token},
        "events:putEvents": {"Entries": [{"Source": made.n, "DetailType": "t", "Detail": token}]},
        "states:startExecution": {"StateMachineArn": machine_arn("m"), "Name": "with-token", "Input": {"n": 1, **token}},
        "ecs:runTask": {"Cluster": "c", "TaskDefinition": "d", "LaunchType": "FARGATE", "StartedBy": "token", "Overrides": {"ContainerOverrides": [container]}}}
    program.write("tokens.json", side_by_side([task(f"arn:aws:states:::{name}.waitForTaskToken", parameters) for name, parameters in given.items()]))
    process = program.start("tokens.json", "--name", "tokens", "--quiet")
    try:
        execution = f"arn:aws:states:{REGION}:{ACCOUNT}:execution:m:with-token"
        begun = lambda: world("stepfunctions").list_executions(stateMachineArn=machine_arn("m"))["executions"]
        until(lambda: execution in [one["executionArn"] for one in begun()], seconds=60)
        running, = until(lambda: world("ecs").list_tasks(cluster="c", startedBy="token")["taskArns"], seconds=60)
        tokens = [
            json.loads(world.messages(made.queue)[0])["token"], json.loads(world.messages(made.of_topic)[0])["token"],
            json.loads(world.messages(made.of_bus)[0])["detail"]["token"],
            json.loads(world("stepfunctions").describe_execution(executionArn=execution)["input"])["token"],
            world("ecs").describe_tasks(cluster="c", tasks=[running])["tasks"][0]["overrides"]["containerOverrides"][0]["environment"][0]["value"]]
        for index, one in enumerate(tokens[:4]):
            program("callback", "success", one, "--output", json.dumps(index))
        program("callback", "failure", tokens[4], "--error", "Denied", "--cause", "by hand")
        output, errors = process.communicate(timeout=60)
    finally:
        process.kill()
    assert process.returncode == 0, errors
    ended = json.loads(output)
    assert [one["result"] for one in ended[:4]] == [0, 1, 2, 3] and ended[4]["error"] == {"Error": "Denied", "Cause": "by hand"}

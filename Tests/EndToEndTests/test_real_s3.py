"""S3 as a server that was made for its own sake answers it: SeaweedFS, and rclone's `serve s3`. Both check signatures."""
import collections
import concurrent.futures
import contextlib
import json

import boto3
import pytest

from conftest import local_server

BUCKET = "a-bucket"
ROWS = [{"id": str(index), "name": f"Zürich {index}"} for index in range(12)]
SPACED = "in/läden and shops (1)+2.json"
# More than a page has, of the server that makes them sooner.
LISTED = {"weed": 12, "rclone": 1003}


S3 = collections.namedtuple("S3", "url aws listed")


@pytest.fixture(scope="module")
def servers():
    """Both are started at once: one is ready seconds later."""
    with contextlib.ExitStack() as stack, concurrent.futures.ThreadPoolExecutor(2) as pool:
        yield {name: pool.submit(stack.enter_context, local_server("s3_server.py", name)) for name in LISTED}


@pytest.fixture(scope="module", params=["rclone", "weed"])
def s3(request, servers):
    """A server whose bucket has what the machines read."""
    url = servers[request.param].result()
    aws = boto3.client("s3", endpoint_url=url, region_name="us-east-1", aws_access_key_id="test", aws_secret_access_key="secret")
    aws.create_bucket(Bucket=BUCKET)
    put = lambda key, text: aws.put_object(Bucket=BUCKET, Key=key, Body=text.encode())
    put("in/rows.json", json.dumps(ROWS))
    put("flat/rows.json", json.dumps(ROWS))
    put(SPACED, json.dumps({"shops": ROWS}))
    put("in/rows.csv", "id,name\n" + "".join(f'{row["id"]},"{row["name"]}"\n' for row in ROWS))
    put("in/rows.jsonl", "".join(json.dumps(row) + "\n" for row in ROWS))
    put("in/manifest.json", json.dumps({
        "sourceBucket": BUCKET, "destinationBucket": f"arn:aws:s3:::{BUCKET}", "fileFormat": "CSV", "fileSchema": "Bucket, Key",
        "version": "2016-11-30", "files": [{"key": "in/inventory.csv"}]}))
    put("in/inventory.csv", "".join(f'"{BUCKET}","listed/{index}"\n' for index in range(4)))
    # Ten megabytes, of which a reader takes three lines.
    put("in/large.jsonl", "".join(json.dumps({"id": str(index), "text": "x" * 1000}) + "\n" for index in range(10_000)))
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda index: put(f"listed/{index:04}", "{}"), range(LISTED[request.param])))
    return S3(url, aws, LISTED[request.param])


@pytest.fixture
def here(sfn, s3):
    sfn.environment.update(AWS_ACCESS_KEY_ID="test", AWS_SECRET_ACCESS_KEY="secret", AWS_REGION="us-east-1", AWS_ENDPOINT_URL_S3=s3.url)
    return sfn


def reader(configuration, resource="getObject", **parameters):
    return {"Resource": f"arn:aws:states:::s3:{resource}", "ReaderConfig": configuration, "Parameters": {"Bucket": BUCKET, **parameters}}


def distributed(item_reader, **more):
    """A distributed Map whose children return their items."""
    return {
        "Type": "Map", "ItemReader": item_reader, "End": True, "MaxConcurrency": 40,
        "ItemProcessor": {"ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "EXPRESS"}, "StartAt": "P", "States": {"P": {"Type": "Pass", "End": True}}},
        **more}


def together(states, catch=False):
    """All of them side by side: a Parallel's results are in the order of its branches; with `catch` the errors instead."""
    def renamed(definition, suffix):
        return {**definition, "StartAt": definition["StartAt"] + suffix, "States": {
            name + suffix: {**state, **({"ItemProcessor": renamed(state["ItemProcessor"], suffix)} if "ItemProcessor" in state else {}),
                            **({"Catch": [{"ErrorEquals": ["States.ALL"], "Next": "Caught" + suffix}]} if catch and name == "One" else {})}
            for name, state in definition["States"].items()}}

    return {"StartAt": "All", "States": {"All": {"Type": "Parallel", "End": True, "Branches": [
        renamed({"StartAt": "One", "States": {"One": state, **({"Caught": {"Type": "Pass", "End": True}} if catch else {})}}, str(index))
        for index, state in enumerate(states)]}}}


def run(here, machine, code=0):
    here.write("machine.asl.json", machine)
    done = here("machine.asl.json", "--quiet", "--name", "r", code=code)
    return json.loads(done.stdout) if code == 0 else done.stderr


def test_distributed_maps_read_every_kind_of_source(here, s3):
    of_objects = {"ItemBatcher": {"MaxItemsPerBatch": 200}, "ItemSelector": {"key.$": "$$.Map.Item.Value.Key", "size.$": "$$.Map.Item.Value.Size"}}
    from_json, spaced, from_csv, from_lines, large, inventory, listing, few, flat = run(here, together([
        distributed(reader({"InputType": "JSON"}, Key="in/rows.json")),
        distributed(reader({"InputType": "JSON", "ItemsPointer": "/shops"}, Key=SPACED)),
        distributed(reader({"InputType": "CSV", "CSVHeaderLocation": "FIRST_ROW"}, Key="in/rows.csv")),
        distributed(reader({"InputType": "JSONL"}, Key="in/rows.jsonl")),
        distributed(reader({"InputType": "JSONL", "MaxItems": 3}, Key="in/large.jsonl"), ItemSelector={"id.$": "$$.Map.Item.Value.id"}),
        distributed(reader({"InputType": "MANIFEST"}, Key="in/manifest.json")),
        distributed(reader({}, "listObjectsV2", Prefix="listed/"), **of_objects),
        distributed(reader({"MaxItems": 2}, "listObjectsV2", Prefix="listed/"), ItemSelector=of_objects["ItemSelector"]),
        distributed(reader({"InputType": "JSON", "Transformation": "LOAD_AND_FLATTEN"}, "listObjectsV2", Prefix="flat/")),
    ]))
    assert from_json == spaced == from_csv == from_lines == flat == ROWS
    assert [one["id"] for one in large] == ["0", "1", "2"]
    assert [one["Key"] for one in inventory] == [f"listed/{index}" for index in range(4)]
    assert [item["key"] for batch in listing for item in batch["Items"]] == [f"listed/{index:04}" for index in range(s3.listed)]
    assert {item["size"] for batch in listing for item in batch["Items"]} == {2}
    assert few == [{"key": "listed/0000", "size": 2}, {"key": "listed/0001", "size": 2}]


def test_results_are_written_where_the_manifest_says(here, s3):
    written = run(here, {"StartAt": "M", "States": {"M": distributed(
        reader({"InputType": "JSON"}, Key="in/rows.json"),
        ResultWriter={"Resource": "arn:aws:states:::s3:putObject", "Parameters": {"Bucket": BUCKET, "Prefix": "results and more"}})}})
    where = written["ResultWriterDetails"]
    assert where["Bucket"] == BUCKET and where["Key"].startswith("results and more/") and where["Key"].endswith("/manifest.json")
    aws = s3.aws
    manifest = json.loads(aws.get_object(Bucket=BUCKET, Key=where["Key"])["Body"].read())
    assert manifest["MapRunArn"] == written["MapRunArn"] and manifest["ResultFiles"]["FAILED"] == []
    results = [one for file in manifest["ResultFiles"]["SUCCEEDED"] for one in json.loads(aws.get_object(Bucket=BUCKET, Key=file["Key"])["Body"].read())]
    assert sorted((json.loads(one["Output"]) for one in results), key=lambda row: int(row["id"])) == ROWS
    for file in manifest["ResultFiles"]["SUCCEEDED"]:
        assert aws.head_object(Bucket=BUCKET, Key=file["Key"])["ContentLength"] == file["Size"]


def test_tasks_put_get_list_copy_and_delete(here):
    def task(action, parameters, **more):
        return {"Type": "Task", "Resource": f"arn:aws:states:::aws-sdk:s3:{action}", "Parameters": {"Bucket": BUCKET, **parameters}, **more}

    key = "tasks/naïve key (1)+2=3&4.txt"
    got = run(here, {"StartAt": "Put", "States": {
        "Put": task("putObject", {"Key": key, "Body": {"a": "ü"}, "ContentType": "text/x-test", "Metadata": {"one": "1"}}, ResultPath="$.put", Next="Get"),
        "Get": task("getObject", {"Key": key}, ResultPath="$.get", Next="Head"),
        "Head": task("headObject", {"Key": key}, ResultPath="$.head", Next="Copy"),
        "Copy": task("copyObject", {"Key": "tasks/copy", "CopySource": f"{BUCKET}/in/rows.json"}, ResultPath="$.copy", Next="List"),
        "List": task("listObjectsV2", {"Prefix": "tasks/"}, ResultPath="$.list", Next="Delete"),
        "Delete": task("deleteObjects", {"Delete": {"Objects": [{"Key": key}, {"Key": "tasks/copy"}]}}, ResultPath="$.delete", Next="Gone"),
        "Gone": task("listObjectsV2", {"Prefix": "tasks/"}, ResultPath="$.gone", End=True)}})
    assert json.loads(got["get"]["Body"]) == {"a": "ü"}
    assert got["head"]["ContentType"] == "text/x-test" and got["head"]["Metadata"] == {"one": "1"}
    assert got["head"]["ContentLength"] == len('{"a":"ü"}'.encode())
    assert {one["Key"] for one in got["list"]["Contents"]} == {key, "tasks/copy"}
    assert got["put"]["ETag"] == got["get"]["ETag"] == got["head"]["ETag"]
    assert len(got["delete"]["Deleted"]) == 2 and not got["gone"].get("Contents")


def test_refusals_have_s3s_names(here):
    def task(action, parameters, sdk="aws-sdk:"):
        return {"Type": "Task", "Resource": f"arn:aws:states:::{sdk}s3:{action}", "Parameters": parameters, "End": True}

    cases = [
        (task("getObject", {"Bucket": BUCKET, "Key": "nothing"}), "S3.NoSuchKeyException"),
        (task("getObject", {"Bucket": BUCKET, "Key": "nothing"}, sdk=""), "S3.NoSuchKeyException"),
        (task("listObjectsV2", {"Bucket": "no-such-bucket"}), "S3.NoSuchBucketException"),
        (task("putObject", {"Bucket": "no-such-bucket", "Key": "k", "Body": "x"}), "S3.NoSuchBucketException"),
        (distributed(reader({"InputType": "JSON"}, Key="nothing")), "States.ItemReaderFailed"),
    ]
    found = run(here, together([state for state, _ in cases], catch=True))
    assert [one["Error"] for one in found] == [name for _, name in cases]
    assert "Status Code: 404" in found[0]["Cause"]


def test_another_secret_is_refused(here):
    here.environment["AWS_SECRET_ACCESS_KEY"] = "another"
    got = run(here, {"StartAt": "Get", "States": {"Get": {
        "Type": "Task", "Resource": "arn:aws:states:::aws-sdk:s3:getObject", "Parameters": {"Bucket": BUCKET, "Key": "in/rows.json"}, "End": True}}}, code=1)
    assert "SignatureDoesNotMatch" in got or "S3.S3Exception" in got

"""The stages that are code: each may be called again after a crash and then does nothing twice."""
import hashlib
import json
import os
import pathlib
import shutil
import subprocess

import boto3

HERE = pathlib.Path(__file__).resolve().parent


class PipelineFailed(Exception):
    """The pipeline ended in its Fail step, or one of its steps failed."""


def source(event, context):
    """Checks the sources out: a copy named by what is in it."""
    repository = (HERE / event["repository"]).resolve()
    files = [path for name in ("pipeline.json", "functions.py", "code") for path in [repository / name]]
    files = sorted(path for top in files for path in ([top] if top.is_file() else top.rglob("*")) if path.is_file() and "__pycache__" not in path.parts)
    digest = hashlib.sha256()
    for file in files:
        digest.update(str(file.relative_to(repository)).encode() + b"\0" + file.read_bytes())
    revision = digest.hexdigest()[:12]
    folder = HERE / "work" / revision
    if not folder.exists():
        draft = HERE / "work" / f".{revision}-{os.getpid()}"
        for file in files:
            target = draft / file.relative_to(repository)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(file, target)
        settings = json.loads((repository / "sfn-run.json").read_text())
        # The same services as the machine's own: its registry, its parameters, its endpoints.
        settings["data"] = os.environ["SFN_LOCAL_DATA"]
        settings["buckets"] = {"abalone-data": str(repository / "data"), "abalone-code": str(folder / "code")}
        for entry in [*settings["images"].values(), *settings["functions"].values()]:
            entry["venv"] = str((repository / entry["venv"]).absolute())
        (draft / "sfn-run.json").write_text(json.dumps(settings, indent=2))
        draft.rename(folder)
    print("source", revision, "from", repository)
    return {"revision": revision, "folder": str(folder)}


def build_template(event, context):
    """The CloudFormation template of the endpoint; the model's name is its parameter."""
    template = {
        "AWSTemplateFormatVersion": "2010-09-09",
        "Parameters": {"ModelName": {"Type": "String"}},
        "Resources": {
            "Config": {"Type": "AWS::SageMaker::EndpointConfig", "Properties": {"ProductionVariants": [{
                "VariantName": "main", "ModelName": {"Ref": "ModelName"}, "InitialInstanceCount": 1, "InitialVariantWeight": 1,
                "InstanceType": "ml.m5.large"}]}},
            "Endpoint": {"Type": "AWS::SageMaker::Endpoint", "Properties": {
                "EndpointName": "abalone", "EndpointConfigName": {"Fn::GetAtt": ["Config", "EndpointConfigName"]}}},
        },
    }
    path = pathlib.Path(event["folder"]) / "endpoint.template.json"
    path.write_text(json.dumps(template, indent=2))
    variant = template["Resources"]["Config"]["Properties"]["ProductionVariants"][0]
    return {"template": str(path), "endpoint": "abalone", "instanceType": variant["InstanceType"]}


def run_pipeline(event, context):
    """Runs the pipeline of the sources, or goes on with it after a crash; what it registered and recorded is the result."""
    folder = pathlib.Path(event["folder"])
    program = os.environ.get("SFN_RUN", "sfn-run")
    place = ["--store", str(folder / "runs/sfn.db"), "--config", str(folder / "sfn-run.json"), "--output", "none"]
    is_there = (folder / "runs/sfn.db").exists() and subprocess.run(
        [program, "describe", event["name"], "--store", str(folder / "runs/sfn.db")], capture_output=True).returncode == 0
    parameters = [word for name, value in event["parameters"].items() for word in ("--parameter", f"{name}={value}")]
    words = ["resume", event["name"], *place] if is_there else ["run", str(folder / "pipeline.json"), "--name", event["name"], *place, *parameters]
    said = []
    with subprocess.Popen([program, *words], stderr=subprocess.PIPE, text=True, cwd=folder) as running:
        for line in running.stderr:
            said.append(line)
            if "AbaloneTrain: [" not in line:
                print(line.rstrip(), flush=True)
    if running.returncode != 0:
        raise PipelineFailed("".join(said)[-1000:])
    sagemaker = boto3.client("sagemaker")
    package = sagemaker.list_model_packages(ModelPackageGroupName="Abalone", MaxResults=1)["ModelPackageSummaryList"][0]["ModelPackageArn"]
    metrics = sagemaker.describe_model_package(ModelPackageName=package)["ModelMetrics"]["ModelQuality"]["Statistics"]["S3Uri"]
    bucket, _, key = metrics.removeprefix("s3://").partition("/")
    evaluation = json.loads(boto3.client("s3").get_object(Bucket=bucket, Key=key)["Body"].read())
    name = boto3.client("ssm").get_parameter(Name="AbaloneModelName")["Parameter"]["Value"]
    return {"name": name, "package": package, "mse": round(evaluation["regression_metrics"]["mse"]["value"], 3)}


def send_mail(event, context):
    """A mail is a file in outbox/; with an SMTP server or SNS it would be sent."""
    outbox = HERE / "outbox"
    outbox.mkdir(exist_ok=True)
    text = f"Subject: {event['subject']}\n\n{event['body']}\n"
    if "token" in event:
        text += f"\nsfn-run callback success {event['token']} --output '{{\"by\": \"your name\"}}'\n"
        text += f"sfn-run callback failure {event['token']} --error Rejected --cause 'why'\n"
    draft = outbox / f".{event['name']}.{os.getpid()}"
    draft.write_text(text)
    draft.rename(outbox / f"{event['name']}.txt")
    print("mail:", event["subject"])
    return {}

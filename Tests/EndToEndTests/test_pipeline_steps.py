"""Step types besides processing and training, as people run them: each with a local command, its results read by later steps."""
import json
import os
import random
import subprocess
import sys
import tarfile
import time

import pipelines
import pytest
from conftest import ROOT

SCIENCE = ROOT / "examples/.venv"

JOB = '''
import json, os, pathlib, sys
WORD, ARGUMENTS = sys.argv[1], sys.argv[2:]
HERE = pathlib.Path(__file__).resolve().parent
if WORD == "tune":
    rate = float(os.environ["SM_HP_RATE"])
    print("score=%f;" % (1 - (rate - 0.3) ** 2))
elif WORD == "say":
    pathlib.Path(HERE, "said").write_text(json.dumps(ARGUMENTS))
elif WORD == "automl":
    request = json.load(open("/opt/ml/input/config/automl.json"))
    rows = sum(len(open(path).read().split()) for path in pathlib.Path("/opt/ml/input/data/training").iterdir())
    pathlib.Path("/opt/ml/model/model.txt").write_text("%s %d" % (request["AutoMLJobObjective"]["MetricName"], rows))
elif WORD == "emr":
    request = json.load(sys.stdin)
    print("spark says " + " ".join(request.get("StepConfig", {}).get("HadoopJarStep", {}).get("Args", ["hello"])), file=sys.stderr)
    print(json.dumps({"Status": {"State": "COMPLETED"}, "Id": "s-1"} if "StepConfig" in request else {"state": "SUCCESS"}))
'''
ROLE = "arn:aws:iam::000000000000:role/r"


def install(sfn, steps, images=None, parameters=()):
    sfn.write("job.py", JOB)
    words = {f"test/{word}:*": ["python3", "-S", "-E", str(sfn.folder / "job.py"), word] for word in ("tune", "say")}
    sfn.write("sfn-run.json", {"images": {**words, **(images or {})}})
    sfn.write("p.json", {"Version": "2020-12-01", "Metadata": {}, "Parameters": list(parameters), "PipelineExperimentConfig": None, "Steps": list(steps)})


def run(sfn, *arguments, code=0):
    return sfn("run", "p.json", "--output", "none", *arguments, code=code).stderr


def put(sfn, key, text):
    path = pipelines.bucket(sfn) / key
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text) if isinstance(text, str) else path.write_bytes(text)
    return path


def say(*values, depends=()):
    """A step that says the values it was given; `said` reads them."""
    return pipelines.processing("Say", "say", [{"Std:Join": {"On": "", "Values": [value]}} for value in values], cached=False, depends=depends)


def said(sfn):
    return json.loads((sfn.folder / "said").read_text())


def job(sfn, word):
    return [sys.executable, "-S", "-E", str(sfn.folder / "job.py"), word]


def channel(uri, **fields):
    return {"DataSource": {"S3DataSource": {"S3DataType": "S3Prefix", "S3Uri": uri}}, **fields}


def test_a_tuning_gives_its_best_and_its_second_training_job(sfn):
    arguments = {
        "HyperParameterTuningJobConfig": {
            "Strategy": "Random", "ResourceLimits": {"MaxNumberOfTrainingJobs": 4, "MaxParallelTrainingJobs": 2},
            "HyperParameterTuningJobObjective": {"Type": "Maximize", "MetricName": "score"},
            "ParameterRanges": {"ContinuousParameterRanges": [{"Name": "rate", "MinValue": "0", "MaxValue": "1", "ScalingType": "Auto"}]}},
        "TrainingJobDefinition": {
            "StaticHyperParameters": {"depth": "3"}, "RoleArn": ROLE, "OutputDataConfig": {"S3OutputPath": "s3://work/tuned"},
            "StoppingCondition": {"MaxRuntimeInSeconds": 600}, "ResourceConfig": {"InstanceCount": 1, "InstanceType": "ml.m5.large", "VolumeSizeInGB": 1},
            "AlgorithmSpecification": {"TrainingInputMode": "File", "TrainingImage": "test/tune:1", "MetricDefinitions": [{"Name": "score", "Regex": "score=(.*?);"}]}}}
    best, second = {"Get": "Steps.Tune.BestTrainingJob.TrainingJobName"}, {"Get": "Steps.Tune.TrainingJobSummaries[1].TrainingJobName"}
    install(sfn, [{"Name": "Tune", "Type": "Tuning", "Arguments": arguments}, say(best, second, {
        "Std:Join": {"On": "/", "Values": ["s3://work/tuned", best, "output/model.tar.gz"]}})], parameters=[
            {"Name": "InstanceCount", "Type": "Integer", "DefaultValue": 1}])
    notes = run(sfn, "--name", "one")
    assert "best score " in notes
    first, other, model = said(sfn)
    assert first != other and model.startswith("s3://work/tuned/") and (pipelines.bucket(sfn) / model.removeprefix("s3://work/")).exists()
    described = json.loads((sfn.folder / ".sfn-run/data/sagemaker/training-jobs" / first / "description.json").read_text())
    values = []
    for name in os.listdir(sfn.folder / ".sfn-run/data/sagemaker/training-jobs"):
        values.append(json.loads((sfn.folder / ".sfn-run/data/sagemaker/training-jobs" / name / "description.json").read_text())["FinalMetricDataList"][0]["Value"])
    assert len(values) == 4 and described["FinalMetricDataList"][0]["Value"] == max(values)
    assert list(pipelines.steps(sfn, "one")["Tune"]["Metadata"]) == ["TuningJob"]


INFERENCE = '''
def model_fn(model_dir): return int(open(model_dir + "/factor").read())
def input_fn(body, content_type): return [[float(c) for c in line.split(",")] for line in body.splitlines()]
def predict_fn(rows, factor): return [row[-1] * factor for row in rows]
def output_fn(prediction, accept): return "\\n".join(str(p) for p in prediction)
'''


def put_model(sfn):
    (sfn.folder / "model/code").mkdir(parents=True)
    (sfn.folder / "model/factor").write_text("3")
    (sfn.folder / "model/code/inference.py").write_text(INFERENCE)
    with tarfile.open(put(sfn, "model.tar.gz", ""), "w:gz") as archive:
        archive.add(sfn.folder / "model", arcname=".")


MODEL = {"Name": "Create", "Type": "Model", "Arguments": {
    "ExecutionRoleArn": ROLE, "PrimaryContainer": {"Image": "test/serve:1", "ModelDataUrl": "s3://work/model.tar.gz", "Environment": {}}}}


def test_a_transform_answers_each_line_and_later_steps_read_where(sfn):
    transform = {"Name": "Score", "Type": "Transform", "Arguments": {
        "ModelName": {"Get": "Steps.Create.ModelName"},
        "TransformInput": {**channel("s3://work/batch/"), "ContentType": "text/csv", "SplitType": "Line"},
        "TransformOutput": {"S3OutputPath": "s3://work/scored", "AssembleWith": "Line", "Accept": "text/csv"},
        "TransformResources": {"InstanceCount": 1, "InstanceType": "ml.m5.large"},
        "DataProcessing": {"InputFilter": "$[1:]", "JoinSource": "Input", "OutputFilter": "$[0,-1]"}}}
    install(sfn, [MODEL, transform, say({"Get": "Steps.Score.TransformOutput.S3OutputPath"}, {"Get": "Steps.Create.ModelName"})], {"test/serve:*": {}}, [
        {"Name": "InstanceCount", "Type": "Integer", "DefaultValue": 1}])
    put_model(sfn)
    put(sfn, "batch/one.csv", "id1,1,2\nid2,3,4\n")
    run(sfn)
    assert (pipelines.bucket(sfn) / "scored/one.csv.out").read_text() == "id1,6.0\nid2,12.0\n"
    assert said(sfn)[0] == "s3://work/scored" and "-Create" in said(sfn)[1]


def test_a_callback_is_answered_by_the_command(sfn):
    ask = {"Name": "Ask", "Type": "Callback", "SqsQueueUrl": "https://sqs.us-east-1.amazonaws.com/123456789012/approvals", "Arguments": {
        "model": "m", "count": {"Get": "Parameters.InstanceCount"}}, "OutputParameters": [
            {"OutputName": "by", "OutputType": "String"}, {"OutputName": "share", "OutputType": "Float"}, {"OutputName": "fine", "OutputType": "Boolean"}]}
    check = {"Name": "Fine", "Type": "Condition", "Arguments": {
        "Conditions": [{"Type": "Equals", "LeftValue": {"Get": "Steps.Ask.OutputParameters['fine']"}, "RightValue": True},
                       {"Type": "GreaterThan", "LeftValue": {"Get": "Steps.Ask.OutputParameters['share']"}, "RightValue": 0.25}],
        "IfSteps": [say({"Get": "Steps.Ask.OutputParameters['by']"}, {"Get": "Steps.Ask.OutputParameters['share']"})], "ElseSteps": []}}
    install(sfn, [ask, check], parameters=[{"Name": "InstanceCount", "Type": "Integer", "DefaultValue": 2}])
    queue = sfn.folder / ".sfn-run/data/queues/approvals"

    def message(process):
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline and process.poll() is None:
            found = sorted(queue.glob("*.json")) if queue.exists() else []
            if found:
                body = json.loads(json.loads(found[0].read_text())["Body"])
                found[0].unlink()
                return body
            time.sleep(0.05)
        raise AssertionError(process.communicate())

    process = sfn.start("run", "p.json", "--name", "one", "--output", "none")
    body = message(process)
    assert body["arguments"] == {"model": "m", "count": 2} and body["status"] == "Executing" and body["pipelineExecutionArn"].endswith(":one")
    sfn("callback", "success", body["token"], "--output", '{"by": "Ada", "share": "0.5", "fine": "true"}')
    assert process.wait(timeout=60) == 0, process.communicate()
    process.communicate()
    assert said(sfn) == ["Ada", "0.5"]
    assert pipelines.steps(sfn, "one")["Ask"]["Metadata"]["Callback"]["OutputParameters"][0] == {"Name": "by", "Value": "Ada"}
    process = sfn.start("run", "p.json", "--name", "two", "--output", "none")
    sfn("callback", "failure", message(process)["token"], "--error", "Rejected", "--cause", "not this one")
    assert process.wait(timeout=60) == 1
    assert "not this one" in process.communicate()[1]
    assert "not this one" in pipelines.steps(sfn, "two")["Ask"]["FailureReason"]


def test_clusters_and_automl_are_local_commands(sfn):
    emr = {"Name": "Spark", "Type": "EMR", "Arguments": {"ClusterId": "j-1", "StepConfig": {
        "Name": "count", "HadoopJarStep": {"Jar": "s3://x/runner.jar", "Args": ["count", "words"]}}}}
    serverless = {"Name": "Serverless", "Type": "EMRServerless", "DependsOn": ["Spark"], "Arguments": {
        "ExecutionRoleArn": ROLE, "ApplicationId": "00f1", "JobConfig": {"executionRoleArn": ROLE, "applicationId": "00f1", "jobDriver": {}}}}
    automl = {"Name": "Search", "Type": "AutoML", "Arguments": {
        "InputDataConfig": [channel("s3://work/train/", TargetAttributeName="y", ChannelType="training")], "AutoMLJobObjective": {"MetricName": "F1"},
        "OutputDataConfig": {"S3OutputPath": "s3://work/auto"}, "AutoMLJobConfig": {"Mode": "ENSEMBLING"}, "RoleArn": ROLE}}
    steps = [emr, serverless, automl, say(
        {"Get": "Steps.Spark.Status.State"}, {"Get": "Steps.Search.BestCandidate.InferenceContainers[0].ModelDataUrl"}, {"Get": "Steps.Serverless.jobRun.state"})]
    count = [{"Name": "InstanceCount", "Type": "Integer", "DefaultValue": 1}]
    install(sfn, steps, {name: job(sfn, word) for name, word in (("emr", "emr"), ("emr-serverless", "emr"), ("automl", "automl"))}, count)
    put(sfn, "train/rows.csv", "1\n2\n3\n")
    assert "spark says count words" in run(sfn, "--name", "one")
    state, model, other = said(sfn)
    assert (state, other) == ("COMPLETED", "SUCCESS")
    with tarfile.open(pipelines.bucket(sfn) / model.removeprefix("s3://work/")) as archive:
        assert archive.extractfile("./model.txt").read() == b"F1 3"
    # Without a command nothing begins.
    install(sfn, steps, None, count)
    (sfn.folder / "said").unlink()
    refused = run(sfn, "--name", "two", code=65)
    assert "map the image \"emr\" under \"images\" in sfn-run.json" in refused and "Spark" in refused


def science():
    if not (SCIENCE / "bin/python").exists():
        pytest.skip("scripts/set-up --tests makes examples/.venv")
    return {"venv": str(SCIENCE)}


def check(name, kind, source, image, environment, inputs=(), **fields):
    return {"Name": name, "Type": "QualityCheck" if "QUALITY" in kind else "ClarifyCheck", "CheckType": kind, "SkipCheck": False, "FailOnViolation": True,
            "RegisterNewBaseline": False, "Arguments": {
                "ProcessingResources": {"ClusterConfig": {"InstanceType": "ml.m5.large", "InstanceCount": 1, "VolumeSizeInGB": 1}},
                "AppSpecification": {"ImageUri": image}, "RoleArn": ROLE, "Environment": environment,
                "ProcessingInputs": [{"InputName": key, "AppManaged": False, "S3Input": {"S3Uri": uri, "LocalPath": path, "S3DataType": "S3Prefix"}} for key, uri, path in [
                    ("dataset", source, "/opt/ml/processing/input/data"), *inputs]],
                "ProcessingOutputConfig": {"Outputs": [{"OutputName": "out", "AppManaged": False, "S3Output": {
                    "S3Uri": f"s3://work/checks/{name}", "LocalPath": "/opt/ml/processing/output", "S3UploadMode": "EndOfJob"}}]}}, **fields}


def rows(shift, share):
    """A label, a group, two measurements."""
    dice = random.Random(7)
    lines = []
    for _ in range(200):
        group = dice.randrange(2)
        label = int(dice.random() < (0.5 if group else share))
        lines.append(f"{label},{group},{dice.gauss(0, 1) + shift:.4f},{dice.gauss(5, 1):.4f}")
    return "\n".join(lines) + "\n"


def test_quality_checks_find_drift_from_the_approved_baseline(sfn):
    quality = check("Quality", "DATA_QUALITY", {"Get": "Parameters.Data"}, "159.dkr.ecr/sagemaker-model-monitor-analyzer", {
        "output_path": "/opt/ml/processing/output", "dataset_source": "/opt/ml/processing/input/data", "dataset_format": '{"csv": {"header": false}}'},
        ModelPackageGroupName="Group", SkipCheck={"Get": "Parameters.First"}, RegisterNewBaseline={"Get": "Parameters.First"},
        FailOnViolation={"Get": "Parameters.Strict"})
    calculated = {name: {"Get": f"Steps.Quality.Calculated{name}"} for name in ("BaselineStatistics", "BaselineConstraints")}
    used = {name: {"Get": f"Steps.Quality.BaselineUsedForDriftCheck{name}"} for name in ("Statistics", "Constraints")}
    register = {"Name": "Register", "Type": "RegisterModel", "Arguments": {
        "ModelPackageGroupName": "Group", "ModelApprovalStatus": "Approved",
        "ModelMetrics": {"ModelDataQuality": {"Statistics": {"ContentType": "application/json", "S3Uri": calculated["BaselineStatistics"]}}},
        "DriftCheckBaselines": {"ModelDataQuality": {name: {"ContentType": "application/json", "S3Uri": used[name]} for name in used}}}}
    install(sfn, [quality, register], {"*scikit-learn*": science()}, [
        {"Name": "Data", "Type": "String", "DefaultValue": "s3://work/same/"}, {"Name": "First", "Type": "Boolean", "DefaultValue": False},
        {"Name": "Strict", "Type": "Boolean", "DefaultValue": True}])
    put(sfn, "same/rows.csv", rows(0, 0.5))
    put(sfn, "moved/rows.csv", rows(2, 0.5))
    # Nothing to compare with yet.
    assert "has no baseline" in run(sfn, "--name", "early", code=1)
    run(sfn, "--name", "first", "--parameter", "First=true")
    # What was registered is moved away from what the next check will write over.
    run(sfn, "--name", "same", "--parameter", "Strict=true")
    broken = run(sfn, "--name", "moved", "--parameter", "Data=s3://work/moved/", code=1)
    assert "constraint violation" in broken and "the mean moved by" in broken
    assert "Failed" == pipelines.steps(sfn, "moved")["Quality"]["StepStatus"]
    run(sfn, "--name", "tolerant", "--parameter", "Data=s3://work/moved/", "--parameter", "Strict=false")
    told = pipelines.steps(sfn, "tolerant")["Quality"]["Metadata"]["QualityCheck"]
    assert told["ViolationReport"].endswith("constraint_violations.json") and told["CheckType"] == "DATA_QUALITY"


def test_bias_before_and_after_training_is_measured_and_compared(sfn):
    config = {"dataset_type": "text/csv", "headers": ["y", "group", "a", "b"], "label": "y", "label_values_or_threshold": [1],
              "facet": [{"name_or_index": "group", "value_or_threshold": [0]}], "probability_threshold": 15, "predictor": {"accept_type": "text/csv"},
              "methods": {"pre_training_bias": {"methods": "all"}, "post_training_bias": {"methods": ["DPPL", "DI"]}, "shap": {"num_samples": 3}}}
    inputs = [("analysis_config", "s3://work/config/analysis_config.json", "/opt/ml/processing/input/config")]
    image = "306.dkr.ecr/sagemaker-clarify-processing:1.0"
    parameters = [{"Name": name, "Type": "String", "DefaultValue": value} for name, value in (("Data", "s3://work/even/"), ("Skip", "True"), ("Old", "s3://work/old/analysis.json"))]
    fields = {"SkipCheck": {"Get": "Parameters.Skip"}, "ModelPackageGroupName": "Group"}
    bias = check("Bias", "DATA_BIAS", {"Get": "Parameters.Data"}, image, {}, inputs, SuppliedBaselineConstraints={"Get": "Parameters.Old"}, **fields)
    skip = {**fields, "SkipCheck": True, "ModelName": {"Get": "Steps.Create.ModelName"}}
    after = check("After", "MODEL_BIAS", {"Get": "Parameters.Data"}, image, {}, inputs, **skip)
    why = check("Why", "MODEL_EXPLAINABILITY", {"Get": "Parameters.Data"}, image, {}, inputs, **skip)
    install(sfn, [bias, MODEL, after, why], {"*scikit-learn*": science(), "test/serve:*": science()}, parameters)
    put(sfn, "config/analysis_config.json", json.dumps(config))
    put(sfn, "even/rows.csv", rows(0, 0.5))
    put(sfn, "uneven/rows.csv", rows(0, 0.1))
    put_model(sfn)
    run(sfn, "--name", "one")
    done = pipelines.bucket(sfn) / "checks"

    def metrics(name, section):
        entry = json.loads((done / name / "analysis.json").read_text())[section]["facets"]["group"][0]
        return {metric["name"]: metric["value"] for metric in entry["metrics"]}

    assert abs(metrics("Bias", "pre_training_bias_metrics")["DPL"]) < 0.2
    assert set(metrics("After", "post_training_bias_metrics")) == {"DPPL", "DI"}
    parts = json.loads((done / "Why/analysis.json").read_text())["explanations"]["kernel_shap"]["label0"]["global_shap_values"]
    assert parts["b"] > 1 and parts["group"] == 0 and parts["a"] == 0, "the model reads the last column alone"
    put(sfn, "old/analysis.json", (done / "Bias/analysis.json").read_text())
    said = run(sfn, "--name", "two", "--parameter", "Skip=False", "--parameter", "Data=s3://work/uneven/", code=1)
    assert "further from no bias than the baseline" in said


def test_a_notebook_runs_with_its_parameters(sfn):
    venv = os.environ.get("SFN_NOTEBOOK_VENV", str(ROOT / ".venv"))
    if subprocess.run([venv + "/bin/python", "-c", "import papermill, ipykernel"], capture_output=True).returncode != 0:
        pytest.skip("needs papermill and ipykernel; SFN_NOTEBOOK_VENV names a virtual environment that has them")

    def cell(source, *tags):
        return {"cell_type": "code", "execution_count": None, "id": f"c{len(source)}", "metadata": {"tags": list(tags)}, "outputs": [], "source": source}

    book = {"cells": [cell("who = 'nobody'", "parameters"), cell("print('hello', who)\nopen('beside.txt', 'w').write(who)")],
            "metadata": {"kernelspec": {"name": "python3", "display_name": "Python 3"}}, "nbformat": 4, "nbformat_minor": 5}
    step = {"Name": "Book", "Type": "Training", "Arguments": {
        "TrainingJobName": "Book", "RoleArn": ROLE, "AlgorithmSpecification": {
            "TrainingImage": "542.dkr.ecr/sagemaker-distribution-prod@sha256:b4", "TrainingInputMode": "File", "ContainerEntrypoint": ["/bin/bash"],
            "ContainerArguments": ["-l", "-c", "pip install sagemaker-headless-execution-driver && exec amazon_sagemaker_scheduler"]},
        "InputDataConfig": [channel("s3://work/book/", ChannelName="sagemaker_headless_execution_pipelinestep")],
        "OutputDataConfig": {"S3OutputPath": "s3://work/books"}, "ResourceConfig": {"InstanceCount": 1, "InstanceType": "ml.m5.large", "VolumeSizeInGB": 1},
        "StoppingCondition": {"MaxRuntimeInSeconds": 600}, "HyperParameters": {"who": "Ada"}, "Environment": {
            "SM_EXECUTION_INPUT_PATH": "/opt/ml/input/data/sagemaker_headless_execution_pipelinestep", "SM_INPUT_NOTEBOOK_NAME": "simple.ipynb",
            "SM_OUTPUT_NOTEBOOK_NAME": "done.ipynb", "SM_KERNEL_NAME": "python3"}}}
    install(sfn, [step], {"*sagemaker-distribution*": {"venv": venv}})
    put(sfn, "book/simple.ipynb", json.dumps(book))
    assert "hello Ada" in run(sfn, "--name", "one")
    archive = next(pipelines.bucket(sfn).glob("books/*/output/output.tar.gz"))
    with tarfile.open(archive) as packed:
        names = {member.name.removeprefix("./") for member in packed.getmembers()}
    assert {"done.ipynb", "beside.txt"} <= names
    book["cells"][1]["source"] = "raise ValueError('no rows')"
    put(sfn, "book/simple.ipynb", json.dumps(book))
    assert "ValueError: no rows (cell 2), in the notebook simple.ipynb" in run(sfn, "--name", "two", code=1)

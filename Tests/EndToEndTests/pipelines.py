"""A small pipeline whose jobs are one Python script: process, train, evaluate, condition, report or fail."""
import json
import pathlib

JOB = '''
import json, os, pathlib, sys, time

HERE = pathlib.Path(__file__).resolve().parent
WORD, ARGUMENTS = sys.argv[1], sys.argv[2:]
with open(HERE / "calls", "a") as calls:
    calls.write(WORD + "\\n")
if (HERE / f"slow-{WORD}").exists():
    time.sleep(float((HERE / f"slow-{WORD}").read_text()))
if (HERE / f"break-{WORD}").exists():
    sys.exit(f"{WORD} is broken")

def read(folder, name):
    return pathlib.Path(folder, name).read_text()

def write(folder, name, text):
    pathlib.Path(folder).mkdir(parents=True, exist_ok=True)
    pathlib.Path(folder, name).write_text(text)

if WORD == "prepare":
    write(ARGUMENTS[1], "train.csv", read(ARGUMENTS[0], "data.csv").upper())
elif WORD == "train":
    depth = os.environ["SM_HP_DEPTH"]
    rows = len(read(os.environ["SM_CHANNEL_TRAIN"], "train.csv").split())
    print(f"validation:rmse={1 / int(depth)};")
    write(os.environ["SM_MODEL_DIR"], "model.txt", f"{depth} {rows}")
elif WORD == "evaluate":
    write(ARGUMENTS[1], "evaluation.json", json.dumps({"rmse": float(ARGUMENTS[2]), "model": os.listdir(ARGUMENTS[0])}))
elif WORD == "report":
    write(ARGUMENTS[0], "report.txt", "well")
'''


def processing(name, word, arguments, inputs=(), outputs=(), cached=True, depends=(), **fields):
    return {
        "Name": name, "Type": "Processing",
        "Arguments": {
            "ProcessingResources": {"ClusterConfig": {"InstanceType": "ml.m5.large", "InstanceCount": {"Get": "Parameters.InstanceCount"}, "VolumeSizeInGB": 30}},
            "AppSpecification": {"ImageUri": f"test/{word}:1", "ContainerArguments": list(arguments)},
            "RoleArn": "arn:aws:iam::000000000000:role/r",
            "ProcessingInputs": [
                {"InputName": key, "AppManaged": False, "S3Input": {
                    "S3Uri": uri, "LocalPath": path, "S3DataType": "S3Prefix", "S3InputMode": "File"}} for key, uri, path in inputs],
            "ProcessingOutputConfig": {"Outputs": [
                {"OutputName": key, "AppManaged": False, "S3Output": {"S3Uri": uri, "LocalPath": path, "S3UploadMode": "EndOfJob"}}
                for key, uri, path in outputs]},
        },
        **({"CacheConfig": {"Enabled": True, "ExpireAfter": "30d"}} if cached else {}),
        **({"DependsOn": list(depends)} if depends else {}), **fields,
    }


def pipeline(expire="30d", cached=True):
    model = {"Get": "Steps.Train.ModelArtifacts.S3ModelArtifacts"}
    prepare = processing(
        "Prepare", "prepare", ["/opt/ml/processing/input", "/opt/ml/processing/train"],
        [("data", {"Get": "Parameters.Data"}, "/opt/ml/processing/input")], [("train", "s3://work/train", "/opt/ml/processing/train")], cached)
    train = {
        "Name": "Train", "Type": "Training",
        "Arguments": {
            "AlgorithmSpecification": {"TrainingImage": "test/train:1", "TrainingInputMode": "File", "MetricDefinitions": [
                {"Name": "validation:rmse", "Regex": "validation:rmse=([0-9.]+);"}]},
            "OutputDataConfig": {"S3OutputPath": "s3://work/models"},
            "StoppingCondition": {"MaxRuntimeInSeconds": 600},
            "ResourceConfig": {"InstanceType": "ml.m5.large", "InstanceCount": {"Get": "Parameters.InstanceCount"}, "VolumeSizeInGB": 30},
            "RoleArn": "arn:aws:iam::000000000000:role/r",
            "HyperParameters": {"depth": {"Get": "Parameters.Depth"}, "objective": "square"},
            "InputDataConfig": [{"ChannelName": "train", "DataSource": {"S3DataSource": {
                "S3DataType": "S3Prefix", "S3DataDistributionType": "FullyReplicated",
                "S3Uri": {"Get": "Steps.Prepare.ProcessingOutputConfig.Outputs['train'].S3Output.S3Uri"}}}}],
        },
        **({"CacheConfig": {"Enabled": True, "ExpireAfter": expire}} if cached else {}),
    }
    evaluate = processing(
        "Evaluate", "evaluate", ["/opt/ml/processing/model", "/opt/ml/processing/evaluation", {"Std:Join": {"On": "", "Values": [
            {"Get": "Steps.Train.FinalMetricDataList['validation:rmse'].Value"}]}}],
        [("model", model, "/opt/ml/processing/model")], [("evaluation", "s3://work/evaluation", "/opt/ml/processing/evaluation")], cached,
        PropertyFiles=[{"PropertyFileName": "Evaluation", "OutputName": "evaluation", "FilePath": "evaluation.json"}])
    check = {
        "Name": "Check", "Type": "Condition", "Arguments": {
            "Conditions": [{
                "Type": "LessThanOrEqualTo",
                "LeftValue": {"Std:JsonGet": {"PropertyFile": {"Get": "Steps.Evaluate.PropertyFiles.Evaluation"}, "Path": "rmse"}},
                "RightValue": {"Get": "Parameters.Limit"}}],
            "IfSteps": [processing("Report", "report", ["/opt/ml/processing/report"], [], [("report", "s3://work/report", "/opt/ml/processing/report")], cached)],
            "ElseSteps": [{"Name": "TooBad", "Type": "Fail", "Arguments": {"ErrorMessage": "the error is above the limit"}}],
        }}
    return {
        "Version": "2020-12-01", "Metadata": {},
        "Parameters": [
            {"Name": "Data", "Type": "String", "DefaultValue": "s3://work/raw"},
            {"Name": "Depth", "Type": "String", "DefaultValue": "4"},
            {"Name": "Limit", "Type": "Float", "DefaultValue": 0.5},
            {"Name": "InstanceCount", "Type": "Integer", "DefaultValue": 1}],
        "PipelineExperimentConfig": None,
        "Steps": [prepare, train, evaluate, check],
    }


def install(sfn, definition=None):
    """The pipeline and all that it needs in the test's folder; returns a function that takes the calls since it was last asked."""
    sfn.write("job.py", JOB)
    words = ["prepare", "train", "evaluate", "report"]
    sfn.write("sfn-run.json", {"images": {f"test/{word}:*": ["python3", "-S", "-E", str(sfn.folder / "job.py"), word] for word in words}})
    raw = bucket(sfn) / "raw"
    raw.mkdir(parents=True)
    (raw / "data.csv").write_text("a\nb\nc\n")
    sfn.write("small.json", definition or pipeline())
    path = sfn.folder / "calls"

    def calls():
        found = path.read_text().split() if path.exists() else []
        path.unlink(missing_ok=True)
        return found

    return calls


def bucket(sfn) -> pathlib.Path:
    return sfn.folder / ".sfn-run/data/buckets/work"


def steps(sfn, name):
    return {step["StepName"]: step for step in json.loads(sfn("steps", name, "--json").stdout)}

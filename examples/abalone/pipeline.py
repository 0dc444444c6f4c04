"""The pipeline in SageMaker's Python SDK (sagemaker 2): writes pipeline.json.

    pip install 'sagemaker<3' && python pipeline.py
"""
import json
import pathlib

import boto3
from sagemaker.estimator import Estimator
from sagemaker.image_uris import retrieve
from sagemaker.inputs import TrainingInput
from sagemaker.lambda_helper import Lambda
from sagemaker.model import Model
from sagemaker.model_metrics import MetricsSource, ModelMetrics
from sagemaker.processing import ProcessingInput, ProcessingOutput, ScriptProcessor
from sagemaker.sklearn.processing import SKLearnProcessor
from sagemaker.workflow.condition_step import ConditionStep
from sagemaker.workflow.conditions import ConditionLessThanOrEqualTo
from sagemaker.workflow.fail_step import FailStep
from sagemaker.workflow.functions import Join, JsonGet
from sagemaker.workflow.lambda_step import LambdaStep
from sagemaker.workflow.model_step import ModelStep
from sagemaker.workflow.parameters import ParameterFloat, ParameterInteger, ParameterString
from sagemaker.workflow.pipeline import Pipeline
from sagemaker.workflow.pipeline_context import PipelineSession
from sagemaker.workflow.properties import PropertyFile
from sagemaker.workflow.steps import CacheConfig, ProcessingStep, TrainingStep

REGION, ACCOUNT = "us-east-1", "123456789012"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/SageMakerRole"
BUCKET = f"sagemaker-{REGION}-{ACCOUNT}"
session = PipelineSession(boto_session=boto3.Session(region_name=REGION, aws_access_key_id="none", aws_secret_access_key="none"))
session._default_bucket = BUCKET  # nothing is asked of AWS

# parameters
input_data = ParameterString("InputData", default_value="s3://abalone-data/")
instance_count = ParameterInteger("ProcessingInstanceCount", default_value=1)
instance_type = ParameterString("TrainingInstanceType", default_value="ml.m5.xlarge")
approval = ParameterString("ModelApprovalStatus", default_value="PendingManualApproval")
max_depth = ParameterInteger("MaxDepth", default_value=5)
rounds = ParameterInteger("NumRound", default_value=50)
threshold = ParameterFloat("MseThreshold", default_value=150.0)
cache = CacheConfig(enable_caching=True, expire_after="P30D")

# process
processor = SKLearnProcessor(
    framework_version="1.2-1", instance_type="ml.m5.xlarge", instance_count=instance_count, role=ROLE, sagemaker_session=session)
process = ProcessingStep(
    name="AbaloneProcess", cache_config=cache,
    step_args=processor.run(
        code="s3://abalone-code/preprocess.py",
        inputs=[ProcessingInput(source=input_data, destination="/opt/ml/processing/input")],
        outputs=[ProcessingOutput(output_name=name, source=f"/opt/ml/processing/{name}") for name in ("train", "validation", "test")]))
outputs = process.properties.ProcessingOutputConfig.Outputs

# train
image = retrieve("xgboost", REGION, version="1.7-1", py_version="py3", instance_type="ml.m5.xlarge")
estimator = Estimator(
    image_uri=image, instance_type=instance_type, instance_count=1, output_path=f"s3://{BUCKET}/AbaloneTrain", role=ROLE,
    sagemaker_session=session, disable_profiler=True)
estimator.set_hyperparameters(
    objective="reg:squarederror", num_round=rounds, max_depth=max_depth, eta=0.2, gamma=4, min_child_weight=6, subsample=0.7)
train = TrainingStep(
    name="AbaloneTrain", cache_config=cache,
    step_args=estimator.fit({
        name: TrainingInput(outputs[name].S3Output.S3Uri, content_type="text/csv") for name in ("train", "validation")}))
model_data = train.properties.ModelArtifacts.S3ModelArtifacts

# evaluate
report = PropertyFile(name="EvaluationReport", output_name="evaluation", path="evaluation.json")
evaluator = ScriptProcessor(
    image_uri=image, command=["python3"], instance_type="ml.m5.xlarge", instance_count=1, role=ROLE, sagemaker_session=session)
evaluate = ProcessingStep(
    name="AbaloneEvaluate", property_files=[report], cache_config=cache,
    step_args=evaluator.run(
        code="s3://abalone-code/evaluate.py",
        inputs=[
            ProcessingInput(source=model_data, destination="/opt/ml/processing/model"),
            ProcessingInput(source=outputs["test"].S3Output.S3Uri, destination="/opt/ml/processing/test")],
        outputs=[ProcessingOutput(output_name="evaluation", source="/opt/ml/processing/evaluation")]))

# register, and tell the others which model it is; or fail
model = Model(image_uri=image, model_data=model_data, role=ROLE, sagemaker_session=session)
statistics = Join(on="/", values=[evaluate.properties.ProcessingOutputConfig.Outputs["evaluation"].S3Output.S3Uri, "evaluation.json"])
register = ModelStep(
    name="AbaloneRegister",
    step_args=model.register(
        content_types=["text/csv"], response_types=["text/csv"], inference_instances=["ml.m5.large"], transform_instances=["ml.m5.large"],
        model_package_group_name="Abalone", approval_status=approval,
        model_metrics=ModelMetrics(model_statistics=MetricsSource(s3_uri=statistics, content_type="application/json"))))
create = ModelStep(name="AbaloneCreate", step_args=model.create(instance_type="ml.m5.large"))
record = LambdaStep(
    name="RecordModelName", lambda_func=Lambda(function_arn=f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:record-model-name", session=session),
    inputs={"model_name": create.properties.ModelName}, outputs=[])
fail = FailStep(name="TooFarOff", error_message=Join(on=" ", values=["The model's mean squared error is above", threshold]))
good_enough = ConditionStep(
    name="GoodEnough",
    conditions=[ConditionLessThanOrEqualTo(
        left=JsonGet(step_name=evaluate.name, property_file=report, json_path="regression_metrics.mse.value"), right=threshold)],
    if_steps=[register, create, record], else_steps=[fail])

pipeline = Pipeline(
    name="AbalonePipeline", parameters=[input_data, instance_count, instance_type, approval, max_depth, rounds, threshold],
    steps=[process, train, evaluate, good_enough], sagemaker_session=session)

if __name__ == "__main__":
    # Not printed: the SDK logs to standard output.
    target = pathlib.Path(__file__).parent / "pipeline.json"
    target.write_text(json.dumps(json.loads(pipeline.definition()), indent=2) + "\n")

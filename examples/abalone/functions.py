"""The Lambda function of the pipeline: which model is the newest one stands in the parameter store."""
import boto3


def record_model_name(event, context):
    name = event["model_name"]
    boto3.client("ssm").put_parameter(Name="AbaloneModelName", Value=name, Type="String", Overwrite=True)
    print("recorded", name, "as AbaloneModelName")
    return {"parameter": "AbaloneModelName", "model_name": name}

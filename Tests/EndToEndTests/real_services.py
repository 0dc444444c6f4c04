"""What each integration is asked, with moto's server to answer, and what must then be there.

`World` makes what the actions need, with boto3 and without the proxy: a set of it for each name, so that what one run
makes is not what another made.
"""
import io
import json
import types
import typing
import urllib.request
import zipfile

import boto3

REGION = "us-east-1"
ACCOUNT = "123456789012"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/r"


def asked(url, data=None, method="GET"):
    request = urllib.request.Request(url, method=method, data=None if data is None else json.dumps(data).encode(), headers={"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=60) as answer:
        return json.loads(answer.read() or b"null")


def task(resource, parameters):
    return {"Type": "Task", "Resource": resource, "Parameters": parameters}


def side_by_side(states):
    """A Parallel with a branch for each state, which ends with `result` or with `error`."""
    branches = []
    for index, state in enumerate(states):
        state = {**state, "ResultPath": "$.result", "End": True, "Catch": [{"ErrorEquals": ["States.ALL"], "ResultPath": "$.error", "Next": f"Caught{index}"}]}
        if "ItemProcessor" in state:
            child, = state["ItemProcessor"]["States"].values()
            state["ItemProcessor"] = {**state["ItemProcessor"], "StartAt": f"Each{index}", "States": {f"Each{index}": child}}
        branches.append({"StartAt": f"One{index}", "States": {f"One{index}": state, f"Caught{index}": {"Type": "Pass", "End": True}}})
    return {"StartAt": "All", "States": {"All": {"Type": "Parallel", "Branches": branches, "End": True}}}


class Action(typing.NamedTuple):
    """One action: the parameters for what `made` has, the proof that it happened, a refusal, the name of throttling."""

    resource: str
    parameters: typing.Callable
    # (world, made, result) -> what must be true; it asks moto itself.
    proof: typing.Callable
    # Parameters that moto refuses; None: moto refuses nothing there.
    wrong: typing.Callable | None
    refusal: str
    throttling: str
    # Of the refusal, where it is another's.
    wrong_resource: str | None = None
    # The state, from resource and parameters.
    state: typing.Callable = task
    # Not retried by a client, but by the machine.
    is_http: bool = False

    @property
    def name(self):
        return self.resource.removeprefix("arn:aws:states:::")

    def good(self, made):
        state = self.state(self.resource, self.parameters(made))
        return {**state, "Retry": [{"ErrorEquals": [self.throttling], "IntervalSeconds": 1, "MaxAttempts": 1}]} if self.is_http else state

    def bad(self, made):
        return self.state(self.wrong_resource or self.resource, self.wrong(made))


class World:
    """Clients of moto, and what has been made there for each name; `proxies`: where the program that uses it finds moto."""

    def __init__(self, url, proxies):
        self.url, self.clients, self.key = url, {}, "test"
        self.vpc = self("ec2").describe_vpcs()["Vpcs"][0]["VpcId"]
        self.subnets = [one["SubnetId"] for one in self("ec2").describe_subnets()["Subnets"]][:2]
        self.group = self("ec2").describe_security_groups()["SecurityGroups"][0]["GroupId"]
        self("iam").create_role(RoleName="r", AssumeRolePolicyDocument="{}")
        self.shared()
        self.made = {name: self.make(name, proxy) for name, proxy in proxies.items()}

    def __call__(self, service):
        if service not in self.clients:
            self.clients[service] = boto3.client(service, endpoint_url=self.url, region_name=REGION, aws_access_key_id=self.key, aws_secret_access_key="test")
        return self.clients[service]

    def ask(self, path, data=None):
        """moto's own API."""
        return asked(f"{self.url}/moto-api/{path}", data, "GET" if data is None else "POST")

    def transitions(self, **progressions):
        """How moto's things go from one state to the next: `ecs__task="immediate"`, or so many questions a step."""
        for model, progression in progressions.items():
            transition = {"progression": progression} if isinstance(progression, str) else {"progression": "manual", "times": progression}
            self.ask("state-manager/set-transition", {"model_name": model.replace("__", "::"), "transition": transition})

    def shared(self):
        # What needs Docker, moto answers by itself.
        self.ask("config", {"batch": {"use_docker": False}, "lambda": {"use_docker": False}, "stepfunctions": {"execute_state_machine": True}})
        self.transitions(ecs__task="immediate", glue__job_run=1, athena__execution=1)
        code = io.BytesIO()
        with zipfile.ZipFile(code, "w") as archive:
            archive.writestr("f.py", "")
        self("lambda").create_function(FunctionName="f", Runtime="python3.12", Role=ROLE, Handler="f.f", Code={"ZipFile": code.getvalue()})
        self("dynamodb").create_table(
            TableName="t", KeySchema=[{"AttributeName": "k", "KeyType": "HASH"}], AttributeDefinitions=[{"AttributeName": "k", "AttributeType": "S"}],
            BillingMode="PAY_PER_REQUEST")
        self("s3").create_bucket(Bucket="bucket")
        self.make_machine()
        self("ecs").register_task_definition(family="d", containerDefinitions=[{"name": "c", "image": "i", "memory": 64}])
        self("ecs").create_cluster(clusterName="c")
        batch = self("batch")
        environment = batch.create_compute_environment(computeEnvironmentName="environment", type="UNMANAGED", state="ENABLED", serviceRole=ROLE)
        batch.create_job_queue(jobQueueName="a-queue", state="ENABLED", priority=1, computeEnvironmentOrder=[
            {"order": 1, "computeEnvironment": environment["computeEnvironmentArn"]}])
        batch.register_job_definition(jobDefinitionName="d", type="container", containerProperties={"image": "i", "vcpus": 1, "memory": 64})
        self("codebuild").create_project(
            name="project", source={"type": "S3", "location": "bucket/source.zip"}, artifacts={"type": "NO_ARTIFACTS"}, serviceRole=ROLE,
            environment={"type": "LINUX_CONTAINER", "image": "aws/codebuild/standard:7.0", "computeType": "BUILD_GENERAL1_SMALL"})

    def make(self, n, proxy):
        """What each name has of its own, for actions that change or end it."""
        made = types.SimpleNamespace(n=n, proxy=proxy)
        self.make_messages(made)
        self.make_objects(made)
        for action in ("get", "update", "delete"):
            self("dynamodb").put_item(TableName="t", Item={"k": {"S": f"{n}-{action}"}, "v": {"N": "1"}})
        made.query = self("athena").start_query_execution(QueryString="SELECT 1", ResultConfiguration={"OutputLocation": "s3://bucket/"})["QueryExecutionId"]
        while self("athena").get_query_execution(QueryExecutionId=made.query)["QueryExecution"]["Status"]["State"] != "SUCCEEDED":
            pass
        made.stopped_query = self("athena").start_query_execution(QueryString="SELECT 2", ResultConfiguration={"OutputLocation": "s3://bucket/"})["QueryExecutionId"]
        # A job runs once at a time.
        self("glue").create_job(Name=n, Role=ROLE, Command={"Name": "glueetl", "ScriptLocation": "s3://bucket/s.py"})
        made.build = self("codebuild").start_build(projectName="project")["build"]["id"]
        flow = lambda name: self("emr").run_job_flow(
            Name=name, JobFlowRole=ROLE, ServiceRole=ROLE, ReleaseLabel="emr-7.0.0", Instances={
                "KeepJobFlowAliveWhenNoSteps": True, "InstanceGroups": [
                    {"Name": "main", "InstanceRole": "MASTER", "InstanceType": "m5.large", "InstanceCount": 1, "Market": "ON_DEMAND"},
                    {"Name": "core", "InstanceRole": "CORE", "InstanceType": "m5.large", "InstanceCount": 1, "Market": "ON_DEMAND"}]})["JobFlowId"]
        made.cluster, made.ending_cluster = flow(n), flow(n + "-ending")
        application = lambda: self("emr-serverless").create_application(releaseLabel="emr-7.0.0", type="SPARK")["applicationId"]
        made.started, made.stopped, made.deleted, made.application = (application() for _ in range(4))
        self("emr-serverless").stop_application(applicationId=made.deleted)
        made.run = self("emr-serverless").start_job_run(applicationId=made.application, executionRoleArn=ROLE, clientToken=n)["jobRunId"]
        eks = self("eks")
        for cluster in (f"{n}-deleted", f"{n}-has"):
            eks.create_cluster(name=cluster, roleArn=ROLE, resourcesVpcConfig={"subnetIds": self.subnets})
        eks.create_nodegroup(clusterName=n + "-has", nodegroupName="deleted", subnets=self.subnets, nodeRole=ROLE)
        eks.create_fargate_profile(clusterName=n + "-has", fargateProfileName="deleted", podExecutionRoleArn=ROLE, selectors=[{"namespace": "x"}])
        self("sagemaker").create_model(ModelName=n + "-made", ExecutionRoleArn=ROLE, PrimaryContainer={"Image": "i"})
        self("sagemaker").create_endpoint_config(EndpointConfigName=n + "-made", ProductionVariants=[
            {"VariantName": "v", "ModelName": n + "-made", "InitialInstanceCount": 1, "InstanceType": "ml.m5.large"}])
        return made

    def make_machine(self):
        self("stepfunctions").create_state_machine(name="m", roleArn=ROLE, definition=json.dumps(
            {"StartAt": "P", "States": {"P": {"Type": "Pass", "Parameters": {"twice.$": "States.MathAdd($.n, $.n)"}, "End": True}}}))

    def make_messages(self, made):
        """A queue, one that listens to a topic, one that listens to a bus."""
        made.queue, made.of_topic, made.of_bus = (self("sqs").create_queue(QueueName=made.n + end)["QueueUrl"] for end in ("", "-topic", "-bus"))
        queue = f"arn:aws:sqs:{REGION}:{ACCOUNT}:{made.n}"
        made.topic = self("sns").create_topic(Name=made.n)["TopicArn"]
        self("sns").subscribe(TopicArn=made.topic, Protocol="sqs", Endpoint=queue + "-topic", Attributes={"RawMessageDelivery": "true"})
        self("events").put_rule(Name=made.n, EventPattern=json.dumps({"source": [made.n]}))
        self("events").put_targets(Rule=made.n, Targets=[{"Id": "q", "Arn": queue + "-bus"}])

    def make_objects(self, made):
        for key in ("/there", "/read"):
            self("s3").put_object(Bucket="bucket", Key=made.n + key, Body=b'[{"a":1},{"a":2}]')

    def messages(self, url):
        """All that the queue has, once it has any; they stay invisible for a while."""
        found, wait = [], 20
        while more := self("sqs").receive_message(QueueUrl=url, MaxNumberOfMessages=10, WaitTimeSeconds=wait).get("Messages"):
            found, wait = found + [one["Body"] for one in more], 0
        return found


def optimized(resource, parameters, proof, wrong, refusal, throttling, **more):
    return Action("arn:aws:states:::" + resource, parameters, proof, wrong, refusal, throttling, **more)


def changed(parameters, **fields):
    """The same parameters, some of them wrong."""
    return lambda made: {**parameters(made), **fields}


def item(w, key):
    return w("dynamodb").get_item(TableName="t", Key={"k": {"S": key}}).get("Item")


DYNAMODB = "DynamoDB.ProvisionedThroughputExceededException"
NO_TABLE = "DynamoDB.ResourceNotFoundException"


def dynamodb(action, more, proof):
    parameters = lambda m: {"TableName": "t", **more(m)}
    return optimized(f"dynamodb:{action}", parameters, proof, changed(parameters, TableName="nothing"), NO_TABLE, DYNAMODB)


DATA = [
    dynamodb("putItem", lambda m: {"Item": {"k": {"S": m.n}, "v": {"N": "7"}}}, lambda w, m, r: item(w, m.n)["v"] == {"N": "7"}),
    dynamodb("getItem", lambda m: {"Key": {"k": {"S": m.n + "-get"}}}, lambda w, m, r: r["Item"] == {"k": {"S": m.n + "-get"}, "v": {"N": "1"}}),
    # Twice would be 3.
    dynamodb(
        "updateItem", lambda m: {"Key": {"k": {"S": m.n + "-update"}}, "UpdateExpression": "ADD v :one", "ExpressionAttributeValues": {":one": {"N": "1"}}},
        lambda w, m, r: item(w, m.n + "-update")["v"] == {"N": "2"}),
    dynamodb("deleteItem", lambda m: {"Key": {"k": {"S": m.n + "-delete"}}}, lambda w, m, r: item(w, m.n + "-delete") is None),
    optimized(
        "s3:putObject", lambda m: {"Bucket": "bucket", "Key": m.n + "/put", "Body": {"a": 1}},
        lambda w, m, r: json.loads(w("s3").get_object(Bucket="bucket", Key=m.n + "/put")["Body"].read()) == {"a": 1},
        lambda m: {"Bucket": "no-bucket", "Key": "k", "Body": "x"}, "S3.NoSuchBucketException", "S3.AmazonS3Exception"),
    optimized(
        "s3:getObject", lambda m: {"Bucket": "bucket", "Key": m.n + "/there"}, lambda w, m, r: r["Body"] == '[{"a":1},{"a":2}]',
        lambda m: {"Bucket": "bucket", "Key": "nothing"}, "S3.NoSuchKeyException", "S3.AmazonS3Exception"),
    optimized(
        "s3:listObjectsV2", lambda m: {"Bucket": "bucket", "Prefix": m.n + "/there"}, lambda w, m, r: [one["Key"] for one in r["Contents"]] == [m.n + "/there"],
        lambda m: {"Bucket": "no-bucket"}, "S3.NoSuchBucketException", "S3.AmazonS3Exception"),
]

MESSAGES = [
    optimized(
        "sqs:sendMessage", lambda m: {"QueueUrl": m.queue, "MessageBody": {"from": m.n}},
        lambda w, m, r: [json.loads(one) for one in w.messages(m.queue)] == [{"from": m.n}],
        lambda m: {"QueueUrl": m.queue + "-not", "MessageBody": "x"}, "SQS.QueueDoesNotExistException", "SQS.RequestThrottledException"),
    optimized(
        "sns:publish", lambda m: {"TopicArn": m.topic, "Message": "topic " + m.n},
        lambda w, m, r: w.messages(m.of_topic) == ["topic " + m.n],
        lambda m: {"TopicArn": m.topic + "-not", "Message": "x"}, "SNS.NotFoundException", "SNS.ThrottledException"),
    optimized(
        "events:putEvents", lambda m: {"Entries": [{"Source": m.n, "DetailType": "t", "Detail": {"event": m.n}}]},
        lambda w, m, r: [json.loads(one)["detail"] for one in w.messages(m.of_bus)] == [{"event": m.n}],
        lambda m: {"Entries": [{"Source": m.n, "DetailType": "t"}]}, "EventBridge.FailedEntry", "EventBridge.ThrottlingException"),
    optimized(
        "lambda:invoke", lambda m: {"FunctionName": "f", "Payload": {"n": m.n}}, lambda w, m, r: r["Payload"] == {"n": m.n},
        lambda m: {"FunctionName": "nothing"}, "Lambda.ResourceNotFoundException", "Lambda.TooManyRequestsException"),
    Action(
        f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:f", lambda m: {"arn": m.n}, lambda w, m, r: r == {"arn": m.n},
        lambda m: {}, "Lambda.ResourceNotFoundException", "Lambda.TooManyRequestsException", wrong_resource=f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:nothing"),
]


def machine_arn(name):
    return f"arn:aws:states:{REGION}:{ACCOUNT}:stateMachine:{name}"


def nested(pattern, shown):
    parameters = lambda m: {"StateMachineArn": machine_arn("m"), "Input": {"n": 21}, "Name": m.n + pattern.replace(".", "-").replace(":", "")}
    return optimized(
        f"states:startExecution{pattern}", parameters,
        lambda w, m, r: shown(r) and json.loads(w("stepfunctions").describe_execution(executionArn=r["ExecutionArn"])["input"]) == {"n": 21},
        changed(parameters, StateMachineArn=machine_arn("nothing")), "StepFunctions.StateMachineDoesNotExistException", "StepFunctions.AWSStepFunctionsException")


NESTED = [
    nested("", lambda r: "StartDate" in r), nested(".sync", lambda r: json.loads(r["Output"]) == {"twice": 42}),
    nested(".sync:2", lambda r: r["Output"] == {"twice": 42}),
]

OUTPUT = {"S3OutputPath": "s3://bucket/out"}
RESOURCES = {"InstanceType": "ml.m5.large", "InstanceCount": 1, "VolumeSizeInGB": 10}
STOPPING = {"MaxRuntimeInSeconds": 60}
SAGEMAKER = "SageMaker.AmazonSageMakerException"


def sagemaker(action, noun, more, wrong=None, refusal=None):
    """A thing of SageMaker. moto refuses less than SageMaker does: no second training job of a name, for one."""
    name = lambda m: {noun + "Name": m.n}
    describe = "describe_" + {"HyperParameterTuningJob": "hyper_parameter_tuning_job"}.get(
        noun, "".join("_" + one.lower() if one.isupper() else one for one in noun).lstrip("_"))
    key = noun + ("Arn" if noun in ("Model", "EndpointConfig") else "Status")
    return optimized(
        f"sagemaker:{action}", lambda m: {**name(m), **more(m)},
        lambda w, m, r: r[noun + "Arn"] == getattr(w("sagemaker"), describe)(**name(m))[noun + "Arn"] and bool(r[key]),
        (lambda m: {**name(m), **more(m), **wrong(m)}) if wrong else None, refusal or SAGEMAKER, SAGEMAKER)


SAGEMAKERS = [
    sagemaker("createTrainingJob.sync", "TrainingJob", lambda m: {
        "RoleArn": ROLE, "AlgorithmSpecification": {"TrainingImage": "i", "TrainingInputMode": "File"}, "OutputDataConfig": OUTPUT, "ResourceConfig": RESOURCES,
        "StoppingCondition": STOPPING}),
    sagemaker("createProcessingJob.sync", "ProcessingJob", lambda m: {
        "RoleArn": ROLE, "AppSpecification": {"ImageUri": "i"}, "ProcessingResources": {"ClusterConfig": RESOURCES}}),
    sagemaker("createTransformJob.sync", "TransformJob", lambda m: {
        "ModelName": m.n + "-made", "TransformInput": {"DataSource": {"S3DataSource": {"S3DataType": "S3Prefix", "S3Uri": "s3://bucket/in"}}},
        "TransformOutput": OUTPUT, "TransformResources": {"InstanceType": "ml.m5.large", "InstanceCount": 1}}),
    sagemaker("createHyperParameterTuningJob.sync", "HyperParameterTuningJob", lambda m: {
        "HyperParameterTuningJobConfig": {"Strategy": "Random", "ResourceLimits": {"MaxNumberOfTrainingJobs": 1, "MaxParallelTrainingJobs": 1}}}, wrong=lambda m: {}, refusal="SageMaker.ResourceInUseException"),
    sagemaker("createCompilationJob.sync", "CompilationJob", lambda m: {
        "RoleArn": ROLE, "OutputConfig": {"S3OutputLocation": "s3://bucket/out", "TargetDevice": "ml_c5"}, "StoppingCondition": STOPPING,
        "InputConfig": {"S3Uri": "s3://bucket/in", "DataInputConfig": "{}", "Framework": "XGBOOST"}}, wrong=lambda m: {}, refusal="SageMaker.ResourceInUseException"),
    sagemaker("createModel", "Model", lambda m: {"ExecutionRoleArn": ROLE, "PrimaryContainer": {"Image": "i"}}),
    sagemaker("createEndpointConfig", "EndpointConfig", lambda m: {"ProductionVariants": [
        {"VariantName": "v", "ModelName": m.n + "-made", "InitialInstanceCount": 1, "InstanceType": "ml.m5.large"}]},
        wrong=lambda m: {"ProductionVariants": [{"VariantName": "v", "ModelName": "nothing", "InitialInstanceCount": 1, "InstanceType": "ml.m5.large"}]}),
    sagemaker("createEndpoint.sync", "Endpoint", lambda m: {"EndpointConfigName": m.n + "-made"}, wrong=lambda m: {"EndpointConfigName": "nothing"}),
]

ECS = lambda m: {"Cluster": "c", "TaskDefinition": "d", "LaunchType": "FARGATE", "StartedBy": m.n}
BATCH = lambda m: {"JobName": m.n, "JobQueue": "a-queue", "JobDefinition": "d"}
GLUE = lambda m: {"JobName": m.n, "Arguments": {"--name": m.n}}


def customization(name):
    return {
        "JobName": name, "CustomModelName": name, "RoleArn": ROLE, "BaseModelIdentifier": "amazon.titan-text-lite-v1", "TrainingDataConfig": {"S3Uri": "s3://bucket/in"},
        "OutputDataConfig": {"S3Uri": "s3://bucket/out"}, "HyperParameters": {"epochCount": "1"}}



COMPUTE = [
    optimized(
        "ecs:runTask.sync", ECS,
        lambda w, m, r: r["LastStatus"] == "STOPPED" and w("ecs").list_tasks(cluster="c", startedBy=m.n)["taskArns"] == [r["TaskArn"]],
        changed(ECS, Cluster="nothing"), "ECS.ClusterNotFoundException", "ECS.AmazonECSException"),
    optimized(
        "batch:submitJob.sync", BATCH,
        lambda w, m, r: r["Status"] == "SUCCEEDED" and [one["jobName"] for one in w("batch").describe_jobs(jobs=[r["JobId"]])["jobs"]] == [m.n],
        changed(BATCH, JobQueue="nothing"), "Batch.ClientException", "Batch.AWSBatchException"),
    optimized(
        "glue:startJobRun.sync", GLUE,
        lambda w, m, r: r["JobRunState"] == "SUCCEEDED" and w("glue").get_job_run(JobName=m.n, RunId=r["Id"])["JobRun"]["Arguments"]["--name"] == m.n,
        changed(GLUE, JobName="nothing"), "Glue.EntityNotFoundException", "Glue.ThrottlingException"),
    optimized(
        "codebuild:startBuild.sync", lambda m: {"ProjectName": "project"},
        lambda w, m, r: w("codebuild").batch_get_builds(ids=[r["Build"]["Id"]])["builds"][0]["buildStatus"] == "SUCCEEDED",
        lambda m: {"ProjectName": "nothing"}, "CodeBuild.ResourceNotFoundException", "CodeBuild.AWSCodeBuildException"),
    optimized(
        "codebuild:stopBuild", lambda m: {"Id": m.build},
        # Whoever asks moto for a build gets it SUCCEEDED.
        lambda w, m, r: r["Build"]["Id"] == m.build and r["Build"]["BuildStatus"] == "STOPPED",
        lambda m: {"Id": "project:" + m.n}, "CodeBuild.ResourceNotFoundException", "CodeBuild.AWSCodeBuildException"),
    # moto finds no customization by its ARN, by which a job is asked for.
    optimized(
        "bedrock:createModelCustomizationJob", lambda m: customization(m.n),
        lambda w, m, r: w("bedrock").get_model_customization_job(jobIdentifier=m.n)["jobArn"] == r["JobArn"],
        lambda m: customization(m.n), "Bedrock.ResourceInUseException", "Bedrock.ThrottlingException"),
    optimized(
        "bedrock:invokeModel", lambda m: {"ModelId": "amazon.titan-text-lite-v1", "Body": {"inputText": m.n}}, lambda w, m, r: r["Body"] == {},
        None, "", "Bedrock.ThrottlingException"),
]

QUERY = lambda m: {"QueryString": f"SELECT '{m.n}'", "ResultConfiguration": {"OutputLocation": "s3://bucket/athena"}}
ATHENA = "Athena.TooManyRequestsException"
ANALYTICS = [
    optimized(
        "athena:startQueryExecution.sync", QUERY,
        lambda w, m, r: r["QueryExecution"]["Status"]["State"] == "SUCCEEDED"
        and w("athena").get_query_execution(QueryExecutionId=r["QueryExecution"]["QueryExecutionId"])["QueryExecution"]["Query"] == f"SELECT '{m.n}'",
        changed(QUERY, WorkGroup="nothing"), "Athena.InvalidRequestException", ATHENA),
    optimized(
        "athena:getQueryExecution", lambda m: {"QueryExecutionId": m.query}, lambda w, m, r: r["QueryExecution"]["Query"] == "SELECT 1",
        # moto breaks: 500.
        lambda m: {"QueryExecutionId": "nothing"}, "Athena.AmazonAthenaException", ATHENA),
    optimized(
        "athena:getQueryResults", lambda m: {"QueryExecutionId": m.query}, lambda w, m, r: r["ResultSet"]["Rows"] == [],
        lambda m: {"QueryExecutionId": m.stopped_query}, "Athena.InvalidRequestException", ATHENA),
    optimized(
        "athena:stopQueryExecution", lambda m: {"QueryExecutionId": m.stopped_query},
        lambda w, m, r: w("athena").get_query_execution(QueryExecutionId=m.stopped_query)["QueryExecution"]["Status"]["State"] == "CANCELLED",
        lambda m: {"QueryExecutionId": "nothing"}, "Athena.AmazonAthenaException", ATHENA),
]

EMR = "ElasticMapReduce.AmazonElasticMapReduceException"
CLUSTER = lambda m: {
    "Name": "new-" + m.n, "JobFlowRole": ROLE, "ServiceRole": ROLE, "ReleaseLabel": "emr-7.0.0",
    "Instances": {"KeepJobFlowAliveWhenNoSteps": True, "MasterInstanceType": "m5.large", "InstanceCount": 1}}
STEP = lambda m: {"ClusterId": m.cluster, "Step": {"Name": m.n, "ActionOnFailure": "CONTINUE", "HadoopJarStep": {"Jar": "j.jar"}}}
SERVERLESS = "EMRServerless.AWSEMRServerlessException"


def state(w, application):
    return w("emr-serverless").get_application(applicationId=application)["application"]["state"]


EMRS = [
    optimized(
        "elasticmapreduce:createCluster.sync", CLUSTER,
        lambda w, m, r: [one["Name"] for one in w("emr").list_clusters()["Clusters"] if one["Id"] == r["ClusterId"]] == ["new-" + m.n],
        changed(CLUSTER, AmiVersion="3.8.1"), EMR, EMR),
    # moto's steps never end.
    optimized(
        "elasticmapreduce:addStep", STEP, lambda w, m, r: w("emr").describe_step(ClusterId=m.cluster, StepId=r["StepId"])["Step"]["Name"] == m.n,
        changed(STEP, ClusterId="j-NOTHING"), EMR, EMR),
    optimized(
        "elasticmapreduce:setClusterTerminationProtection", lambda m: {"ClusterId": m.cluster, "TerminationProtected": True},
        lambda w, m, r: w("emr").describe_cluster(ClusterId=m.cluster)["Cluster"]["TerminationProtected"] is True,
        lambda m: {"ClusterId": "j-NOTHING", "TerminationProtected": True}, EMR, EMR),
    optimized(
        "elasticmapreduce:modifyInstanceGroupByName", lambda m: {"ClusterId": m.cluster, "InstanceGroupName": "core", "InstanceGroup": {"InstanceCount": 4}},
        lambda w, m, r: [one["RequestedInstanceCount"] for one in w("emr").list_instance_groups(ClusterId=m.cluster)["InstanceGroups"] if one["Name"] == "core"] == [4],
        lambda m: {"ClusterId": m.cluster, "InstanceGroupName": "nothing", "InstanceGroup": {"InstanceCount": 4}}, EMR, EMR),
    optimized(
        "elasticmapreduce:terminateCluster.sync", lambda m: {"ClusterId": m.ending_cluster},
        lambda w, m, r: w("emr").describe_cluster(ClusterId=m.ending_cluster)["Cluster"]["Status"]["State"] == "TERMINATED",
        lambda m: {"ClusterId": "j-NOTHING"}, EMR, EMR),
    optimized(
        "emr-serverless:createApplication.sync", lambda m: {"ReleaseLabel": "emr-7.0.0", "Type": "SPARK", "Name": m.n},
        lambda w, m, r: w("emr-serverless").get_application(applicationId=r["Application"]["ApplicationId"])["application"]["name"] == m.n,
        lambda m: {"ReleaseLabel": "nothing", "Type": "SPARK", "Name": m.n}, "EMRServerless.ValidationException", SERVERLESS),
    optimized(
        "emr-serverless:startApplication.sync", lambda m: {"ApplicationId": m.started}, lambda w, m, r: state(w, m.started) == "STARTED",
        lambda m: {"ApplicationId": "nothing"}, "EMRServerless.ResourceNotFoundException", SERVERLESS),
    optimized(
        "emr-serverless:stopApplication.sync", lambda m: {"ApplicationId": m.stopped}, lambda w, m, r: state(w, m.stopped) == "STOPPED",
        lambda m: {"ApplicationId": "nothing"}, "EMRServerless.ResourceNotFoundException", SERVERLESS),
    optimized(
        "emr-serverless:deleteApplication.sync", lambda m: {"ApplicationId": m.deleted}, lambda w, m, r: state(w, m.deleted) == "TERMINATED",
        lambda m: {"ApplicationId": "nothing"}, "EMRServerless.ResourceNotFoundException", SERVERLESS),
    optimized(
        "emr-serverless:startJobRun.sync", lambda m: {"ApplicationId": m.application, "ExecutionRoleArn": ROLE, "Name": m.n},
        lambda w, m, r: r["JobRun"]["State"] == "SUCCESS"
        and w("emr-serverless").get_job_run(applicationId=m.application, jobRunId=r["JobRun"]["JobRunId"])["jobRun"]["name"] == m.n,
        lambda m: {"ApplicationId": "nothing", "ExecutionRoleArn": ROLE}, "EMRServerless.ResourceNotFoundException", SERVERLESS),
    optimized(
        "emr-serverless:cancelJobRun.sync", lambda m: {"ApplicationId": m.application, "JobRunId": m.run},
        lambda w, m, r: w("emr-serverless").get_job_run(applicationId=m.application, jobRunId=m.run)["jobRun"]["state"] == "CANCELLED",
        lambda m: {"ApplicationId": m.application, "JobRunId": "nothing"}, "EMRServerless.ResourceNotFoundException", SERVERLESS),
]

EKS = "EKS.ThrottlingException"
NODES = lambda m: {"ClusterName": m.n + "-has", "NodegroupName": m.n, "Subnets": ["subnet-1"], "NodeRole": ROLE}
PROFILE = lambda m: {"ClusterName": m.n + "-has", "FargateProfileName": m.n, "PodExecutionRoleArn": ROLE, "Selectors": [{"Namespace": "x"}]}
NEW_CLUSTER = lambda m: {"Name": m.n, "RoleArn": ROLE, "ResourcesVpcConfig": {"SubnetIds": ["subnet-1", "subnet-2"]}}
EKSES = [
    optimized(
        "eks:createCluster.sync", NEW_CLUSTER, lambda w, m, r: r["Cluster"]["Status"] == "ACTIVE" and m.n in w("eks").list_clusters()["clusters"],
        changed(NEW_CLUSTER, Name="good-has"), "EKS.ResourceInUseException", EKS),
    optimized(
        "eks:deleteCluster.sync", lambda m: {"Name": m.n + "-deleted"}, lambda w, m, r: m.n + "-deleted" not in w("eks").list_clusters()["clusters"],
        lambda m: {"Name": "nothing"}, "EKS.ResourceNotFoundException", EKS),
    optimized(
        "eks:createNodegroup.sync", NODES, lambda w, m, r: m.n in w("eks").list_nodegroups(clusterName=m.n + "-has")["nodegroups"],
        changed(NODES, ClusterName="nothing"), "EKS.ResourceNotFoundException", EKS),
    optimized(
        "eks:deleteNodegroup.sync", lambda m: {"ClusterName": m.n + "-has", "NodegroupName": "deleted"},
        lambda w, m, r: "deleted" not in w("eks").list_nodegroups(clusterName=m.n + "-has")["nodegroups"],
        lambda m: {"ClusterName": m.n + "-has", "NodegroupName": "nothing"}, "EKS.ResourceNotFoundException", EKS),
    optimized(
        "eks:createFargateProfile.sync", PROFILE, lambda w, m, r: m.n in w("eks").list_fargate_profiles(clusterName=m.n + "-has")["fargateProfileNames"],
        changed(PROFILE, ClusterName="nothing"), "EKS.ResourceNotFoundException", EKS),
    optimized(
        "eks:deleteFargateProfile.sync", lambda m: {"ClusterName": m.n + "-has", "FargateProfileName": "deleted"},
        lambda w, m, r: "deleted" not in w("eks").list_fargate_profiles(clusterName=m.n + "-has")["fargateProfileNames"],
        lambda m: {"ClusterName": m.n + "-has", "FargateProfileName": "nothing"}, "EKS.ResourceNotFoundException", EKS),
]


def sdk(action, parameters, proof, wrong, refusal, throttling, **more):
    return optimized("aws-sdk:" + action, parameters, proof, wrong, refusal, throttling, **more)


# Every protocol.
SDK = [
    # json
    sdk("dynamodb:getItem", lambda m: {"Key": {"k": {"S": m.n + "-get"}}, "TableName": "t", "ConsistentRead": True},
        lambda w, m, r: r["Item"]["v"] == {"N": "1"}, lambda m: {"TableName": "nothing", "Key": {"k": {"S": "x"}}},
        "DynamoDb.ResourceNotFoundException", "DynamoDb.ProvisionedThroughputExceededException"),
    sdk("ssm:putParameter", lambda m: {"Name": m.n, "Value": "v", "Type": "String"},
        lambda w, m, r: r["Version"] == w("ssm").get_parameter(Name=m.n)["Parameter"]["Version"] == 1,
        lambda m: {"Name": "good", "Value": "v", "Type": "String"}, "Ssm.ParameterAlreadyExistsException", "Ssm.ThrottlingException"),
    sdk("secretsmanager:createSecret", lambda m: {"Name": m.n, "SecretString": "s"},
        lambda w, m, r: w("secretsmanager").get_secret_value(SecretId=m.n)["SecretString"] == "s",
        lambda m: {"Name": m.n, "SecretString": "again"}, "SecretsManager.ResourceExistsException", "SecretsManager.SecretsManagerException"),
    # query
    sdk("iam:createRole", lambda m: {"RoleName": m.n, "AssumeRolePolicyDocument": "{}"}, lambda w, m, r: w("iam").get_role(RoleName=m.n)["Role"]["Arn"] == r["Role"]["Arn"],
        lambda m: {"RoleName": "r", "AssumeRolePolicyDocument": "{}"}, "Iam.EntityAlreadyExistsException", "Iam.IamException"),
    sdk("sns:createTopic", lambda m: {"Name": "sdk-" + m.n}, lambda w, m, r: w("sns").get_topic_attributes(TopicArn=r["TopicArn"])["Attributes"]["TopicArn"] == r["TopicArn"],
        lambda m: {"Name": "not a name"}, "Sns.InvalidParameterException", "Sns.ThrottledException"),
    # rest-json
    sdk("lambda:getFunction", lambda m: {"FunctionName": "f"}, lambda w, m, r: r["Configuration"]["FunctionName"] == "f", lambda m: {"FunctionName": "nothing"},
        "Lambda.ResourceNotFoundException", "Lambda.TooManyRequestsException"),
    sdk("apigateway:createRestApi", lambda m: {"Name": m.n}, lambda w, m, r: w("apigateway").get_rest_api(restApiId=r["Id"])["name"] == m.n,
        lambda m: {"Name": m.n, "ApiKeySource": "NOTHING"}, "ApiGateway.ApiGatewayException", "ApiGateway.TooManyRequestsException"),
    # rest-xml
    sdk("s3:putObject", lambda m: {"Bucket": "bucket", "Key": m.n + "/sdk key", "Body": "ü"},
        lambda w, m, r: w("s3").head_object(Bucket="bucket", Key=m.n + "/sdk key")["ETag"] == r["ETag"],
        lambda m: {"Bucket": "no-bucket", "Key": "k", "Body": ""}, "S3.NoSuchBucketException", "S3.S3Exception"),
    sdk("route53:createHostedZone", lambda m: {"Name": m.n + ".example", "CallerReference": m.n},
        lambda w, m, r: w("route53").get_hosted_zone(Id=r["HostedZone"]["Id"])["HostedZone"]["Name"] == m.n + ".example.",
        lambda m: {"Id": "Z0NOTHING"}, "Route53.NoSuchHostedZoneException", "Route53.Route53Exception", wrong_resource="arn:aws:states:::aws-sdk:route53:getHostedZone"),
    # ec2
    sdk("ec2:createVpc", lambda m: {"CidrBlock": "10.9.0.0/16"}, lambda w, m, r: w("ec2").describe_vpcs(VpcIds=[r["Vpc"]["VpcId"]])["Vpcs"][0]["CidrBlock"] == "10.9.0.0/16",
        lambda m: {"CidrBlock": "everything"}, "Ec2.Ec2Exception", "Ec2.Ec2Exception"),
    sdk("ec2:describeVpcs", lambda m: {}, lambda w, m, r: w.vpc in [one["VpcId"] for one in r["Vpcs"]], lambda m: {"VpcIds": ["vpc-00000000"]},
        "Ec2.Ec2Exception", "Ec2.Ec2Exception"),
]

WRITTEN = "results of "


def of_objects(resource, parameters):
    """A distributed Map that reads an object, or one that writes its results."""
    state = {"Type": "Map", "ItemProcessor": {
        "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "EXPRESS"}, "StartAt": "Each", "States": {"Each": {"Type": "Pass", "End": True}}}}
    if resource.endswith("putObject"):
        return {**state, "ItemsPath": "$.items", "ResultWriter": {"Resource": resource, "Parameters": parameters}}
    return {**state, "ItemReader": {"Resource": resource, "ReaderConfig": {"InputType": "JSON"} if resource.endswith("getObject") else {}, "Parameters": parameters}}


def results(w, m, r):
    where = r["ResultWriterDetails"]
    manifest = json.loads(w("s3").get_object(Bucket="bucket", Key=where["Key"])["Body"].read())
    file, = manifest["ResultFiles"]["SUCCEEDED"]
    return sorted(json.loads(one["Output"]) for one in json.loads(w("s3").get_object(Bucket="bucket", Key=file["Key"])["Body"].read())) == [1, 2, 3]


MAPS = [
    optimized(
        "s3:getObject", lambda m: {"Bucket": "bucket", "Key": m.n + "/read"}, lambda w, m, r: r == [{"a": 1}, {"a": 2}],
        lambda m: {"Bucket": "bucket", "Key": "nothing"}, "States.ItemReaderFailed", "States.ItemReaderFailed", state=of_objects),
    optimized(
        "s3:listObjectsV2", lambda m: {"Bucket": "bucket", "Prefix": m.n + "/read"}, lambda w, m, r: [(one["Key"], one["Size"]) for one in r] == [(m.n + "/read", 17)],
        lambda m: {"Bucket": "no-bucket"}, "States.ItemReaderFailed", "States.ItemReaderFailed", state=of_objects),
    optimized(
        "s3:putObject", lambda m: {"Bucket": "bucket", "Prefix": WRITTEN + m.n}, results,
        lambda m: {"Bucket": "no-bucket"}, "States.ResultWriterFailed", "States.ResultWriterFailed", state=of_objects),
]


def transition(m):
    return {"model_name": "http::" + m.n, "transition": {"progression": "manual", "times": 7}}


# HTTP APIs: moto's own, and its S3 without a signature.
HTTP = [
    optimized(
        "http:invoke", lambda m: {"ApiEndpoint": m.proxy + "/moto-api/state-manager/set-transition", "Method": "POST", "RequestBody": transition(m)},
        lambda w, m, r: r["StatusCode"] == 201 and w.ask("state-manager/get-transition?model_name=http::" + m.n) == transition(m)["transition"],
        lambda m: {"ApiEndpoint": m.proxy + "/moto-api/nothing", "Method": "GET"}, "States.Http.StatusCode.404", "States.Http.StatusCode.429", is_http=True),
    # moto serves no API of its API Gateway; test_localstack.py has one that is.
    optimized(
        "apigateway:invoke", lambda m: {"ApiEndpoint": m.proxy, "Stage": "bucket", "Path": m.n + "/posted", "Method": "PUT", "RequestBody": {"from": m.n}},
        lambda w, m, r: r["StatusCode"] == 200 and json.loads(w("s3").get_object(Bucket="bucket", Key=m.n + "/posted")["Body"].read()) == {"from": m.n},
        lambda m: {"ApiEndpoint": m.proxy, "Stage": "bucket", "Path": "nothing", "Method": "GET"}, "ApiGateway.404", "ApiGateway.429", is_http=True),
]

ACTIONS = HTTP + MAPS + DATA + MESSAGES + NESTED + SAGEMAKERS + COMPUTE + ANALYTICS + EMRS + EKSES + SDK

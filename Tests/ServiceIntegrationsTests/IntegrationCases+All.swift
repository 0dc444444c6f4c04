extension IntegrationCase {
    private static let done = #""HttpStatusCode":200"#
    private static let cluster = #""ClusterName":"c","CertificateAuthority":"eA==","Endpoint":"PLAY""#
    private static let kubernetesJob = #"{\#(cluster),"LogOptions":{"RetrieveLogs":true},"Job":{"metadata":{"name":"j"},"spec":{}}}"#

    /// Every action of every integration.
    static let all: [IntegrationCase] = data + messages + machines + sageMaker + compute + analytics + emr + eks + http

    static let jobs: [IntegrationCase] = all.filter { $0.running != nil }

    private static let data: [IntegrationCase] = [
        .init("dynamodb:getItem", #"{"TableName":"t","Key":{"a":{"S":"b"}}}"#, [#"{"Item":{"a":{"S":"b"}}}"#], #""Item":{"a":{"S":"b"}}"#),
        .init("dynamodb:putItem", #"{"TableName":"t","Item":{"a":{"S":"b"}}}"#, ["{}"], done),
        .init("dynamodb:updateItem", #"{"TableName":"t","Key":{"a":{"S":"b"}}}"#, ["{}"], done),
        .init("dynamodb:deleteItem", #"{"TableName":"t","Key":{"a":{"S":"b"}}}"#, ["{}"], done),
        .init("aws-sdk:dynamodb:getItem", #"{"TableName":"t","Key":{"a":{"S":"b"}}}"#, [#"{"Item":{"a":{"S":"b"}}}"#], #"{"Item":{"a":{"S":"b"}}}"#),
        .init("s3:getObject", #"{"Bucket":"b","Key":"k"}"#, ["text"], #""Body":"text""#),
        .init("s3:putObject", #"{"Bucket":"b","Key":"k","Body":{"a":1}}"#, [""], done),
        .init("s3:listObjectsV2", #"{"Bucket":"b"}"#, ["<ListBucketResult><KeyCount>3</KeyCount></ListBucketResult>"], #""KeyCount":3"#),
        .init("aws-sdk:s3:getObject", #"{"Bucket":"b","Key":"k"}"#, ["text"], #""Body":"text""#),
        .init(
            "aws-sdk:ec2:describeVpcs", #"{"VpcIds":["v"]}"#, ["<DescribeVpcsResponse><vpcSet><item><vpcId>v</vpcId></item></vpcSet></DescribeVpcsResponse>"],
            #""VpcId":"v""#),
        .init("aws-sdk:lambda:getFunction", #"{"FunctionName":"f"}"#, [#"{"Configuration":{"FunctionName":"f"}}"#], #""FunctionName":"f""#),
    ]

    private static let messages: [IntegrationCase] = [
        .init("lambda:invoke", #"{"FunctionName":"f"}"#, [#"{"n":1}"#], #""Payload":{"n":1}"#),
        .init("arn:aws:lambda:us-east-1:123456789012:function:f", "1", [#"{"n":1}"#], #"{"n":1}"#),
        .init("sqs:sendMessage", #"{"QueueUrl":"q","MessageBody":"m"}"#, [#"{"MessageId":"1"}"#], #""MessageId":"1""#),
        .init(
            "sns:publish", #"{"TopicArn":"t","Message":"m"}"#, ["<PublishResponse><PublishResult><MessageId>1</MessageId></PublishResult></PublishResponse>"],
            #""MessageId":"1""#),
        .init(
            "aws-sdk:sns:publish", #"{"TopicArn":"t","Message":"m"}"#,
            ["<PublishResponse><PublishResult><MessageId>1</MessageId></PublishResult></PublishResponse>"], #"{"MessageId":"1"}"#),
        .init("events:putEvents", #"{"Entries":[]}"#, [#"{"FailedEntryCount":0,"Entries":[]}"#], #""FailedEntryCount":0"#),
    ]

    private static let nested = #"{"StateMachineArn":"arn:aws:states:us-east-1:123456789012:stateMachine:m:live","Input":{"n":1}}"#

    private static let machines: [IntegrationCase] = [
        .init("states:startExecution", #"{"StateMachineArn":"m"}"#, [#"{"executionArn":"e"}"#], #""ExecutionArn":"e""#),
        .job(
            "states:startExecution.sync", nested, [#"{"executionArn":"e"}"#, #"{"executionArn":"e","status":"SUCCEEDED","output":"{\"a\":1}"}"#],
            #""Output":"{\"a\":1}""#, running: #"{"status":"RUNNING"}"#, stop: "StopExecution",
            .finds([#"{"executionArn":"e","status":"RUNNING","input":"{\"n\": 1}"}"#], without: "StartExecution")),
        .job(
            "states:startExecution.sync:2", nested, [#"{"executionArn":"e"}"#, #"{"executionArn":"e","status":"SUCCEEDED","output":"{\"a\":1}"}"#],
            #""Output":{"a":1}"#, running: #"{"status":"RUNNING"}"#, stop: "StopExecution",
            .finds([#"{"executionArn":"e","status":"RUNNING","input":"{\"n\": 1}"}"#], without: "StartExecution")),
    ]

    private static let sageMaker: [IntegrationCase] = [
        sageMakerJob("TrainingJob"), sageMakerJob("ProcessingJob"), sageMakerJob("TransformJob"), sageMakerJob("HyperParameterTuningJob"),
        sageMakerJob("LabelingJob"), sageMakerJob("AutoMLJob"), sageMakerJob("CompilationJob", done: "COMPLETED", running: "INPROGRESS"),
        .job(
            "sagemaker:createEndpoint.sync", #"{"EndpointName":"n","EndpointConfigName":"c"}"#, [#"{"EndpointArn":"a"}"#, #"{"EndpointStatus":"InService"}"#],
            #""EndpointStatus":"InService""#, running: #"{"EndpointStatus":"Creating"}"#, .finds([#"{"EndpointStatus":"Creating"}"#], without: "CreateEndpoint")
        ),
        .job(
            "sagemaker:updateEndpoint.sync", #"{"EndpointName":"n","EndpointConfigName":"c"}"#, [#"{"EndpointArn":"a"}"#, #"{"EndpointStatus":"InService"}"#],
            #""EndpointStatus":"InService""#, running: #"{"EndpointStatus":"Updating"}"#, .finds([#"{"EndpointStatus":"Updating"}"#], without: "UpdateEndpoint")
        ),
        .init("sagemaker:createEndpointConfig", #"{"EndpointConfigName":"n"}"#, [#"{"EndpointConfigArn":"a"}"#], #""EndpointConfigArn":"a""#),
        .init("sagemaker:createModel", #"{"ModelName":"n"}"#, [#"{"ModelArn":"a"}"#], #""ModelArn":"a""#),
    ]

    private static func sageMakerJob(_ noun: String, done: String = "Completed", running: String = "InProgress") -> IntegrationCase {
        .job(
            "sagemaker:create\(noun).sync", #"{"\#(noun)Name":"n"}"#, [#"{"\#(noun)Arn":"a"}"#, #"{"\#(noun)Status":"\#(done)"}"#],
            #""\#(noun)Status":"\#(done)""#, running: #"{"\#(noun)Status":"\#(running)"}"#, stop: "Stop\(noun)",
            .finds([#"{"\#(noun)Status":"\#(running)"}"#], without: "Create\(noun)"))
    }

    private static let compute: [IntegrationCase] = [
        .job(
            "ecs:runTask.sync", #"{"TaskDefinition":"t"}"#,
            [#"{"tasks":[{"taskArn":"a","clusterArn":"c"}]}"#, #"{"tasks":[{"taskArn":"a","lastStatus":"STOPPED","containers":[{"exitCode":0}]}]}"#],
            #""LastStatus":"STOPPED""#, running: #"{"tasks":[{"taskArn":"a","lastStatus":"RUNNING"}]}"#, stop: "StopTask", .token),
        .job(
            "batch:submitJob.sync", #"{"JobName":"n","JobQueue":"q","JobDefinition":"d"}"#,
            [#"{"jobId":"1"}"#, #"{"jobs":[{"jobId":"1","status":"SUCCEEDED"}]}"#],
            #""Status":"SUCCEEDED""#, running: #"{"jobs":[{"jobId":"1","status":"RUNNING"}]}"#, stop: "POST /v1/terminatejob",
            .finds(
                [#"{"jobSummaryList":[{"jobId":"0"},{"jobId":"1"}]}"#, #"{"jobs":[{"jobId":"0"},{"jobId":"1","tags":{"sfn-run:task":"%TASK%"}}]}"#],
                without: "POST /v1/submitjob")),
        codeBuild("startBuild", "build", "builds", stop: "StopBuild"), codeBuild("startBuildBatch", "buildBatch", "buildBatches", stop: "StopBuildBatch"),
        .init("codebuild:stopBuild", #"{"Id":"p:1"}"#, ["{}"], done), .init("codebuild:stopBuildBatch", #"{"Id":"p:1"}"#, ["{}"], done),
        .init("codebuild:retryBuildBatch", #"{"Id":"p:1"}"#, ["{}"], done), .init("codebuild:deleteBuildBatch", #"{"Id":"p:1"}"#, ["{}"], done),
        .init("codebuild:batchDeleteBuilds", #"{"Ids":["p:1"]}"#, ["{}"], done), .init("codebuild:batchGetReports", #"{"ReportArns":["a"]}"#, ["{}"], done),
        .init("bedrock:invokeModel", #"{"ModelId":"m","Body":{"a":1}}"#, [#"{"completion":"x"}"#], #""Body":{"completion":"x"}"#),
        .job(
            "bedrock:createModelCustomizationJob.sync", #"{"JobName":"n"}"#, [#"{"jobArn":"a"}"#, #"{"status":"Completed"}"#], #""Status":"Completed""#,
            running: #"{"status":"InProgress"}"#, stop: "POST /model-customization-jobs/a/stop", .token),
    ]

    private static func codeBuild(_ operation: String, _ one: String, _ many: String, stop: String) -> IntegrationCase {
        let variables = #""environment":{"environmentVariables":[{"name":"SFN_RUN_TASK","value":"%TASK%"}]}"#
        let start = operation.prefix(1).uppercased() + operation.dropFirst()
        return .job(
            "codebuild:\(operation).sync", #"{"ProjectName":"p"}"#,
            [#"{"\#(one)":{"id":"p:1"}}"#, #"{"\#(many)":[{"id":"p:1","\#(one)Status":"SUCCEEDED"}]}"#], #"Status":"SUCCEEDED""#,
            running: #"{"\#(many)":[{"id":"p:1","\#(one)Status":"IN_PROGRESS"}]}"#, stop: stop,
            .finds([#"{"ids":["p:0","p:1"]}"#, #"{"\#(many)":[{"id":"p:0"},{"id":"p:1",\#(variables)}]}"#], without: start))
    }

    private static let analytics: [IntegrationCase] = [
        .job(
            "glue:startJobRun.sync", #"{"JobName":"j"}"#, [#"{"JobRunId":"1"}"#, #"{"JobRun":{"Id":"1","JobRunState":"SUCCEEDED"}}"#],
            #""JobRunState":"SUCCEEDED""#, running: #"{"JobRun":{"Id":"1","JobRunState":"RUNNING"}}"#, stop: "BatchStopJobRun",
            .finds(
                [
                    #"{"JobRuns":[{"Id":"0","JobName":"j"}],"NextToken":"n"}"#,
                    #"{"JobRuns":[{"Id":"1","JobName":"j","Arguments":{"--sfn-run-task":"%TASK%"}}]}"#,
                ],
                without: "StartJobRun")),
        .job(
            "athena:startQueryExecution.sync", #"{"QueryString":"q"}"#,
            [#"{"QueryExecutionId":"1"}"#, #"{"QueryExecution":{"Status":{"State":"SUCCEEDED"}}}"#],
            #""State":"SUCCEEDED""#, running: #"{"QueryExecution":{"Status":{"State":"RUNNING"}}}"#, stop: "StopQueryExecution", .token),
        .init("athena:stopQueryExecution", #"{"QueryExecutionId":"1"}"#, ["{}"], done),
        .init("athena:getQueryExecution", #"{"QueryExecutionId":"1"}"#, [#"{"QueryExecution":{"Query":"q"}}"#], #""Query":"q""#),
        .init("athena:getQueryResults", #"{"QueryExecutionId":"1"}"#, [#"{"UpdateCount":0}"#], #""UpdateCount":0"#),
    ]

    private static let emr: [IntegrationCase] = [
        .job(
            "elasticmapreduce:createCluster.sync", #"{"Name":"n","Instances":{}}"#,
            [#"{"JobFlowId":"j"}"#, #"{"Cluster":{"Id":"j","Status":{"State":"WAITING"}}}"#],
            #""ClusterId":"j""#, running: #"{"Cluster":{"Id":"j","Status":{"State":"STARTING"}}}"#, stop: "TerminateJobFlows",
            .finds(
                [
                    #"{"Clusters":[{"Id":"x"}],"Marker":"m"}"#, #"{"Cluster":{"Id":"x","Tags":[]}}"#, #"{"Clusters":[{"Id":"j"}]}"#,
                    #"{"Cluster":{"Id":"j","Tags":[{"Key":"sfn-run:task","Value":"%TASK%"}]}}"#,
                ], without: "RunJobFlow")),
        .job(
            "elasticmapreduce:addStep.sync", #"{"ClusterId":"c","Step":{"Name":"n","HadoopJarStep":{"Jar":"j"}}}"#,
            [#"{"StepIds":["s"]}"#, #"{"Step":{"Id":"s","Status":{"State":"COMPLETED"}}}"#], #""State":"COMPLETED""#,
            running: #"{"Step":{"Id":"s","Status":{"State":"RUNNING"}}}"#, stop: "CancelSteps",
            .finds([#"{"Steps":[{"Id":"r"},{"Id":"s","Config":{"Properties":{"sfn-run:task":"%TASK%"}}}]}"#], without: "AddJobFlowSteps")),
        .job(
            "elasticmapreduce:terminateCluster.sync", #"{"ClusterId":"c"}"#, ["{}", #"{"Cluster":{"Id":"c","Status":{"State":"TERMINATED"}}}"#],
            #""ClusterId":"c""#,
            running: #"{"Cluster":{"Id":"c","Status":{"State":"TERMINATING"}}}"#, .repeats),
        .init(
            "elasticmapreduce:cancelStep", #"{"ClusterId":"c","StepId":"s"}"#, [#"{"CancelStepsInfoList":[{"StepId":"s"}]}"#],
            #""CancelStepsInfo":{"StepId":"s"}"#),
        .init("elasticmapreduce:setClusterTerminationProtection", #"{"ClusterId":"c","TerminationProtected":true}"#, ["{}"], done),
        .init(
            "elasticmapreduce:modifyInstanceFleetByName", #"{"ClusterId":"c","InstanceFleetName":"core","InstanceFleet":{"TargetOnDemandCapacity":8}}"#,
            [#"{"InstanceFleets":[{"Id":"0","Name":"main"}],"Marker":"m"}"#, #"{"InstanceFleets":[{"Id":"1","Name":"core"}]}"#, "{}"], done),
        .init(
            "elasticmapreduce:modifyInstanceGroupByName", #"{"ClusterId":"c","InstanceGroupName":"core","InstanceGroup":{"InstanceCount":8}}"#,
            [#"{"InstanceGroups":[{"Id":"1","Name":"core"}]}"#, "{}"], done),
        application("createApplication", #"{"Type":"SPARK","ReleaseLabel":"e"}"#, "CREATED", "CREATING", .token),
        application("startApplication", #"{"ApplicationId":"a"}"#, "STARTED", "STARTING", begun("STARTING", "POST /applications/a/start")),
        application("stopApplication", #"{"ApplicationId":"a"}"#, "STOPPED", "STOPPING", begun("STOPPING", "POST /applications/a/stop")),
        application("deleteApplication", #"{"ApplicationId":"a"}"#, "TERMINATED", "STOPPED", begun("TERMINATED", "DELETE /applications/a")),
        .job(
            "emr-serverless:startJobRun.sync", #"{"ApplicationId":"a","ExecutionRoleArn":"r"}"#,
            [#"{"applicationId":"a","jobRunId":"1"}"#, #"{"jobRun":{"jobRunId":"1","state":"SUCCESS"}}"#], #""State":"SUCCESS""#,
            running: #"{"jobRun":{"state":"RUNNING"}}"#, stop: "DELETE /applications/a/jobruns/1", .token),
        .job(
            "emr-serverless:cancelJobRun.sync", #"{"ApplicationId":"a","JobRunId":"1"}"#,
            [#"{"applicationId":"a","jobRunId":"1"}"#, #"{"jobRun":{"state":"CANCELLED"}}"#], #""State":"CANCELLED""#,
            running: #"{"jobRun":{"state":"CANCELLING"}}"#,
            .finds([#"{"jobRun":{"state":"CANCELLING"}}"#], without: "DELETE /applications/a/jobruns/1")),
    ]

    private static func begun(_ state: String, _ operation: String) -> Restart {
        .finds([#"{"application":{"state":"\#(state)"}}"#], without: operation)
    }

    private static func application(_ operation: String, _ input: String, _ done: String, _ running: String, _ restart: Restart) -> IntegrationCase {
        .job(
            "emr-serverless:\(operation).sync", input, [#"{"applicationId":"a"}"#, #"{"application":{"state":"\#(done)"}}"#], #""State":"\#(done)""#,
            running: #"{"application":{"state":"\#(running)"}}"#, restart)
    }

    private static let eks: [IntegrationCase] = [
        eksThing("createCluster", #"{"Name":"n"}"#, "cluster", without: "POST /clusters"),
        eksThing("deleteCluster", #"{"Name":"n"}"#, "cluster", without: "DELETE /clusters/n"),
        eksThing("createNodegroup", #"{"ClusterName":"c","NodegroupName":"n"}"#, "nodegroup", without: "POST /clusters/c/node-groups"),
        eksThing("deleteNodegroup", #"{"ClusterName":"c","NodegroupName":"n"}"#, "nodegroup", without: "DELETE /clusters/c/node-groups/n"),
        eksThing("createFargateProfile", #"{"ClusterName":"c","FargateProfileName":"n"}"#, "fargateProfile", without: "POST /clusters/c/fargate-profiles"),
        eksThing("deleteFargateProfile", #"{"ClusterName":"c","FargateProfileName":"n"}"#, "fargateProfile", without: "DELETE /clusters/c/fargate-profiles/n"),
        .init("eks:call", #"{\#(cluster),"Method":"GET","Path":"/api/v1/pods"}"#, [#"{"items":[1]}"#], #""ResponseBody":{"items":[1]}"#),
        .init("eks:runJob", kubernetesJob, [#"{"metadata":{"name":"j"}}"#], #""StatusCode":200"#),
        .job(
            "eks:runJob.sync", kubernetesJob,
            [
                #"{"metadata":{"name":"j"}}"#, #"{"metadata":{"name":"j"},"status":{"conditions":[{"type":"Complete","status":"True"}]}}"#,
                #"{"items":[{"metadata":{"name":"p"},"spec":{"containers":[{"name":"pi"}]}}]}"#, #"{"pi":3.14}"#,
            ], #""logs":{"pods":{"p":{"containers":{"pi":{"log":{"pi":3.14}}}}}}"#, running: #"{"status":{"active":1}}"#,
            stop: "DELETE /apis/batch/v1/namespaces/default/jobs/j",
            .finds(
                [#"{"items":[{"metadata":{"name":"i"}},{"metadata":{"name":"j","annotations":{"sfn-run/task":"%TASK%"}}}]}"#],
                without: "POST /apis/batch/v1/namespaces/default/jobs")),
    ]

    /// What is deleted has ended once it is gone, which is a 404.
    private static func eksThing(_ operation: String, _ input: String, _ member: String, without: String) -> IntegrationCase {
        let isDeletion = operation.hasPrefix("delete")
        let under = #"{"\#(member)":{"status":"\#(isDeletion ? "DELETING" : "CREATING")"}}"#
        return .job(
            "eks:\(operation).sync", input, [under, isDeletion ? "404 ResourceNotFoundException" : #"{"\#(member)":{"status":"ACTIVE"}}"#],
            isDeletion ? "" : #""Status":"ACTIVE""#, running: under, .finds([under], without: without))
    }

    private static let http: [IntegrationCase] = [
        .init("apigateway:invoke", #"{"ApiEndpoint":"PLAY","Method":"GET"}"#, [#"{"a":1}"#], #""ResponseBody":{"a":1}"#),
        .init("http:invoke", #"{"ApiEndpoint":"PLAY","Method":"GET"}"#, [#"{"a":1}"#], #""StatusCode":200"#),
    ]
}

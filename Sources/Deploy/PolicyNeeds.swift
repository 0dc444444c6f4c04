import AWSClient
import JSON
import StatesLanguage

/// What one state needs of its machine's role.
struct PolicyNeeds {
    struct Need {
        var actions: [String]
        var resources: [String]
        var condition: JSONValue?
    }

    let state: StateInDefinition
    let machineARN: String
    private(set) var found: [Need] = []

    init(state: StateInDefinition, machineARN: String) {
        self.state = state
        self.machineARN = machineARN
    }

    mutating func collect() {
        switch state.state["Type"]?.string {
        case "Task": task()
        case "Map": map()
        default: break
        }
    }

    private mutating func need(_ actions: [String], _ resources: [String], condition: JSONValue? = nil) {
        found.append(Need(actions: actions, resources: resources, condition: condition))
    }

    /// `.sync` jobs report their end through a rule of EventBridge that Step Functions manages.
    private mutating func managedRule(_ name: String) {
        need(["events:PutTargets", "events:PutRule", "events:DescribeRule"], ["arn:aws:events:*:*:rule/\(name)"])
    }

    private mutating func passRole(_ role: String?, to service: String) {
        need(["iam:PassRole"], [role ?? "*"], condition: ["StringEquals": ["iam:PassedToService": .string(service)]])
    }

    private mutating func task() {
        if let role = state.state["Credentials"]?["RoleArn"]?.string {
            need(["sts:AssumeRole"], [role.hasPrefix("{%") ? "*" : role])
        } else if state.state["Credentials"]?["RoleArn.$"] != nil {
            need(["sts:AssumeRole"], ["*"])
        }
        guard let text = state.state["Resource"]?.string, let resource = TaskResource(text) else { return }
        switch resource.kind {
        case .activity: break
        case .lambdaFunction: function(resource.arn)
        case .service(let service, let action):
            if service.hasPrefix("aws-sdk:") {
                sdk(String(service.dropFirst("aws-sdk:".count)), action)
            } else {
                optimized(service, action, isSync: resource.pattern == .sync || resource.pattern == .sync2)
            }
        }
    }

    private mutating func function(_ name: String?) {
        guard let name else { return need(["lambda:InvokeFunction"], ["*"]) }
        let arn = name.hasPrefix("arn:") ? name : "arn:aws:lambda:*:*:function:\(name)"
        need(["lambda:InvokeFunction"], arn.split(separator: ":").count > 7 ? [arn] : [arn, arn + ":*"])
    }

    private func arn(_ field: String, _ form: (String) -> String, in object: JSONValue? = nil) -> [String] {
        guard let text = state.literal(field, in: object) else { return ["*"] }
        return [text.hasPrefix("arn:") ? text : form(text)]
    }

    private mutating func optimized(_ service: String, _ action: String, isSync: Bool) {
        let verb = Naming.capitalized(action)
        switch service {
        case "lambda": function(state.literal("FunctionName"))
        case "dynamodb": need(["dynamodb:\(verb)"], arn("TableName") { "arn:aws:dynamodb:*:*:table/\($0)" })
        case "sqs": need(["sqs:SendMessage"], arn("QueueUrl", Self.queueARN))
        case "sns":
            need(["sns:Publish"], state.literal("TopicArn").map { [$0] } ?? state.literal("TargetArn").map { [$0] } ?? ["*"])
        case "events": need(["events:PutEvents"], busARNs)
        case "states": nested(isSync)
        case "sagemaker": sageMaker(action, isSync)
        case "ecs":
            need(["ecs:RunTask"], arn("TaskDefinition") { "arn:aws:ecs:*:*:task-definition/\($0)" })
            passRole(nil, to: "ecs-tasks.amazonaws.com")
            if isSync {
                need(["ecs:StopTask", "ecs:DescribeTasks"], ["*"])
                managedRule("StepFunctionsGetEventsForECSTaskRule")
            }
        case "batch":
            need(["batch:SubmitJob"] + (isSync ? ["batch:DescribeJobs", "batch:TerminateJob"] : []), ["*"])
            if isSync { managedRule("StepFunctionsGetEventsForBatchJobsRule") }
        case "glue":
            need(
                ["glue:StartJobRun"] + (isSync ? ["glue:GetJobRun", "glue:GetJobRuns", "glue:BatchStopJobRun"] : []),
                arn("JobName") { "arn:aws:glue:*:*:job/\($0)" })
        case "athena": athena(action, isSync)
        case "codebuild":
            need(
                ["codebuild:\(verb)"] + (isSync ? ["codebuild:StopBuild", "codebuild:BatchGetBuilds"] : []),
                arn("ProjectName") { "arn:aws:codebuild:*:*:project/\($0)" })
            if isSync { managedRule("StepFunctionsGetEventForCodeBuildStartBuildRule") }
        case "elasticmapreduce": emr(action, isSync)
        case "emr-serverless":
            need(
                ["emr-serverless:\(verb)"] + (isSync ? ["emr-serverless:GetApplication", "emr-serverless:GetJobRun", "emr-serverless:CancelJobRun"] : []),
                arn("ApplicationId") { "arn:aws:emr-serverless:*:*:/applications/\($0)*" })
            if action == "startJobRun" { passRole(state.literal("ExecutionRoleArn"), to: "emr-serverless.amazonaws.com") }
            if isSync { managedRule("StepFunctionsGetEventsForEMRServerlessRule") }
        case "eks":
            need(["eks:\(verb)"] + (isSync ? ["eks:\(verb.replacingPrefix("Create", "Delete", with: "Describe"))"] : []), ["*"])
            if let role = state.literal("RoleArn") ?? state.literal("NodeRole") { passRole(role, to: "eks.amazonaws.com") }
        case "apigateway": apiGateway()
        case "bedrock": need(["bedrock:\(verb)"], action == "invokeModel" ? arn("ModelId") { "arn:aws:bedrock:*::foundation-model/\($0)" } : ["*"])
        case "http": http()
        case "s3": sdk("s3", action)
        default: need(["\(service):\(verb)"], ["*"])
        }
    }

    private static func queueARN(_ url: String) -> String {
        // https://sqs.REGION.amazonaws.com/ACCOUNT/NAME
        let parts = url.split(separator: "/")
        guard parts.count >= 4 else { return "*" }
        let host = parts[1].split(separator: ".")
        let region = host.count > 2 && host[0] == "sqs" ? String(host[1]) : "*"
        return "arn:aws:sqs:\(region):\(parts[parts.count - 2]):\(parts[parts.count - 1])"
    }

    private var busARNs: [String] {
        let names = (state.parameters["Entries"]?.array ?? [])
            .map { state.literal("EventBusName", in: $0) ?? ($0["EventBusName.$"] == nil && $0["EventBusName"] == nil ? "default" : "*") }
        let arns = names.map { $0.hasPrefix("arn:") ? $0 : "arn:aws:events:*:*:event-bus/\($0)" }
        return arns.isEmpty ? ["arn:aws:events:*:*:event-bus/*"] : Array(Set(arns)).sorted()
    }

    private mutating func nested(_ isSync: Bool) {
        let machine = state.literal("StateMachineArn")
        need(["states:StartExecution"], [machine ?? "*"])
        guard isSync else { return }
        // …:stateMachine:NAME → …:execution:NAME:*
        let execution = machine.map { $0.replacing(":stateMachine:", with: ":execution:") + ":*" }
        need(["states:DescribeExecution", "states:StopExecution"], [execution ?? "*"])
        managedRule("StepFunctionsGetEventsForStepFunctionsExecutionRule")
    }

    private mutating func sageMaker(_ action: String, _ isSync: Bool) {
        let noun = String(action.dropFirst(6))
        var actions = ["sagemaker:\(Naming.capitalized(action))", "sagemaker:AddTags"]
        if isSync { actions += ["sagemaker:Describe\(noun)", "sagemaker:Stop\(noun)", "sagemaker:ListTags"] }
        let kinds = [
            "createTrainingJob": "training-job", "createProcessingJob": "processing-job", "createTransformJob": "transform-job",
            "createHyperParameterTuningJob": "hyper-parameter-tuning-job", "createModel": "model", "createEndpoint": "endpoint",
            "createEndpointConfig": "endpoint-config", "updateEndpoint": "endpoint", "createLabelingJob": "labeling-job",
        ]
        let field = action == "updateEndpoint" ? "EndpointName" : noun + "Name"
        let kind = kinds[action] ?? "*"
        need(actions, ["arn:aws:sagemaker:*:*:\(kind)/\(state.literal(field) ?? "*")"])
        if let role = state.literal("RoleArn") ?? state.literal("ExecutionRoleArn") { passRole(role, to: "sagemaker.amazonaws.com") }
        if isSync { managedRule("StepFunctionsGetEventsForSageMaker\(noun)sRule") }
    }

    private mutating func athena(_ action: String, _ isSync: Bool) {
        var actions = ["athena:\(Naming.capitalized(action))"]
        if isSync { actions += ["athena:StopQueryExecution", "athena:GetQueryExecution", "athena:GetDataCatalog"] }
        need(actions, ["arn:aws:athena:*:*:workgroup/\(state.literal("WorkGroup") ?? "*")", "arn:aws:athena:*:*:datacatalog/*"])
        guard action == "startQueryExecution" else { return }
        let output = state.literal("OutputLocation", in: state.parameters["ResultConfiguration"] ?? .null)
        let bucket = output.flatMap { $0.hasPrefix("s3://") ? $0.dropFirst(5).split(separator: "/").first.map(String.init) : nil } ?? "*"
        need(
            [
                "s3:GetBucketLocation", "s3:GetObject", "s3:ListBucket", "s3:ListBucketMultipartUploads", "s3:ListMultipartUploadParts",
                "s3:AbortMultipartUpload", "s3:PutObject",
            ],
            ["arn:aws:s3:::\(bucket)", "arn:aws:s3:::\(bucket)/*"])
        need(["glue:GetDatabase", "glue:GetTable", "glue:GetPartition", "glue:GetPartitions"], ["*"])
    }

    private mutating func emr(_ action: String, _ isSync: Bool) {
        let names = [
            "createCluster": "RunJobFlow", "addStep": "AddJobFlowSteps", "terminateCluster": "TerminateJobFlows", "cancelStep": "CancelSteps",
            "setClusterTerminationProtection": "SetTerminationProtection",
        ]
        var actions = ["elasticmapreduce:\(names[action] ?? Naming.capitalized(action))"]
        if isSync {
            actions +=
                action == "addStep"
                ? ["elasticmapreduce:DescribeStep", "elasticmapreduce:CancelSteps"]
                : ["elasticmapreduce:DescribeCluster", "elasticmapreduce:TerminateJobFlows"]
        }
        need(actions.reduce(into: []) { if !$0.contains($1) { $0.append($1) } }, ["*"])
        if action == "createCluster" { passRole(state.literal("ServiceRole"), to: "elasticmapreduce.amazonaws.com") }
        if isSync {
            managedRule(action == "addStep" ? "StepFunctionsGetEventForEMRAddJobFlowStepsRule" : "StepFunctionsGetEventForEMRRunJobFlowRule")
        }
    }

    private mutating func apiGateway() {
        let api = state.literal("ApiEndpoint")?.split(separator: ".").first.map(String.init) ?? "*"
        let stage = state.literal("Stage") ?? "*"
        let method = state.literal("Method") ?? "*"
        var path = state.literal("Path") ?? "/*"
        if !path.hasPrefix("/") { path = "/" + path }
        need(["execute-api:Invoke"], ["arn:aws:execute-api:*:*:\(api)/\(stage)/\(method)\(path)"])
    }

    private mutating func http() {
        var equals = JSONObject()
        if let method = state.literal("Method") { equals["states:HTTPMethod"] = .string(method) }
        var condition = JSONObject()
        if !equals.isEmpty { condition["StringEquals"] = .object(equals) }
        if let endpoint = state.literal("ApiEndpoint") { condition["StringLike"] = ["states:HTTPEndpoint": .string(endpoint)] }
        need(["states:InvokeHTTPEndpoint"], [machineARN], condition: condition.isEmpty ? nil : .object(condition))
        let authentication = state.parameters["Authentication"] ?? state.parameters["InvocationConfig"] ?? .null
        need(["events:RetrieveConnectionCredentials"], [state.literal("ConnectionArn", in: authentication) ?? "*"])
        need(
            ["secretsmanager:GetSecretValue", "secretsmanager:DescribeSecret"],
            ["arn:aws:secretsmanager:*:*:secret:events!connection/*"])
    }

    // MARK: SDK integrations

    private mutating func sdk(_ service: String, _ action: String) {
        let model = AWSTable.shared.service(service)
        let operation = model?.operation(action)?.name ?? Naming.capitalized(action)
        let prefixes = [
            "cloudwatch": "cloudwatch", "sfn": "states", "ses": "ses", "sesv2": "ses", "bedrockruntime": "bedrock", "pinpoint": "mobiletargeting",
            "lexruntimev2": "lex", "iotdataplane": "iot", "sagemakerruntime": "sagemaker", "dynamodbstreams": "dynamodb", "efs": "elasticfilesystem",
        ]
        let prefix = prefixes[service] ?? model?.signingName ?? service
        guard prefix == "s3" else {
            if prefix == "lambda", operation == "Invoke" { return function(state.literal("FunctionName")) }
            if prefix == "dynamodb", let table = state.literal("TableName") {
                let arn = table.hasPrefix("arn:") ? table : "arn:aws:dynamodb:*:*:table/\(table)"
                return need(["dynamodb:\(operation)"], operation == "Query" || operation == "Scan" ? [arn, arn + "/index/*"] : [arn])
            }
            return need(["\(prefix):\(operation)"], ["*"])
        }
        let bucket = state.literal("Bucket") ?? "*"
        let names = [
            "ListObjectsV2": "ListBucket", "ListObjects": "ListBucket", "HeadBucket": "ListBucket", "HeadObject": "GetObject",
            "ListBuckets": "ListAllMyBuckets", "DeleteObjects": "DeleteObject", "CopyObject": "PutObject",
            "CreateMultipartUpload": "PutObject", "UploadPart": "PutObject", "CompleteMultipartUpload": "PutObject",
            "ListObjectVersions": "ListBucketVersions",
        ]
        let verb = names[operation] ?? operation
        let isOfObject = verb.hasSuffix("Object") || state.parameters["Key"] != nil || state.parameters["Key.$"] != nil
        need(["s3:\(verb)"], [isOfObject ? "arn:aws:s3:::\(bucket)/\(state.literal("Key") ?? "*")" : "arn:aws:s3:::\(bucket)"])
    }

    // MARK: Map

    private mutating func map() {
        let processor = state.state["ItemProcessor"] ?? state.state["Iterator"]
        guard processor?["ProcessorConfig"]?["Mode"]?.string == "DISTRIBUTED" else { return }
        need(["states:StartExecution"], [machineARN])
        need(
            ["states:DescribeExecution", "states:StopExecution", "states:RedriveExecution"],
            [machineARN.replacing(":stateMachine:", with: ":execution:") + (machineARN.hasSuffix("*") ? "" : ":*")])
        if let reader = state.state["ItemReader"] {
            let parameters = reader["Arguments"] ?? reader["Parameters"] ?? .null
            let bucket = state.literal("Bucket", in: parameters) ?? "*"
            if reader["Resource"]?.string?.hasSuffix("listObjectsV2") == true {
                need(["s3:ListBucket"], ["arn:aws:s3:::\(bucket)"])
            } else {
                need(["s3:GetObject"], ["arn:aws:s3:::\(bucket)/\(state.literal("Key", in: parameters) ?? "*")"])
            }
        }
        if let writer = state.state["ResultWriter"], writer["Resource"] != nil {
            let parameters = writer["Arguments"] ?? writer["Parameters"] ?? .null
            let prefix = state.literal("Prefix", in: parameters).map { $0 + "/*" } ?? "*"
            need(
                ["s3:PutObject", "s3:GetObject", "s3:ListMultipartUploadParts", "s3:AbortMultipartUpload"],
                ["arn:aws:s3:::\(state.literal("Bucket", in: parameters) ?? "*")/\(prefix)"])
        }
    }
}

extension String {
    fileprivate func replacingPrefix(_ first: String, _ second: String, with new: String) -> String {
        for prefix in [first, second] where hasPrefix(prefix) { return new + dropFirst(prefix.count) }
        return self
    }

    fileprivate func replacing(_ old: String, with new: String) -> String {
        guard let range = firstRange(of: old) else { return self }
        return String(self[..<range.lowerBound]) + new + self[range.upperBound...]
    }
}

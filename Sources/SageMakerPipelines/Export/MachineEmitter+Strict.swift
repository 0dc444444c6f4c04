import JSON

/// The states of a step in strict ASL (spec section 6).
extension MachineEmitter {
    /// Whether a policy is written as Catch, Choice and Wait, because `Retry` cannot say it: it matches names, not reasons,
    /// and counts attempts, not time.
    func isLooped(_ policy: RetryPolicy) -> Bool {
        guard dialect == .strict, !isSimple else { return false }
        let ofJobs = policy.exceptionTypes.contains { $0 == RetryClass.jobInternalError.rawValue || $0 == RetryClass.capacityError.rawValue }
        return ofJobs || policy.expireAfterMin != nil
    }

    mutating func collectPreludes() {
        for node in graph.nodes.indices where variables.sequenceOf[node] != nil {
            let step = graph.nodes[node].step
            if step.type == .registerModel, step.arguments["ModelPackageGroupName"].map({ !$0.isNull }) ?? false {
                preludes[node] = stateNames.name("\(step.name) group")
            }
            if step.type == .emr, step.arguments["ClusterConfig"].map({ !$0.isNull }) ?? false { preludes[node] = stateNames.name("\(step.name) cluster") }
            if step.type == .emrServerless, step.arguments["ApplicationConfig"].map({ !$0.isNull }) ?? false {
                preludes[node] = stateNames.name("\(step.name) application")
            }
        }
    }

    // MARK: Failures

    /// In a branch, a failure goes to the end of the branch as a marker, so that the branches beside it finish.
    mutating func catchAll(_ fields: inout JSONObject, _ container: Plan.SequenceID, before own: [JSONValue] = []) {
        var catchers = own
        if let marker = failureMarker(container) {
            let catcher = JSONObject([
                ("ErrorEquals", JSONValue.array(["States.ALL"])), ("Output", ExpressionText.template("{'Failed': $states.errorOutput}")),
                ("Next", JSONValue.string(marker)),
            ])
            catchers.append(.object(catcher))
        }
        if !catchers.isEmpty { fields["Catch"] = .array(catchers) }
    }

    /// The state where a branch ends after a failure; nil: the machine itself fails.
    mutating func failureMarker(_ container: Plan.SequenceID) -> String? {
        guard container != plan.root || outer != nil else { return nil }
        if outer != nil, container == plan.root { return nil }
        return failureState(container)
    }

    private mutating func failureState(_ container: Plan.SequenceID) -> String {
        if let known = containers[container]?.failed { return known }
        let name = stateNames.name(container == plan.root ? "Pipeline failed" : "Failed")
        containers[container]?.failed = name
        return name
    }

    mutating func addFailed(_ container: Plan.SequenceID) {
        guard let name = containers[container]?.failed else { return }
        if container == plan.root {
            add(
                name,
                JSONObject([
                    ("Type", "Fail"), ("Error", ExpressionText.template("$states.input.Failed[0].Error")),
                    ("Cause", ExpressionText.template("$string($states.input.Failed[0].Cause)")),
                ]), to: container)
        } else {
            add(name, JSONObject([("Type", "Succeed"), ("Output", ExpressionText.template("{'Failed': $states.input.Failed}"))]), to: container)
        }
    }

    /// The Choice after a Parallel: whether a branch brought a failure. Returns its name.
    mutating func strictJoin(_ parallel: String, _ container: Plan.SequenceID, _ next: String?) -> String {
        let name = stateNames.name("\(parallel) ended well")
        let failed = failureState(container)
        let rule = JSONObject([("Condition", ExpressionText.template("$count($states.input.Failed) > 0")), ("Next", JSONValue.string(failed))])
        let after = next ?? terminalName(container)
        let fields = JSONObject([("Type", "Choice"), ("Choices", JSONValue.array([.object(rule)])), ("Default", JSONValue.string(after))])
        add(name, fields, to: container)
        return name
    }

    // MARK: Steps

    mutating func emitStrictStep(_ node: Int, _ sequence: Plan.SequenceID, _ container: Plan.SequenceID, _ next: String?) {
        emitReads(node, sequence, container)
        let step = graph.nodes[node].step
        guard let type = step.type else { return }
        var states: [(name: String, fields: JSONObject)] = []
        var last = JSONObject()
        switch type {
        case .condition: last = JSONObject([("Type", "Pass")])
        case .fail:
            strictFail(node, sequence, container)
            return
        case .forEach:
            last = forEachState(node, sequence)
            catchAll(&last, container)
        case .lineage, .cleanup:
            strictLosses.note("step '\(step.name)': a \(type.rawValue) step has no counterpart; it is a Pass that does nothing")
            last = JSONObject([("Type", "Pass"), ("Comment", .string("\(type.rawValue): nothing on Step Functions does this"))])
        default: (states, last) = strictTask(node, type, sequence, container)
        }
        if step.cacheConfig?.isEnabled == true { strictLosses.note("step '\(step.name)': the cache is dropped; Step Functions runs the step every time") }
        if variables.isRead(node), type != .lineage, type != .cleanup {
            last["Assign"] = .object(JSONObject([(variables.homeName(of: node), ExpressionText.template(ownValue(node, sequence)))]))
        } else if type == .condition {
            last["Assign"] = .object(
                JSONObject([
                    (
                        variableNames.name("\(NameTable.variable(step.name))_outcome", separator: "_"),
                        ExpressionText.template(writer(node, sequence).conjunction(step.conditions))
                    )
                ]))
        }
        last["Output"] = .object(JSONObject())
        Self.follow(&last, next)
        let ending = states.isEmpty ? step.name : stateNames.name("\(step.name) has ended")
        for index in states.indices {
            if states[index].fields["Next"] == nil, states[index].fields["Type"] != "Choice" {
                states[index].fields["Next"] = .string(index + 1 < states.count ? states[index + 1].name : ending)
            }
            for key in ["Default"] where states[index].fields[key] == "" { states[index].fields[key] = .string(ending) }
            add(states[index].name, states[index].fields, to: container)
        }
        add(ending, last, to: container)
    }

    private mutating func strictFail(_ node: Int, _ sequence: Plan.SequenceID, _ container: Plan.SequenceID) {
        let step = graph.nodes[node].step
        let state = failState(node, sequence)
        guard let marker = failureMarker(container) else {
            add(step.name, state, to: container)
            return
        }
        // A Fail state would cancel the branches beside this one.
        var failed = JSONObject([("Error", JSONValue.string("FailStep"))])
        failed["Cause"] = state["Cause"] ?? ""
        let fields = JSONObject([
            ("Type", "Pass"), ("Comment", "Fail step: the failure is told after the join"),
            ("Output", ["Failed": .object(failed)] as JSONValue), ("Next", JSONValue.string(marker)),
        ])
        add(step.name, fields, to: container)
    }

    /// The states of a job: all but the last, which is where the result is kept.
    private mutating func strictTask(
        _ node: Int, _ type: StepType, _ sequence: Plan.SequenceID, _ container: Plan.SequenceID
    ) -> ([(name: String, fields: JSONObject)], JSONObject) {
        let step = graph.nodes[node].step
        let request = arguments(node, type, sequence)
        allow(type)
        switch type {
        case .autoML:
            return polled(
                node, container, create: "aws-sdk:sagemaker:createAutoMLJob", request: request, describe: "aws-sdk:sagemaker:describeAutoMLJob",
                by: "AutoMLJobName", status: "AutoMlJobStatus", done: "Completed", seconds: 60)
        case .endpoint:
            return polled(
                node, container, create: "sagemaker:createEndpoint", request: request, describe: "aws-sdk:sagemaker:describeEndpoint",
                by: "EndpointName", status: "EndpointStatus", done: "InService", seconds: 30)
        case .inferenceComponent:
            return polled(
                node, container, create: "aws-sdk:sagemaker:createInferenceComponent", request: request,
                describe: "aws-sdk:sagemaker:describeInferenceComponent", by: "InferenceComponentName", status: "InferenceComponentStatus",
                done: "InService", seconds: 30)
        case .qualityCheck, .clarifyCheck:
            return check(node, request, container)
        case .emr: return emr(node, request, container)
        case .emrServerless: return emrServerless(node, request, container)
        case .registerModel:
            if let prelude = preludes[node] { addGroup(prelude, step, request, container) }
            return ([], task(node, "aws-sdk:sagemaker:createModelPackage", request, container))
        case .lambda:
            var fields = task(node, "lambda:invoke", request, container)
            fields["TimeoutSeconds"] = 600
            return ([], fields)
        case .tuning where reads(node, "TrainingJobSummaries"):
            let variable = variableNames.name("\(NameTable.variable(step.name))_job", separator: "_")
            var main = task(node, "sagemaker:createHyperParameterTuningJob.sync", request, container)
            main["Assign"] = .object(JSONObject([(variable, ExpressionText.template("$states.result"))]))
            main["Output"] = .object(JSONObject())
            var list = JSONObject([
                ("Type", "Task"), ("Resource", "arn:aws:states:::aws-sdk:sagemaker:listTrainingJobsForHyperParameterTuningJob"),
                (
                    "Arguments",
                    ["HyperParameterTuningJobName": ExpressionText.template("$\(variable).HyperParameterTuningJobName"), "SortBy": "FinalObjectiveMetricValue"]
                        as JSONValue
                ),
            ])
            catchAll(&list, container)
            tunings[node] = variable
            return ([(step.name, main)], list)
        default:
            let arn = StepResource.of(type)?.arn.split(separator: ":").suffix(2).joined(separator: ":") ?? ""
            return ([], task(node, arn, request, container))
        }
    }

    private func reads(_ node: Int, _ member: String) -> Bool {
        graph.nodes.contains { other in
            other.step.expressions(at: "").found.contains { found in
                if case .get(.step(graph.nodes[node].step.name, let path)) = found.expression { return path.components.first == .name(member) }
                return false
            }
        }
    }

    mutating func task(_ node: Int, _ resource: String, _ request: JSONObject, _ container: Plan.SequenceID, prefix: String = "arn:aws:states:::") -> JSONObject
    {
        let step = graph.nodes[node].step
        var fields = JSONObject([("Type", "Task")])
        if let comment = step.description, !comment.isEmpty { fields["Comment"] = .string(comment) }
        fields["Resource"] = .string(prefix + resource)
        fields["Arguments"] = .object(request)
        let retry = retriers(step)
        if !retry.isEmpty { fields["Retry"] = .array(retry) }
        catchAll(&fields, container, before: retryLoop(node, container))
        if isSimple {
            for policy in step.retryPolicies where policy.expireAfterMin != nil {
                strictLosses.note(
                    "step '\(step.name)': ExpireAfterMin \(policy.expireAfterMin ?? 0) became a MaxAttempts that its waits leave room for; attempts that take time are retried for longer"
                )
            }
            if step.retryPolicies.contains(where: {
                $0.exceptionTypes.contains { $0 == RetryClass.capacityError.rawValue || $0 == RetryClass.jobInternalError.rawValue }
            }) {
                strictLosses.note(
                    "step '\(step.name)': a failed job is retried whatever its reason, a script's own error too: Retry matches names, not reasons")
            }
        }
        return fields
    }

    /// The exact loop of policies that `Retry` cannot say: Catch → Choice → Wait → the step again.
    private mutating func retryLoop(_ node: Int, _ container: Plan.SequenceID) -> [JSONValue] {
        let step = graph.nodes[node].step
        let policies = step.retryPolicies.filter(isLooped)
        guard !policies.isEmpty else { return [] }
        let base = NameTable.variable(step.name)
        let error = variableNames.name("\(base)_error", separator: "_")
        let start = variableNames.name("\(base)_start", separator: "_")
        let wait = variableNames.name("\(base)_wait", separator: "_")
        let choice = stateNames.name("\(step.name) is tried again")
        let pause = stateNames.name("\(step.name) waits")
        var rules: [JSONValue] = []
        for policy in policies {
            let counter = variableNames.name("\(base)_retries", separator: "_")
            let used = "($exists($\(counter)) ? $\(counter) : 0)"
            var tests = ["(\(StrictErrors.condition(policy.exceptionTypes, of: step.type, error: "$\(error)")))"]
            if let attempts = policy.maxAttempts { tests.append("\(used) < \(attempts)") }
            if let minutes = policy.expireAfterMin { tests.append("$millis() - $\(start) <= \(minutes * 60_000)") }
            let seconds = "$min([$round(\(policy.intervalSeconds) * $power(\(JSONValue.normalized(policy.backoffRate).text()), \(used))), 99999999])"
            let assigned = JSONObject([(counter, ExpressionText.template("\(used) + 1")), (wait, ExpressionText.template(seconds))])
            let rule = JSONObject([
                ("Condition", ExpressionText.template(tests.joined(separator: " and "))), ("Assign", .object(assigned)), ("Next", .string(pause)),
            ])
            rules.append(.object(rule))
        }
        let thrown = stateNames.name("\(step.name) failed")
        add(choice, JSONObject([("Type", "Choice"), ("Choices", .array(rules)), ("Default", .string(thrown))]), to: container)
        add(
            pause,
            JSONObject([
                ("Type", "Wait"), ("Seconds", ExpressionText.template("$\(wait)")), ("Output", .object(JSONObject())),
                ("Next", .string(preludes[node] ?? step.name)),
            ]), to: container)
        if let marker = failureMarker(container) {
            add(thrown, JSONObject([("Type", "Pass"), ("Output", ExpressionText.template("{'Failed': $\(error)}")), ("Next", .string(marker))]), to: container)
        } else {
            add(
                thrown,
                JSONObject([
                    ("Type", "Fail"), ("Error", ExpressionText.template("$\(error).Error")), ("Cause", ExpressionText.template("$string($\(error).Cause)")),
                ]), to: container)
        }
        let assigned = JSONObject([
            (error, ExpressionText.template("$states.errorOutput")),
            (start, ExpressionText.template("$exists($\(start)) ? $\(start) : $toMillis($states.context.State.EnteredTime)")),
        ])
        let catcher = JSONObject([
            ("ErrorEquals", JSONValue.array(["States.ALL"])), ("Assign", .object(assigned)), ("Output", .object(JSONObject())), ("Next", .string(choice)),
        ])
        // The loop decides about every failure, so no other catcher is needed behind it.
        return [.object(catcher)]
    }

    /// Create, wait, describe, look: for what has no `.sync`.
    private mutating func polled(
        _ node: Int, _ container: Plan.SequenceID, create: String, request: JSONObject, describe: String, by member: String, status: String,
        done: String, seconds: Int64
    ) -> ([(name: String, fields: JSONObject)], JSONObject) {
        let step = graph.nodes[node].step
        let variable = variableNames.name("\(NameTable.variable(step.name))_name", separator: "_")
        let result = variableNames.name("\(NameTable.variable(step.name))_result", separator: "_")
        let pause = stateNames.name("\(step.name) is under way")
        let look = stateNames.name("\(step.name) is looked at")
        let choice = stateNames.name("\(step.name) is done")
        let failed = stateNames.name("\(step.name) failed")
        var main = task(node, create, request, container)
        // The ARN's last part is the name.
        let arn = member.replacingLast("Name", "Arn")
        main["Assign"] = .object(JSONObject([(variable, ExpressionText.template("$split($states.result.\(arn), '/')[-1]"))]))
        main["Output"] = .object(JSONObject())
        let waiting = JSONObject([("Type", "Wait"), ("Seconds", .integer(seconds))])
        var looking = JSONObject([
            ("Type", "Task"), ("Resource", .string("arn:aws:states:::\(describe)")),
            ("Arguments", .object(JSONObject([(member, ExpressionText.template("$\(variable)"))]))),
        ])
        looking["Assign"] = .object(JSONObject([(result, ExpressionText.template("$states.result"))]))
        looking["Output"] = .object(JSONObject())
        catchAll(&looking, container)
        // AWS SDK integrations spell AutoML both ways in members; the first that is there counts.
        let value = "$\(result).\(status)"
        let state = status == "AutoMlJobStatus" ? "($exists(\(value)) ? \(value) : $\(result).AutoMLJobStatus)" : value
        let rules: [JSONValue] = [
            .object(
                JSONObject([
                    ("Condition", ExpressionText.template("\(state) in ['Failed', 'Stopped', 'OutOfService', 'UpdateRollbackFailed']")),
                    ("Next", .string(failed)),
                ])),
            .object(JSONObject([("Condition", ExpressionText.template("\(state) != '\(done)'")), ("Next", .string(pause))])),
        ]
        let choosing = JSONObject([("Type", "Choice"), ("Choices", .array(rules)), ("Default", "")])
        let reason = "$string($\(result).FailureReason)"
        if let marker = failureMarker(container) {
            add(
                failed,
                JSONObject([
                    ("Type", "Pass"), ("Output", ExpressionText.template("{'Failed': {'Error': 'States.TaskFailed', 'Cause': \(reason)}}")),
                    ("Next", .string(marker)),
                ]), to: container)
        } else {
            add(
                failed,
                JSONObject([
                    ("Type", "Fail"), ("Error", "States.TaskFailed"),
                    ("Cause", ExpressionText.template("$exists($\(result).FailureReason) ? \(reason) : 'failed'")),
                ]), to: container)
        }
        results[node] = result
        return ([(step.name, main), (pause, waiting), (look, looking), (choice, choosing)], JSONObject([("Type", "Pass")]))
    }

    // MARK: EMR, groups

    private mutating func emr(_ node: Int, _ request: JSONObject, _ container: Plan.SequenceID) -> ([(name: String, fields: JSONObject)], JSONObject) {
        let step = graph.nodes[node].step
        var run = JSONObject([("Name", JSONValue.string(step.name)), ("ActionOnFailure", "CONTINUE")])
        for (key, value) in request["StepConfig"]?.object ?? JSONObject() { run[key] = value }
        guard let prelude = preludes[node] else {
            return (
                [], task(node, "elasticmapreduce:addStep.sync", JSONObject([("ClusterId", request["ClusterId"] ?? .null), ("Step", .object(run))]), container)
            )
        }
        let variable = variableNames.name("\(NameTable.variable(step.name))_cluster", separator: "_")
        var config = request["ClusterConfig"]?.object ?? JSONObject()
        if config["Name"] == nil { config["Name"] = ExpressionText.template(jobName(node)) }
        var create = JSONObject([("Type", "Task"), ("Resource", "arn:aws:states:::elasticmapreduce:createCluster.sync"), ("Arguments", .object(config))])
        create["Assign"] = .object(JSONObject([(variable, ExpressionText.template("$states.result.ClusterId"))]))
        create["Output"] = .object(JSONObject())
        create["Next"] = .string(step.name)
        catchAll(&create, container)
        add(prelude, create, to: container)
        let cluster = ExpressionText.template("$\(variable)")
        let ended = variableNames.name("\(NameTable.variable(step.name))_step", separator: "_")
        var main = task(node, "elasticmapreduce:addStep.sync", JSONObject([("ClusterId", cluster), ("Step", .object(run))]), container)
        main["Assign"] = .object(JSONObject([(ended, ExpressionText.template("{'ClusterId': $\(variable), 'Step': $states.result.Step}"))]))
        main["Output"] = .object(JSONObject())
        emrSteps[node] = ended
        strictLosses.note("step '\(step.name)': its cluster is terminated after the step, but is left running if the step fails")
        var end = JSONObject([
            ("Type", "Task"), ("Resource", "arn:aws:states:::elasticmapreduce:terminateCluster.sync"),
            ("Arguments", .object(JSONObject([("ClusterId", cluster)]))),
        ])
        catchAll(&end, container)
        return ([(step.name, main)], end)
    }

    private mutating func emrServerless(_ node: Int, _ request: JSONObject, _ container: Plan.SequenceID) -> ([(name: String, fields: JSONObject)], JSONObject)
    {
        let step = graph.nodes[node].step
        var job = JSONObject()
        // The optimized integration's members begin with capitals.
        for (key, value) in request["JobConfig"]?.object ?? JSONObject() { job[key.capitalizingFirst()] = value }
        if let role = request["ExecutionRoleArn"], job["ExecutionRoleArn"] == nil { job["ExecutionRoleArn"] = role }
        if let prelude = preludes[node] {
            let variable = variableNames.name("\(NameTable.variable(step.name))_application", separator: "_")
            var config = JSONObject()
            for (key, value) in request["ApplicationConfig"]?.object ?? JSONObject() { config[key.capitalizingFirst()] = value }
            var create = JSONObject([("Type", "Task"), ("Resource", "arn:aws:states:::emr-serverless:createApplication.sync"), ("Arguments", .object(config))])
            create["Assign"] = .object(JSONObject([(variable, ExpressionText.template("$states.result.ApplicationId"))]))
            create["Output"] = .object(JSONObject())
            create["Next"] = .string(step.name)
            catchAll(&create, container)
            add(prelude, create, to: container)
            job["ApplicationId"] = ExpressionText.template("$\(variable)")
            strictLosses.note("step '\(step.name)': its application is not deleted after the job")
        } else {
            job["ApplicationId"] = request["ApplicationId"]
        }
        return ([], task(node, "emr-serverless:startJobRun.sync", job, container))
    }

    private mutating func addGroup(_ name: String, _ step: PipelineStep, _ request: JSONObject, _ container: Plan.SequenceID) {
        let exists = JSONObject([
            ("ErrorEquals", JSONValue.array(["SageMaker.SageMakerException", "SageMaker.ValidationException", "SageMaker.ConflictException"])),
            ("Output", .object(JSONObject())), ("Next", JSONValue.string(step.name)),
        ])
        var fields = JSONObject([
            ("Type", "Task"), ("Comment", "The group may exist already"), ("Resource", "arn:aws:states:::aws-sdk:sagemaker:createModelPackageGroup"),
            ("Arguments", .object(JSONObject([("ModelPackageGroupName", request["ModelPackageGroupName"] ?? .null)]))),
            ("Output", .object(JSONObject())),
        ])
        catchAll(&fields, container, before: [.object(exists)])
        fields["Next"] = .string(step.name)
        add(name, fields, to: container)
    }

    // MARK: Properties

    /// A property of a result, where Step Functions gives it another form.
    func strictProperty(_ node: Int, _ path: PropertyPath, _ sequence: Plan.SequenceID) -> String {
        let step = graph.nodes[node].step
        let text = ResponsePath.text(path)
        guard case .name(let member)? = path.components.first else { return "$states.result" }
        switch step.type {
        case .autoML:
            let result = results[node].map { "$\($0)" } ?? "$states.result"
            guard member == "BestCandidateProperties", path.components.count == 2, case .name(let report) = path.components[1] else { return result + text }
            let artifacts = "\(result).BestCandidate.CandidateProperties.CandidateArtifactLocations"
            return report == "ModelInsightsJsonReportPath"
                ? "\(artifacts).ModelInsights & '/statistics.json'" : "\(artifacts).Explainability & '/explainability.json'"
        case .endpoint, .inferenceComponent: return (results[node].map { "$\($0)" } ?? "$states.result") + text
        case .tuning:
            guard let job = tunings[node] else { return "$states.result\(text)" }
            return member == "TrainingJobSummaries" ? "$states.result\(text)" : "$\(job)\(text)"
        case .emr:
            if let ended = emrSteps[node] { return member == "ClusterId" ? "$\(ended).ClusterId" : "$\(ended).Step\(text)" }
            return member == "ClusterId" ? writer(node, sequence).text(step.arguments["ClusterId"] ?? .null) : "$states.result.Step\(text)"
        case .emrServerless:
            return member == "jobRun" ? "$states.result.JobRun" + PropertyPath(Array(path.components.dropFirst())).capitalizedText : "$states.result\(text)"
        case .qualityCheck, .clarifyCheck: return checkProperty(node, member, sequence)
        default: return "$states.result\(text)"
        }
    }

    private mutating func allow(_ type: StepType) {
        switch type {
        case .processing, .qualityCheck, .clarifyCheck:
            strictLosses.allow([
                "sagemaker:CreateProcessingJob", "sagemaker:DescribeProcessingJob", "sagemaker:StopProcessingJob", "sagemaker:AddTags", "events",
            ])
        case .training:
            strictLosses.allow(["sagemaker:CreateTrainingJob", "sagemaker:DescribeTrainingJob", "sagemaker:StopTrainingJob", "sagemaker:AddTags", "events"])
        case .tuning:
            strictLosses.allow([
                "sagemaker:CreateHyperParameterTuningJob", "sagemaker:DescribeHyperParameterTuningJob", "sagemaker:StopHyperParameterTuningJob",
                "sagemaker:ListTrainingJobsForHyperParameterTuningJob", "sagemaker:AddTags", "events",
            ])
        case .transform:
            strictLosses.allow(["sagemaker:CreateTransformJob", "sagemaker:DescribeTransformJob", "sagemaker:StopTransformJob", "sagemaker:AddTags", "events"])
        case .model: strictLosses.allow(["sagemaker:CreateModel", "sagemaker:AddTags"])
        case .registerModel: strictLosses.allow(["sagemaker:CreateModelPackage", "sagemaker:CreateModelPackageGroup"])
        case .autoML: strictLosses.allow(["sagemaker:CreateAutoMLJob", "sagemaker:DescribeAutoMLJob"])
        case .endpointConfig: strictLosses.allow(["sagemaker:CreateEndpointConfig"])
        case .endpoint: strictLosses.allow(["sagemaker:CreateEndpoint", "sagemaker:DescribeEndpoint"])
        case .inferenceComponent: strictLosses.allow(["sagemaker:CreateInferenceComponent", "sagemaker:DescribeInferenceComponent"])
        case .lambda: strictLosses.allow(["lambda:InvokeFunction"])
        case .callback: strictLosses.allow(["sqs:SendMessage"])
        case .emr:
            strictLosses.allow([
                "elasticmapreduce:AddJobFlowSteps", "elasticmapreduce:DescribeStep", "elasticmapreduce:CancelSteps", "elasticmapreduce:RunJobFlow",
                "elasticmapreduce:TerminateJobFlows", "elasticmapreduce:DescribeCluster", "events",
            ])
        case .emrServerless:
            strictLosses.allow([
                "emr-serverless:StartJobRun", "emr-serverless:GetJobRun", "emr-serverless:CancelJobRun", "emr-serverless:CreateApplication",
                "emr-serverless:GetApplication", "events",
            ])
        case .condition, .fail, .forEach, .lineage, .cleanup: break
        }
    }
}

extension String {
    func replacingLast(_ suffix: String, _ replacement: String) -> String {
        hasSuffix(suffix) ? String(dropLast(suffix.count)) + replacement : self
    }

    func capitalizingFirst() -> String { prefix(1).uppercased() + dropFirst() }
}

extension PropertyPath {
    /// The path with members that begin with capitals.
    var capitalizedText: String {
        ResponsePath.text(
            PropertyPath(
                components.map { component in
                    if case .name(let name) = component { return .name(name.capitalizingFirst()) }
                    return component
                }))
    }
}

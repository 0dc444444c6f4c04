import JSON
import SageMakerPipelines

extension DSLTranscription {
    func step(_ json: JSONValue) throws -> any Step {
        let name = json["Name"]?.string ?? ""
        var members = Members(json, of: name)
        _ = members.take("Name")
        let type = members.take("Type")?.string ?? ""
        let options = try options(&members)
        guard let arguments = members.take("Arguments") else { throw Unsayable(description: "\(name) has no Arguments") }
        let step: any Step
        // Types that are given as their request, and the stubs of the SDK's own tests, which have no request to speak of.
        let isStub = type == "Training" && arguments["AlgorithmSpecification"] == nil || type == "Processing" && arguments["AppSpecification"] == nil
        switch isStub ? "EMR" : type {
        case "Processing": step = try processing(name, arguments, members.take("PropertyFiles"), options)
        case "Training":
            step = TrainingStep(name: name, estimator: try estimator(arguments, name), inputs: try channels(arguments["InputDataConfig"]), options: options)
        case "Tuning": step = try tuning(name, arguments, options)
        case "Transform": step = try transform(name, arguments, options)
        case "Model": step = try createModel(name, arguments, options)
        case "RegisterModel": step = try registerModel(name, arguments, options)
        case "Condition":
            step = ConditionStep(
                name: name, conditions: try (arguments["Conditions"]?.array ?? []).map(condition),
                ifSteps: try (arguments["IfSteps"]?.array ?? []).map { try self.step($0) },
                elseSteps: try (arguments["ElseSteps"]?.array ?? []).map { try self.step($0) }, options: options)
        case "Fail": step = FailStep(name: name, errorMessage: try value(arguments["ErrorMessage"] ?? .null))
        case "Lambda":
            step = LambdaStep(
                name: name, functionARN: try value(members.take("FunctionArn") ?? .null), inputs: try pairs(arguments),
                outputs: try outputs(members.take("OutputParameters")), options: options)
        case "Callback":
            step = CallbackStep(
                name: name, queueURL: try value(members.take("SqsQueueUrl") ?? .null), inputs: try pairs(arguments),
                outputs: try outputs(members.take("OutputParameters")), options: options)
        case "ForEach": step = try forEach(name, arguments, options)
        case "QualityCheck", "ClarifyCheck": step = try check(name, type, arguments, &members, options)
        case "AutoML": step = RequestStep<AutoMLProperties>(name: name, autoML: try request(arguments), options: options)
        case "EndpointConfig": step = RequestStep<EndpointConfigProperties>(name: name, endpointConfig: try request(arguments), options: options)
        case "Endpoint": step = RequestStep<EndpointProperties>(name: name, endpoint: try request(arguments), options: options)
        case "EMR", "EMRServerless", "InferenceComponent", "Lineage", "Cleanup":
            guard let type = StepType(rawValue: type) else { throw Unsayable(description: "\(name) is of an unknown type") }
            step = RequestStep<PropertyMap<Property>>(name: name, type: type, arguments: try request(arguments), options: options)
        default: throw Unsayable(description: "\(name) is of the type \(type)")
        }
        try members.end()
        return step
    }

    private func request(_ json: JSONValue) throws -> JSONObject { json.object ?? JSONObject() }

    private func options(_ members: inout Members) throws -> StepOptions {
        var options = StepOptions()
        options.displayName = members.take("DisplayName")?.string
        options.description = members.take("Description")?.string
        options.dependsOn = try (members.take("DependsOn")?.array ?? []).map { json in
            guard let dependency = StepDependency(json: json) else { throw Unsayable(description: "DependsOn \(json.text())") }
            return dependency
        }
        if let cache = members.take("CacheConfig") {
            options.cache = CacheConfig(enableCaching: cache["Enabled"]?.bool ?? false, expireAfter: cache["ExpireAfter"]?.string)
        }
        let rules = try (members.take("RetryPolicies")?.array ?? []).map(retryRule)
        options.retryPolicies = StepOptions(retryPolicies: rules).retryPolicies
        return options
    }

    private func retryRule(_ json: JSONValue) throws -> any StepRetryRule {
        let types = (json["ExceptionType"]?.array ?? []).compactMap(\.string)
        let (interval, rate) = (Int(json["IntervalSeconds"]?.text() ?? "") ?? 1, Double(json["BackoffRate"]?.text() ?? "") ?? 2)
        let limit: RetryLimit
        if let minutes = json["ExpireAfterMin"] {
            limit = .expireAfter(minutes: Int(minutes.text()) ?? 0)
        } else {
            limit = .attempts(Int(json["MaxAttempts"]?.text() ?? "") ?? 0)
        }
        let general = types.compactMap(StepRetryPolicy.ExceptionType.init)
        if general.count == types.count { return StepRetryPolicy(exceptionTypes: general, intervalSeconds: interval, backoffRate: rate, limit: limit) }
        let (own, reasons) = (
            types.compactMap(SageMakerJobStepRetryPolicy.ExceptionType.init), types.compactMap(SageMakerJobStepRetryPolicy.FailureReason.init)
        )
        guard own.count + reasons.count == types.count else { throw Unsayable(description: "a retry policy of both kinds") }
        return SageMakerJobStepRetryPolicy(exceptionTypes: own, failureReasonTypes: reasons, intervalSeconds: interval, backoffRate: rate, limit: limit)
    }

    private func outputs(_ json: JSONValue?) throws -> [StepOutput] {
        try (json?.array ?? []).map { output in
            guard let type = PipelineParameter.ValueType(rawValue: output["OutputType"]?.string ?? "") else { throw Unsayable(description: "an output's type") }
            return StepOutput(output["OutputName"]?.string ?? "", type)
        }
    }

    private func condition(_ json: JSONValue) throws -> Condition {
        func both() throws -> (any PipelineInput, any PipelineInput) { (try value(json["LeftValue"] ?? .null), try value(json["RightValue"] ?? .null)) }
        switch json["Type"]?.string {
        case "Equals": return Condition.equals(try both().0, try both().1)
        case "GreaterThan": return .greaterThan(try both().0, try both().1)
        case "GreaterThanOrEqualTo": return .greaterThanOrEqualTo(try both().0, try both().1)
        case "LessThan": return .lessThan(try both().0, try both().1)
        case "LessThanOrEqualTo": return .lessThanOrEqualTo(try both().0, try both().1)
        case "In": return .in(try value(json["QueryValue"] ?? .null), try values(json["Values"]))
        case "Not": return .not(try condition(json["Condition"] ?? .null))
        case "Or": return .or(try (json["Conditions"]?.array ?? []).map(condition))
        default: throw Unsayable(description: "a condition of type \(json["Type"]?.text() ?? "none")")
        }
    }

    private func forEach(_ name: String, _ arguments: JSONValue, _ options: StepOptions) throws -> any Step {
        let body = try (arguments["ForEachBody"]?.array ?? []).map { try step($0) }
        var selector: ForEachStep.Selector?
        if let chosen = arguments["Selector"] {
            let words = (chosen["Field"]?["Get"]?.string ?? "").split(separator: ".").map(String.init)
            guard words.count == 3, let owner = body.first(where: { $0.name == words[1] }) else { throw Unsayable(description: "\(name)'s Selector") }
            let output = String(words[2].dropFirst("OutputParameters['".count).dropLast(2))
            selector = ForEachStep.Selector(pick: chosen["Pick"]?.string ?? "", field: ForEachItem.output(of: owner, output))
        }
        return ForEachStep(
            name: name, items: try value(arguments["IterableItems"] ?? .null), maxConcurrency: arguments["MaxConcurrency"].flatMap { Int($0.text()) },
            selector: selector, body: body, options: options)
    }

    private func check(_ name: String, _ type: String, _ arguments: JSONValue, _ members: inout Members, _ options: StepOptions) throws -> any Step {
        func given(_ key: String) throws -> (any PipelineInput)? {
            guard let json = members.take(key), !json.isNull else { return nil }
            return try value(json)
        }
        guard let type = StepType(rawValue: type) else { throw Unsayable(description: "\(name) is of an unknown type") }
        return RequestStep<CheckProperties>(
            name: name, type: type, checkType: members.take("CheckType")?.string ?? "", job: try request(arguments),
            modelPackageGroupName: try given("ModelPackageGroupName"), skipCheck: try given("SkipCheck") ?? false,
            failOnViolation: try given("FailOnViolation") ?? true, registerNewBaseline: try given("RegisterNewBaseline") ?? false,
            suppliedBaselineStatistics: try given("SuppliedBaselineStatistics"), suppliedBaselineConstraints: try given("SuppliedBaselineConstraints"),
            modelName: try given("ModelName"), options: options)
    }
}

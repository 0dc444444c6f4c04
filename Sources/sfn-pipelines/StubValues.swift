import JSON
import SageMakerPipelines
import StatesLanguage

/// Answers for stubbed jobs: the request again, and a value for every property that the pipeline refers to.
struct StubValues {
    private let definition: PipelineDefinition
    private let steps: [String: PipelineStep]
    /// Property paths that are referred to, by step.
    private var properties: [String: [PropertyPath]] = [:]
    /// Paths in files, by the step that reads: one list for each file, in the order in which the files are named.
    private var files: [String: [(file: String, paths: [PropertyPath])]] = [:]
    /// What something is compared with, by the text of its expression: its type is what the stub must give.
    private var peers: [String: JSONValue] = [:]
    /// Names whose text must be a JSON list.
    private var lists: Set<String> = []

    init(definition: PipelineDefinition) {
        self.definition = definition
        steps = Dictionary(definition.allSteps.map { ($0.step.name, $0.step) }, uniquingKeysWith: { first, _ in first })
        for placed in definition.allSteps { collect(placed.step) }
    }

    private mutating func collect(_ step: PipelineStep) {
        for file in step.propertyFiles {
            let path: [PropertyPath.Component] = [.name("ProcessingOutputConfig"), .name("Outputs"), .key(file.outputName), .name("S3Output"), .name("S3Uri")]
            properties[step.name, default: []].append(PropertyPath(path))
        }
        var pending: [JSONValue] = [.object(step.document)]
        while let value = pending.popLast() {
            switch value {
            case .array(let elements): pending.append(contentsOf: elements.reversed())
            case .object(let object):
                note(object, step)
                for (key, member) in object.reversed() where !["IfSteps", "ElseSteps", "ForEachBody"].contains(key) { pending.append(member) }
            default: break
            }
        }
        if step.type == .forEach, let text = step.arguments["IterableItems"]?["Get"]?.string { lists.insert(text) }
    }

    private mutating func note(_ object: JSONObject, _ step: PipelineStep) {
        if let text = object["Get"]?.string, case .step(let name, let path)? = PipelineExpression.Reference(text) {
            properties[name, default: []].append(path)
        }
        if let get = object["Std:JsonGet"], let path = get["Path"]?.string.flatMap(PropertyPath.init) {
            let name = (get["PropertyFile"] ?? get["S3Uri"] ?? .null).text()
            var list = files[step.name] ?? []
            if let index = list.firstIndex(where: { $0.file == name }) { list[index].paths.append(path) } else { list.append((name, [path])) }
            files[step.name] = list
        }
        guard let left = object["LeftValue"], let right = object["RightValue"] else {
            if let query = object["QueryValue"], let first = object["Values"]?[0] { peers[query.text()] = first }
            return
        }
        peers[left.text()] = right
        peers[right.text()] = left
    }

    // MARK: Parameters

    /// A value for every parameter that has none.
    func parameters() -> [String: JSONValue] {
        var result: [String: JSONValue] = [:]
        for parameter in definition.parameters where parameter.defaultValue == nil {
            if let first = parameter.enumValues?.first {
                result[parameter.name] = first
                continue
            }
            switch parameter.type {
            case .integer: result[parameter.name] = 1
            case .float: result[parameter.name] = 0.5
            case .boolean: result[parameter.name] = true
            case .string, nil:
                result[parameter.name] =
                    lists.contains("Parameters.\(parameter.name)") ? .string("[{\"name\": \"a\"}]") : .string("s3://stub/\(parameter.name)")
            }
        }
        return result
    }

    // MARK: Answers

    func answer(to invocation: TaskInvocation, _ placements: [StepPlacement]) -> JSONValue {
        let request = invocation.schedule.input
        guard case .service(let service, let action) = invocation.resource.kind else { return request }
        if service == "aws-sdk:s3" {
            let placement = placements.first { $0.helpers.contains(invocation.stateName) }
            // The report that a check left.
            if placement == nil { return ["Body": "{\"violations\": []}"] }
            let reader = placement?.step ?? ""
            let position = placement?.helpers.firstIndex(of: invocation.stateName) ?? 0
            let list = files[reader] ?? []
            var body = JSONValue.null
            for path in list.indices.contains(position) ? list[position].paths : [] {
                Self.set(path.components[...], in: &body, to: fileValue(reader, path), isNamed: false)
            }
            return ["Body": .string(body.text())]
        }
        let step = owner(of: invocation.stateName)
        if service == "lambda" { return ["Payload": outputs(step), "StatusCode": 200] }
        if service == "sqs" { return outputs(step) }
        var response = request
        if action == "createModelPackageGroup" { return ["ModelPackageGroupArn": "arn:aws:sagemaker:us-east-1:123456789012:model-package-group/group"] }
        if let answer = strictAnswer(service, action, request, step) { return answer }
        if action == "createModelPackage" { response = ["ModelPackageArn": "arn:aws:sagemaker:us-east-1:123456789012:model-package/group/1"] }
        fill(&response, step)
        return response
    }

    /// The step that a state of the machine belongs to: `Register group` to `Register`.
    private func owner(of state: String) -> String {
        if steps[state] != nil { return state }
        return steps.keys.filter { state.hasPrefix($0 + " ") }.max { $0.utf8.count < $1.utf8.count } ?? state
    }

    /// Answers in the form that only strict machines ask for.
    private func strictAnswer(_ service: String, _ action: String, _ request: JSONValue, _ step: String) -> JSONValue? {
        func filled(_ response: JSONValue) -> JSONValue {
            var response = response
            fill(&response, step)
            return response
        }
        switch (service, action) {
        case ("aws-sdk:sagemaker", "createAutoMLJob"): return ["AutoMLJobArn": "arn:aws:sagemaker:us-east-1:123456789012:automl-job/job"]
        case ("aws-sdk:sagemaker", "describeAutoMLJob"):
            return filled([
                "AutoMLJobStatus": "Completed",
                "BestCandidate": [
                    "CandidateProperties": ["CandidateArtifactLocations": ["ModelInsights": "s3://stub/insights", "Explainability": "s3://stub/why"]]
                ],
            ])
        case ("sagemaker", "createEndpoint"): return ["EndpointArn": "arn:aws:sagemaker:us-east-1:123456789012:endpoint/e"]
        case ("aws-sdk:sagemaker", "describeEndpoint"): return filled(["EndpointStatus": "InService"])
        case ("aws-sdk:sagemaker", "createInferenceComponent"):
            return ["InferenceComponentArn": "arn:aws:sagemaker:us-east-1:123456789012:inference-component/i"]
        case ("aws-sdk:sagemaker", "describeInferenceComponent"): return filled(["InferenceComponentStatus": "InService"])
        case ("elasticmapreduce", "createCluster"): return ["ClusterId": "j-1"]
        case ("elasticmapreduce", "addStep"): return ["Step": filled(["Status": ["State": "COMPLETED"]])]
        case ("elasticmapreduce", "terminateCluster"): return ["ClusterId": "j-1"]
        case ("emr-serverless", "createApplication"): return ["ApplicationId": "a-1"]
        case ("emr-serverless", "startJobRun"):
            return ["JobRun": filled(["State": "SUCCESS", "JobRunId": "r-1", "ApplicationId": "a-1"])]
        default: return nil
        }
    }

    private func fill(_ response: inout JSONValue, _ step: String) {
        for path in properties[step] ?? [] where path.components.first != .name("PropertyFiles") {
            if Self.value(path.components[...], in: response) != nil { continue }
            Self.set(path.components[...], in: &response, to: value(for: "Steps.\(step).\(path)"), isNamed: true)
        }
    }

    private func outputs(_ step: String) -> JSONValue {
        var result = JSONObject()
        for output in steps[step]?.outputParameters ?? [] {
            let reference = "Steps.\(step).OutputParameters['\(output.name)']"
            switch output.type {
            case .integer: result[output.name] = 1
            case .float: result[output.name] = 0.5
            case .boolean: result[output.name] = true
            case .string, nil: result[output.name] = lists.contains(reference) ? "[\"a\", \"b\"]" : value(for: reference)
            }
        }
        return .object(result)
    }

    /// Of the type of what it is compared with.
    private func value(for reference: String) -> JSONValue {
        guard let peer = peers[JSONValue.object(JSONObject([("Get", .string(reference))])).text()] else { return .string("s3://stub/\(reference)") }
        return like(peer)
    }

    private func fileValue(_ reader: String, _ path: PropertyPath) -> JSONValue {
        for (key, peer) in peers where key.contains("Std:JsonGet") {
            if let operand = try? JSONValue(parsing: key), operand["Std:JsonGet"]?["Path"]?.string.flatMap(PropertyPath.init) == path { return like(peer) }
        }
        return .string("1")
    }

    private func like(_ peer: JSONValue) -> JSONValue {
        switch peer {
        case .object(let object):
            if let text = object["Get"]?.string, text.hasPrefix("Parameters."),
                let parameter = definition.parameters.first(where: { "Parameters.\($0.name)" == text })
            {
                return parameter.defaultValue ?? (parameter.type == .string ? "x" : 1)
            }
            return object["Std:JsonGet"] != nil ? 1 : "x"
        default: return peer
        }
    }

    // MARK: Paths

    private static let nameMembers = [
        "Outputs": "OutputName", "ProcessingInputs": "InputName", "FinalMetricDataList": "MetricName", "InputDataConfig": "ChannelName",
    ]

    private static func value(_ path: ArraySlice<PropertyPath.Component>, in value: JSONValue, after list: String? = nil) -> JSONValue? {
        guard let first = path.first else { return value }
        switch first {
        case .name(let name): return value[name].flatMap { Self.value(path.dropFirst(), in: $0, after: name) }
        case .index(let index): return value[index].flatMap { Self.value(path.dropFirst(), in: $0) }
        case .key(let key):
            guard let member = list.flatMap({ nameMembers[$0] }) else { return value[key].flatMap { Self.value(path.dropFirst(), in: $0) } }
            return value.array?.first { $0[member]?.string == key }.flatMap { Self.value(path.dropFirst(), in: $0) }
        }
    }

    private static func set(_ path: ArraySlice<PropertyPath.Component>, in value: inout JSONValue, to new: JSONValue, isNamed: Bool, after list: String? = nil)
    {
        guard let first = path.first else {
            value = new
            return
        }
        let rest = path.dropFirst()
        switch first {
        case .index(let index):
            var array = value.array ?? []
            while array.count <= index { array.append(.null) }
            set(rest, in: &array[index], to: new, isNamed: isNamed)
            value = .array(array)
        case .name(let name), .key(let name):
            if isNamed, case .key = first, let member = list.flatMap({ nameMembers[$0] }) {
                var array = value.array ?? []
                let index = array.firstIndex { $0[member]?.string == name } ?? array.count
                if index == array.count { array.append(.object(JSONObject([(member, .string(name))]))) }
                set(rest, in: &array[index], to: new, isNamed: isNamed)
                value = .array(array)
                return
            }
            var object = value.object ?? JSONObject()
            var inner = object[name] ?? .null
            set(rest, in: &inner, to: new, isNamed: isNamed, after: name)
            object[name] = inner
            value = .object(object)
        }
    }
}

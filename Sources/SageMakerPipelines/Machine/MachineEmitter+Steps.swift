import JSON

extension MachineEmitter {
    // MARK: Reading

    /// Writes the values of the step at `node`.
    func writer(_ node: Int, _ sequence: Plan.SequenceID) -> ValueWriter {
        ValueWriter(
            property: { name, path in property(name, path, sequence) },
            file: { source, path in
                guard let read = reads[node]?.first(where: { $0.source == source }) else { return "null" }
                return "$\(read.variable)\(read.kept.reading(path) { before, rest in Self.filePath(rest, after: before) })"
            },
            jobName: jobName(node), experiment: definition.experimentConfig)
    }

    private static func filePath(_ path: PropertyPath, after before: [PropertyPath.Component] = []) -> String {
        var text = ""
        for component in path.components {
            switch component {
            case .name(let name), .key(let name): text += ExpressionText.field(name)
            case .index(let index): text += "[\(index)]"
            }
        }
        return text
    }

    private func property(_ name: String, _ path: PropertyPath, _ sequence: Plan.SequenceID) -> String {
        guard let node = graph.index[name], variables.sequenceOf[node] != nil else { return outer?.property(name, path) ?? "null" }
        return property(node, path, "$\(variables.name(of: node, from: sequence))")
    }

    private func property(_ node: Int, _ path: PropertyPath, _ variable: String) -> String {
        variable + (kept[node]?.reading(path) { before, rest in ResponsePath.text(rest, after: before) } ?? "")
    }

    func jobName(_ node: Int) -> String {
        let step = graph.nodes[node].step
        let limit = step.type.flatMap(StepResource.of)?.nameLimit ?? 63
        // 12 for the run, up to 8 for the attempt, and the hyphens.
        let prefix = limit < 63 ? "" : "pipelines-"
        let room = limit - prefix.utf8.count - 12 - 8 - (outer == nil ? 0 : 4)
        var name = step.name.utf8.prefix(max(room, 4)).map { $0 == UInt8(ascii: "_") ? UInt8(ascii: "-") : $0 }
        while name.last == UInt8(ascii: "-") { name.removeLast() }
        while name.first == UInt8(ascii: "-") { name.removeFirst() }
        let label = name.isEmpty ? "step" : String(decoding: name, as: UTF8.self)
        let run = prefix.isEmpty ? "'p' & $Run" : "'\(prefix)' & $Run"
        let item = outer == nil ? "" : " & '-' & $states.context.Map.Item.Index"
        if dialect == .strict, step.type.map({ $0 != .model && $0 != .endpointConfig && $0 != .endpoint }) ?? true, !usesJobName(step) {
            // A retry in a loop enters the state again, where no count would tell the attempts apart.
            return "\(run) & '-\(label)-' & $substring($uuid(), 0, 7)"
        }
        return "\(run) & '-\(label)'\(item) & '-' & $states.context.Execution.RedriveCount & $states.context.State.RetryCount"
    }

    private func usesJobName(_ step: PipelineStep) -> Bool {
        step.expressions(at: "").found.contains {
            $0.expression == .get(.execution("TrainingJobName")) || $0.expression == .get(.execution("ProcessingJobName"))
        }
    }

    // MARK: Writing

    /// The state of a step, and before it those that read files for it.
    mutating func emitStep(_ node: Int, _ sequence: Plan.SequenceID, _ container: Plan.SequenceID, _ next: String?, handsOn: Bool) {
        emitReads(node, sequence, container)
        let step = graph.nodes[node].step
        guard let type = step.type else { return }
        var fields: JSONObject
        switch type {
        case .condition: fields = JSONObject([("Type", "Pass")])
        case .fail:
            add(step.name, failState(node, sequence), to: container)
            return
        case .forEach: fields = forEachState(node, sequence)
        default: fields = taskState(node, type, sequence)
        }
        if let comment = step.description, !comment.isEmpty, type != .forEach {
            var commented = JSONObject()
            for (key, value) in fields {
                commented[key] = value
                if key == "Type" { commented["Comment"] = .string(comment) }
            }
            fields = commented
        }
        finish(node, sequence, container, &fields, handsOn: handsOn)
        Self.follow(&fields, next)
        add(step.name, fields, to: container)
    }

    /// `Assign` and `Output`: what is kept of the result.
    private func finish(_ node: Int, _ sequence: Plan.SequenceID, _ container: Plan.SequenceID, _ fields: inout JSONObject, handsOn: Bool) {
        let value = variables.isRead(node) ? ownValue(node, sequence) : nil
        let isExported = variables.exports[container]?.contains(node) ?? false
        if let value, variables.isReadAtHome(node) || isExported && !handsOn {
            fields["Assign"] = .object(JSONObject([(variables.homeName(of: node), ExpressionText.template(value))]))
        }
        if fields["Assign"] == nil, graph.nodes[node].step.type == .condition {
            // The decision must be evaluated, and may fail, even where nobody asks for it.
            let text = writer(node, sequence).conjunction(graph.nodes[node].step.conditions)
            fields["Output"] = handsOn ? nil : ["Outcome": ExpressionText.template(text)]
            if !handsOn { return }
        }
        if handsOn {
            fields["Output"] = ExpressionText.template(handingOn(container, own: value.map { (node, $0) }))
        } else {
            fields["Output"] = .object(JSONObject())
        }
    }

    /// The object of the properties that are kept, as an expression in the step's own state.
    func ownValue(_ node: Int, _ sequence: Plan.SequenceID) -> String {
        let step = graph.nodes[node].step
        let tree = kept[node] ?? KeptProperties()
        switch step.type {
        case .condition:
            return "{'Outcome': \(writer(node, sequence).conjunction(step.conditions))}"
        case .lambda, .callback:
            let base = step.type == .lambda ? "$states.result.Payload" : "$states.result"
            return tree.construction { path in outputValue(step, path, base) }
        case .forEach: return forEachValue(node)
        case .model, .endpointConfig, .registerModel: return tree.construction { path in created(node, path, sequence) }
        default: return tree.construction { path in dialect == .strict ? strictProperty(node, path, sequence) : "$states.result\(ResponsePath.text(path))" }
        }
    }

    private func outputValue(_ step: PipelineStep, _ path: PropertyPath, _ base: String) -> String {
        guard path.components.count == 2 else { return "\(base)\(ResponsePath.text(PropertyPath(Array(path.components.dropFirst()))))" }
        let name: String
        switch path.components[1] {
        case .key(let key), .name(let key): name = key
        case .index(let index): return "\(base)[\(index)]"
        }
        let value = base + ExpressionText.field(name)
        switch step.outputParameters.first(where: { $0.name == name })?.type {
        case .integer, .float: return "$number(\(value))"
        case .boolean: return "$lowercase($string(\(value))) = 'true'"
        // A nested value is one JSON text.
        case .string, nil: return "$string(\(value))"
        }
    }

    /// A property of something that was made by a call that returns its ARN alone: the rest is known from the request.
    private func created(_ node: Int, _ path: PropertyPath, _ sequence: Plan.SequenceID) -> String {
        let step = graph.nodes[node].step
        guard let type = step.type, case .name(let member)? = path.components.first else { return "$states.result" }
        if path.components.count == 1 {
            if member == StepResource.of(type)?.nameMember {
                return switch resourceNameText(node, type, sequence) {
                case .value(let value): writer(node, sequence).text(value)
                case .expression(let text): text
                }
            }
            if type == .registerModel, member == "ModelPackageName" || member == "ModelPackageVersion" {
                let rest = "$split($substringAfter($states.result.ModelPackageArn, 'model-package/'), '/')"
                return member == "ModelPackageName" ? "\(rest)[0]" : "$number(\(rest)[1])"
            }
        }
        if let value = Self.value(path, in: .object(step.arguments)) { return writer(node, sequence).text(value) }
        return "$states.result\(ResponsePath.text(path))"
    }

    private static func value(_ path: PropertyPath, in value: JSONValue) -> JSONValue? {
        var current = value
        for component in path.components {
            let next: JSONValue? =
                switch component {
                case .name(let name), .key(let name): current[name]
                case .index(let index): current[index]
                }
            guard let next else { return nil }
            current = next
        }
        return current
    }

    // MARK: Tasks

    func taskState(_ node: Int, _ type: StepType, _ sequence: Plan.SequenceID) -> JSONObject {
        let step = graph.nodes[node].step
        var fields = JSONObject([("Type", "Task")])
        if let reused = options.reused[step.name] {
            fields["Resource"] = .string(PipelineExecutionSteps.reuseResource)
            fields["Arguments"] = .object(reused)
            return fields
        }
        guard let resource = StepResource.of(type) else { return fields }
        fields["Resource"] = .string(resource.arn)
        fields["Arguments"] = .object(arguments(node, type, sequence))
        if let cache = step.cacheConfig, cache.isEnabled, dialect == .extended {
            var object = JSONObject([("Enabled", true)])
            if let after = cache.expireAfter { object["ExpireAfter"] = .string(CacheDuration(after)?.iso8601 ?? after) }
            fields["Cache"] = .object(object)
        }
        fields["Retry"] = .array(retriers(step))
        return fields
    }

    /// The request: the step's arguments, and what the service adds to them.
    func arguments(_ node: Int, _ type: StepType, _ sequence: Plan.SequenceID) -> JSONObject {
        let step = graph.nodes[node].step
        let writer = writer(node, sequence)
        let own = step.arguments.mapValues(writer.template)
        switch type {
        case .lambda:
            return JSONObject([("FunctionName", writer.template(step.document["FunctionArn"] ?? "")), ("Payload", .object(own))])
        case .callback:
            let body: JSONValue = [
                "token": ExpressionText.template("$states.context.Task.Token"),
                "pipelineExecutionArn": ExpressionText.template("$states.context.Execution.Id"),
                "arguments": .object(own), "status": "Executing",
            ]
            return JSONObject([("QueueUrl", writer.template(step.document["SqsQueueUrl"] ?? "")), ("MessageBody", body)])
        case .qualityCheck, .clarifyCheck:
            var request = JSONObject()
            for key in step.document.keys
            where !["Name", "Type", "Arguments", "DisplayName", "Description", "DependsOn", "CacheConfig", "RetryPolicies"].contains(key) {
                request[key] = step.document[key].map(writer.template)
            }
            request["ProcessingJob"] = .object(named(own, node, type, sequence))
            return request
        default: return named(own, node, type, sequence)
        }
    }

    private func named(_ own: JSONObject, _ node: Int, _ type: StepType, _ sequence: Plan.SequenceID) -> JSONObject {
        guard let member = StepResource.of(type)?.nameMember else { return own }
        var request = JSONObject()
        request[member] =
            switch resourceNameText(node, type, sequence) {
            case .value(let value): writer(node, sequence).template(value)
            case .expression(let text): ExpressionText.template(text)
            }
        for (key, value) in own where key != member { request[key] = value }
        return request
    }

    private enum ResourceName {
        case value(JSONValue)
        case expression(String)
    }

    /// Names that the arguments give are prefixes for jobs and models (`use_custom_job_prefix`), and names for endpoints.
    private func resourceNameText(_ node: Int, _ type: StepType, _ sequence: Plan.SequenceID) -> ResourceName {
        let step = graph.nodes[node].step
        guard let member = StepResource.of(type)?.nameMember, let given = step.arguments[member], !given.isNull else {
            return .expression(jobName(node))
        }
        if type == .endpoint || type == .endpointConfig || type == .inferenceComponent { return .value(given) }
        let limit = StepResource.of(type)?.nameLimit ?? 63
        let item = outer == nil ? "" : " & $states.context.Map.Item.Index"
        let prefix = "$substring(\(writer(node, sequence).text(given)), 0, \(limit - 20))"
        return .expression("\(prefix) & '-' & $Run\(item) & '-' & $states.context.Execution.RedriveCount & $states.context.State.RetryCount")
    }

    func retriers(_ step: PipelineStep) -> [JSONValue] {
        RetryPolicy.inForce(step.retryPolicies, of: step.type).filter { !isLooped($0) }.map { policy in
            var fields = JSONObject()
            fields["ErrorEquals"] = .array(policy.exceptionTypes.map { .string($0) })
            fields["IntervalSeconds"] = .integer(max(policy.intervalSeconds, 1))
            // Step Functions knows no rate below 1.
            fields["BackoffRate"] = .normalized(max(policy.backoffRate, 1))
            if dialect == .strict { fields["ErrorEquals"] = .array(StrictErrors.names(policy.exceptionTypes, of: step.type).map { .string($0) }) }
            if let minutes = policy.expireAfterMin {
                if dialect == .extended, minutes > 0 {
                    fields["MaxAttempts"] = 99_999_999
                    fields["ExpireAfterMin"] = .integer(minutes)
                } else {
                    fields["MaxAttempts"] = .integer(policy.attemptsWithin(minutes: minutes))
                }
            } else {
                fields["MaxAttempts"] = .integer(policy.maxAttempts ?? 5)
            }
            return .object(fields)
        }
    }

    // MARK: Fail, files, Choice

    func failState(_ node: Int, _ sequence: Plan.SequenceID) -> JSONObject {
        var fields = JSONObject([("Type", "Fail"), ("Error", "FailStep")])
        if let message = graph.nodes[node].step.arguments["ErrorMessage"], !message.isNull, message.string != "" {
            let written = writer(node, sequence).template(message)
            // A cause is a text.
            if case .string(let text) = written, text.hasPrefix("{%"), case .object = message, (try? PipelineExpression(message)) != nil {
                fields["Cause"] = ExpressionText.template("$string(\(writer(node, sequence).text(message)))")
            } else {
                fields["Cause"] = written
            }
        }
        return fields
    }

    mutating func emitReads(_ node: Int, _ sequence: Plan.SequenceID, _ container: Plan.SequenceID) {
        let list = reads[node] ?? []
        let step = graph.nodes[node].step
        for (index, read) in list.enumerated() {
            let next = index + 1 < list.count ? list[index + 1].state : step.name
            // A property file that nobody declares is found nowhere, when it is read: so the service, too.
            let uri = fileURI(read.source, node, sequence) ?? "'s3://undeclared-property-file/\(step.name)'"
            var fields = JSONObject([
                ("Type", "Task"), ("Comment", .string("Step: \(step.name)")), ("Resource", "arn:aws:states:::aws-sdk:s3:getObject"),
                (
                    "Arguments",
                    [
                        "Bucket": ExpressionText.template("$split(\(uri), '/')[2]"),
                        "Key": ExpressionText.template("$substringAfter($substringAfter(\(uri), 's3://'), '/')"),
                    ] as JSONValue
                ),
                ("Retry", .array(retriers(PipelineStep(document: JSONObject())))),
                (
                    "Assign",
                    .object(
                        JSONObject([
                            (read.variable, ExpressionText.template(read.kept.construction { path in "$parse($states.result.Body)\(Self.filePath(path))" }))
                        ]))
                ),
                ("Output", .object(JSONObject())), ("Next", .string(next)),
            ])
            if dialect == .strict { catchAll(&fields, container) }
            add(read.state, fields, to: container)
        }
    }

    /// `a & '/' & b`, in parentheses where it is one operand among others.
    private func fileURI(_ source: PipelineExpression.JSONSource, _ node: Int, _ sequence: Plan.SequenceID) -> String? {
        switch source {
        case .s3URI(let value): return writer(node, sequence).text(value)
        case .propertyFile(let step, let name):
            guard let target = graph.index[step] else { return outer.map { _ in "null" } }
            let producer = graph.nodes[target].step
            guard let path = producer.outputPath(ofFile: name), let file = producer.propertyFiles.first(where: { $0.name == name }) else { return nil }
            return "$replace(\(property(step, path, sequence)), /\\/$/, '') & \(ExpressionText.literal("/" + file.filePath))"
        }
    }

    mutating func emitChoice(
        _ condition: Int, _ sequence: Plan.SequenceID, _ container: Plan.SequenceID, name: String?, _ ifSteps: Plan.SequenceID, _ elseSteps: Plan.SequenceID,
        _ next: String?
    ) {
        let step = graph.nodes[condition].step
        let isMerged = name == nil
        if isMerged { emitReads(condition, sequence, container) }
        let needsEnd = entryName(ifSteps) == nil || entryName(elseSteps) == nil
        let after = next ?? (needsEnd ? terminalName(container) : "")
        let test = isMerged ? writer(condition, sequence).conjunction(step.conditions) : "$\(variables.name(of: condition, from: sequence)).Outcome"
        var rule = JSONObject()
        rule["Condition"] = ExpressionText.template(test)
        var fields = JSONObject([("Type", "Choice")])
        if isMerged, let comment = step.description, !comment.isEmpty { fields["Comment"] = .string(comment) }
        if isMerged, variables.isRead(condition) {
            let variable = variables.homeName(of: condition)
            rule["Assign"] = .object(JSONObject([(variable, ["Outcome": true] as JSONValue)]))
            fields["Assign"] = .object(JSONObject([(variable, ["Outcome": false] as JSONValue)]))
        }
        rule["Next"] = .string(entryName(ifSteps) ?? after)
        fields["Choices"] = [.object(rule)]
        fields["Default"] = .string(entryName(elseSteps) ?? after)
        add(name ?? step.name, fields, to: container)
    }

    mutating func emitGuard(
        _ literals: [Literal], _ sequence: Plan.SequenceID, _ container: Plan.SequenceID, _ name: String, _ inner: Plan.SequenceID, _ next: String?
    ) {
        let after = next ?? terminalName(container)
        let tests = literals.map { literal -> String in
            let outcome = "$\(variables.name(of: literal.condition, from: sequence)).Outcome"
            return "\(outcome) = \(literal.outcome)"
        }
        var fields = JSONObject([("Type", "Choice")])
        let rule = JSONObject([("Condition", ExpressionText.template(tests.joined(separator: " and "))), ("Next", .string(entryName(inner) ?? after))])
        fields["Choices"] = [.object(rule)]
        fields["Default"] = .string(after)
        add(name, fields, to: container)
    }
}

extension RetryPolicy {
    /// How many retries its waits leave room for, if attempts take no time: at least what `ExpireAfterMin` allows.
    func attemptsWithin(minutes: Int64) -> Int64 {
        var schedule = RetrySchedule(policies: [self])
        guard let error = exceptionTypes.first.flatMap(RetryClass.init(rawValue:)) else { return 0 }
        var now = 0.0
        var count: Int64 = 0
        while count < 10_000, let wait = schedule.waitBeforeRetry(after: error, secondsSinceStart: now) {
            now += max(wait, 0.001)
            count += 1
        }
        return count
    }
}

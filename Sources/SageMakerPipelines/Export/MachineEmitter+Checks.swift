import JSON

/// Quality and Clarify checks in strict ASL: the monitor job compares with the supplied baseline, its report of violations is
/// read, and a Choice decides.
///
/// The containers compare where they find `baseline_constraints` and `baseline_statistics` in their environment, and write
/// `constraint_violations.json` beside their other results (Model Monitor's container contract).
extension MachineEmitter {
    mutating func check(_ node: Int, _ request: JSONObject, _ container: Plan.SequenceID) -> ([(name: String, fields: JSONObject)], JSONObject) {
        let step = graph.nodes[node].step
        let base = NameTable.variable(step.name)
        let output = variableNames.name("\(base)_output", separator: "_")
        results[node] = output
        let baselines = [("constraints", "SuppliedBaselineConstraints"), ("statistics", "SuppliedBaselineStatistics")].filter {
            request[$0.1].map { !$0.isNull } ?? false
        }
        tellCheckLosses(step, hasBaseline: !baselines.isEmpty)
        var job = request["ProcessingJob"]?.object ?? JSONObject()
        for (kind, member) in baselines { Self.add(baseline: kind, at: request[member] ?? .null, to: &job) }
        var main = task(node, "sagemaker:createProcessingJob.sync", job, container)
        main["Assign"] = .object(
            JSONObject([(output, ExpressionText.template("$replace($states.result.ProcessingOutputConfig.Outputs[0].S3Output.S3Uri, /\\/$/, '')"))]))
        main["Output"] = .object(JSONObject())
        let skipped = request["SkipCheck"] ?? false
        let fails = request["FailOnViolation"] ?? true
        guard skipped != true, fails != false else { return ([(step.name, main)], JSONObject([("Type", "Pass")])) }

        let count = variableNames.name("\(base)_violations", separator: "_")
        let choice = stateNames.name("\(step.name) has violations")
        let uri = "$\(output) & '/constraint_violations.json'"
        var reading = JSONObject([
            ("Type", "Task"), ("Comment", "No report: no violations"), ("Resource", "arn:aws:states:::aws-sdk:s3:getObject"),
            (
                "Arguments",
                [
                    "Bucket": ExpressionText.template("$split(\(uri), '/')[2]"),
                    "Key": ExpressionText.template("$substringAfter($substringAfter(\(uri), 's3://'), '/')"),
                ] as JSONValue
            ),
            ("Assign", .object(JSONObject([(count, ExpressionText.template("$count($parse($states.result.Body).violations)"))]))),
            ("Output", .object(JSONObject())),
        ])
        let none = JSONObject([
            ("ErrorEquals", JSONValue.array(["S3.NoSuchKeyException"])), ("Assign", .object(JSONObject([(count, 0 as JSONValue)]))),
            ("Output", .object(JSONObject())), ("Next", .string(choice)),
        ])
        catchAll(&reading, container, before: [.object(none)])
        var tests = ["$\(count) > 0"]
        if let text = Self.condition(skipped) { tests.append("$not(\(text))") }
        if let text = Self.condition(fails) { tests.append(text) }
        let failed = stateNames.name("\(step.name) is violated")
        let rule = JSONObject([("Condition", ExpressionText.template(tests.joined(separator: " and "))), ("Next", .string(failed))])
        let choosing = JSONObject([("Type", "Choice"), ("Choices", .array([.object(rule)])), ("Default", "")])
        let cause = "'The check found ' & $\(count) & ' violations: ' & \(uri)"
        if let marker = failureMarker(container) {
            let output = ExpressionText.template("{'Failed': {'Error': 'CheckFailed', 'Cause': \(cause)}}")
            add(failed, JSONObject([("Type", "Pass"), ("Output", output), ("Next", .string(marker))]), to: container)
        } else {
            add(failed, JSONObject([("Type", "Fail"), ("Error", "CheckFailed"), ("Cause", ExpressionText.template(cause))]), to: container)
        }
        readsReports = true
        return ([(step.name, main), (stateNames.name("\(step.name) reads violations"), reading), (choice, choosing)], JSONObject([("Type", "Pass")]))
    }

    private mutating func tellCheckLosses(_ step: PipelineStep, hasBaseline: Bool) {
        if step.document["RegisterNewBaseline"] == true {
            strictLosses.note(
                "step '\(step.name)': its new baseline is not registered; Step Functions has no registry of baselines, so give them to the RegisterModel step as DriftCheckBaselines"
            )
        }
        if !hasBaseline, step.document["SkipCheck"] != true {
            strictLosses.note(
                "step '\(step.name)': it supplies no baseline, and the one of the latest approved model package is not looked up; only violations that the job itself reports fail it"
            )
        }
    }

    /// `true`, `false` and expressions as a test; nil: a value that says nothing more.
    private static func condition(_ value: JSONValue) -> String? {
        guard let text = value.string, text.hasPrefix("{%"), text.hasSuffix("%}") else { return nil }
        return "(\(text.dropFirst(2).dropLast(2).trimmingBlanks))"
    }

    private static func add(baseline kind: String, at uri: JSONValue, to job: inout JSONObject) {
        let folder = "/opt/ml/processing/baseline/\(kind)"
        let input: JSONValue = [
            "InputName": .string("baseline_\(kind)"), "AppManaged": false,
            "S3Input": [
                "S3Uri": uri, "LocalPath": .string(folder), "S3DataType": "S3Prefix", "S3InputMode": "File", "S3DataDistributionType": "FullyReplicated",
                "S3CompressionType": "None",
            ],
        ]
        job["ProcessingInputs"] = .array((job["ProcessingInputs"]?.array ?? []) + [input])
        var environment = job["Environment"]?.object ?? JSONObject()
        if let text = condition(uri) {
            environment["baseline_\(kind)"] = ExpressionText.template("'\(folder)/' & $split(\(text), '/')[-1]")
        } else {
            let name = uri.string?.split(separator: "/").last.map(String.init) ?? "\(kind).json"
            environment["baseline_\(kind)"] = .string("\(folder)/\(name)")
        }
        job["Environment"] = .object(environment)
    }

    /// One of the four URIs of a check.
    func checkProperty(_ node: Int, _ member: String, _ sequence: Plan.SequenceID) -> String {
        let step = graph.nodes[node].step
        let supplied = member.hasSuffix("Statistics") ? "SuppliedBaselineStatistics" : "SuppliedBaselineConstraints"
        if member.hasPrefix("BaselineUsedForDriftCheck"), let value = step.document[supplied], !value.isNull { return writer(node, sequence).text(value) }
        let file = step.type == .clarifyCheck ? "analysis.json" : member.hasSuffix("Statistics") ? "statistics.json" : "constraints.json"
        return "$\(results[node] ?? "unknown") & '/\(file)'"
    }
}

extension Substring {
    var trimmingBlanks: Substring {
        var text = drop { $0 == " " }
        while text.last == " " { text.removeLast() }
        return text
    }
}

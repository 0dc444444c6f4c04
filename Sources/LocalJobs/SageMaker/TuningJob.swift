import JSON
import Synchronization

/// CreateHyperParameterTuningJob: training jobs with drawn hyperparameters, several at once; the best one wins.
///
/// Every trial is written down before it starts, and its training job is one of a name of its own, so an engine that comes
/// later goes on where this one ended.
struct TuningJob: Sendable {
    let jobs: SageMakerJobs
    let directory: JobDirectory

    private struct Trial: Sendable {
        let number: Int
        /// 0...1 in each dimension.
        let point: [Double]
        let definition: Int
        let name: String
    }
    private struct Outcome: Sendable {
        let trial: Trial
        let description: JSONValue
        let objective: Double?
    }

    func run(_ caller: SageMakerJobs.Caller) async throws(JobFailure) -> SageMakerJobs.Ending {
        if directory.isOver { return .ended(directory.status, jobs.describe(directory)) }
        let request = directory.request
        let definitions = request["TrainingJobDefinitions"]?.array ?? request["TrainingJobDefinition"].map { [$0] } ?? []
        let config = request["HyperParameterTuningJobConfig"] ?? .null
        guard !definitions.isEmpty else { throw JobFailure.validation("A TrainingJobDefinition is required.") }
        if directory.text("started") == nil { try directory.write(String(Timestamps.milliseconds()), "started") }
        let strategy = config["Strategy"]?.string ?? "Bayesian"
        let spaces = definitions.map { TuningSpace($0["HyperParameterRanges"] ?? config["ParameterRanges"] ?? .null) }
        let grid = strategy == "Grid" ? spaces.map(\.grid) : []
        let limits = config["ResourceLimits"] ?? .null
        var most = Int(clamping: limits["MaxNumberOfTrainingJobs"]?.wholeNumber ?? 10)
        if strategy == "Grid" { most = limits["MaxNumberOfTrainingJobs"] == nil ? grid.map(\.count).reduce(0, +) : min(most, grid.map(\.count).reduce(0, +)) }
        let atOnce = max(1, Int(clamping: limits["MaxParallelTrainingJobs"]?.wholeNumber ?? 1))

        var outcomes: [Outcome] = []
        await withTaskGroup(of: Outcome?.self) { group in
            var next = 1
            var running = 0
            while true {
                while running < atOnce, next <= max(1, most), !Task.isCancelled, directory.text("reason") == nil {
                    let index = (next - 1) % definitions.count
                    let trial = await trial(next, index, spaces[index], strategy, grid.isEmpty ? nil : grid[index], definitions.count, outcomes, config, caller)
                    let definition = definitions[index]
                    let space = spaces[index]
                    group.addTask { await perform(trial, definition, space, config, caller) }
                    next += 1
                    running += 1
                }
                guard running > 0, let outcome = await group.next() else { break }
                running -= 1
                if let outcome { outcomes.append(outcome) }
            }
        }
        if Task.isCancelled {
            if !caller.leavesRunning() {
                try? directory.write("Stopped", "reason")
                try finish(outcomes, definitions, spaces, config)
            }
            return .cancelled
        }
        try finish(outcomes, definitions, spaces, config)
        return .ended(directory.status, jobs.describe(directory))
    }

    // MARK: trials

    private func trial(
        _ number: Int, _ definition: Int, _ space: TuningSpace, _ strategy: String, _ grid: [[Double]]?, _ definitionCount: Int,
        _ outcomes: [Outcome], _ config: JSONValue, _ caller: SageMakerJobs.Caller
    ) async -> Trial {
        let padded = Timestamps.padded(number, 3)
        let name = "\(directory.name)-\(padded)-\(Identifiers.hex(Self.seed("\(caller.taskID) \(number)"), 16).prefix(8))"
        let file = "trial-\(padded).json"
        if let known = directory.json(file)?["Point"]?.array?.compactMap(\.number), known.count == space.ranges.count {
            return Trial(number: number, point: known, definition: definition, name: name)
        }
        var point = space.random(Self.seed("\(directory.name) \(number)"))
        if let grid {
            let place = (number - 1) / definitionCount
            if grid.indices.contains(place) { point = grid[place] }
        } else if strategy == "Bayesian" {
            let known = outcomes.filter { $0.trial.definition == definition }
            if let guess = await guess(known, space, config, number, caller) { point = guess }
        }
        try? directory.write(JSONValue.object(JSONObject([("Point", .array(point.map { .double($0) })), ("TrainingJobName", .string(name))])).text(), file)
        return Trial(number: number, point: point, definition: definition, name: name)
    }

    /// The point of the greatest expected improvement under a Gaussian process; nil while too little is known.
    private func guess(
        _ known: [Outcome], _ space: TuningSpace, _ config: JSONValue, _ number: Int, _ caller: SageMakerJobs.Caller
    ) async -> [Double]? {
        let points = known.filter { $0.objective != nil }
        guard points.count >= 3, !space.ranges.isEmpty else { return nil }
        let sign = isMaximized(config, points[0].trial.definition) ? 1.0 : -1.0
        let input: JSONValue = [
            "points": .array(points.map { .array($0.trial.point.map { .double($0) }) }),
            "values": .array(points.map { .double(sign * ($0.objective ?? 0)) }), "seed": .integer(Int64(number)),
        ]
        guard let venv = try? await jobs.environment.venvs.prepare(["numpy", "pandas", "scikit-learn", "scipy", "joblib"], log: caller.log),
            let program = try? jobs.environment.program("suggest.py", SuggestProgram.source)
        else { return nil }
        let output = await CommandRun.run(
            ["\(venv)/bin/python3", program], environment: Executable.environment, directory: directory.path, input: input.bytes(),
            timeoutSeconds: 120, log: { _ in })
        guard output.exit == .exited(0), let answer = try? JSONValue(parsing: output.standardOutput) else { return nil }
        let point = answer.array?.compactMap(\.number) ?? []
        return point.count == space.ranges.count ? point.map { min(max($0, 0), 0.999_999_999) } : nil
    }

    private func perform(
        _ trial: Trial, _ definition: JSONValue, _ space: TuningSpace, _ config: JSONValue, _ caller: SageMakerJobs.Caller
    ) async -> Outcome? {
        var request = JSONObject()
        request["TrainingJobName"] = .string(trial.name)
        var parameters = definition["StaticHyperParameters"]?.object ?? JSONObject()
        for (key, value) in tuned(trial, space) { parameters[key] = value }
        request["HyperParameters"] = .object(parameters)
        for key in ["AlgorithmSpecification", "RoleArn", "InputDataConfig", "OutputDataConfig", "StoppingCondition", "Environment", "VpcConfig"] {
            if let value = definition[key] { request[key] = value }
        }
        request["ResourceConfig"] = definition["ResourceConfig"] ?? definition["HyperParameterTuningResourceConfig"] ?? .object(JSONObject())
        if var checkpoints = definition["CheckpointConfig"]?.object, let uri = checkpoints["S3Uri"]?.string {
            checkpoints["S3Uri"] = .string("\(uri)\(uri.hasSuffix("/") ? "" : "/")\(trial.name)")
            request["CheckpointConfig"] = .object(checkpoints)
        }
        let own = SageMakerJobs.Caller(
            taskID: "\(caller.taskID)-\(trial.number)", stateName: caller.stateName, leavesRunning: caller.leavesRunning,
            log: { line in caller.log(Array("[\(trial.number)] ".utf8) + line) })
        guard case .ended(_, let description)? = try? await jobs.run(.training, .object(request), own) else { return nil }
        let metric = objective(config, trial.definition)["MetricName"]?.string
        let found = description["FinalMetricDataList"]?.array?.first { $0["MetricName"]?.string == metric }?["Value"]?.number
        return Outcome(trial: trial, description: description, objective: found)
    }

    private func tuned(_ trial: Trial, _ space: TuningSpace) -> JSONObject {
        JSONObject(zip(space.ranges, trial.point).map { ($0.0.name, .string(space.text($0.0.range, at: $0.1))) })
    }

    private func objective(_ config: JSONValue, _ definition: Int) -> JSONValue {
        directory.request["TrainingJobDefinitions"]?[definition]?["TuningObjective"] ?? config["HyperParameterTuningJobObjective"] ?? .null
    }

    private func isMaximized(_ config: JSONValue, _ definition: Int) -> Bool { objective(config, definition)["Type"]?.string == "Maximize" }

    private static func seed(_ text: String) -> UInt64 {
        text.utf8.reduce(into: UInt64(0xcbf2_9ce4_8422_2325)) { $0 = ($0 ^ UInt64($1)) &* 0x100_0000_01b3 }
    }

    // MARK: the end

    private func finish(_ outcomes: [Outcome], _ definitions: [JSONValue], _ spaces: [TuningSpace], _ config: JSONValue) throws(JobFailure) {
        let sorted = outcomes.sorted { left, right in
            switch (left.objective, right.objective) {
            case (let a?, let b?) where a != b: return isMaximized(config, left.trial.definition) ? a > b : a < b
            case (nil, _?): return false
            case (_?, nil): return true
            default: return left.trial.number < right.trial.number
            }
        }
        let summaries = sorted.map { summary($0, spaces[$0.trial.definition], config, definitions[$0.trial.definition]) }
        var result = JSONObject()
        func count(_ status: String) -> JSONValue {
            .integer(Int64(outcomes.filter { $0.description["TrainingJobStatus"]?.string == status }.count))
        }
        result["TrainingJobStatusCounters"] = [
            "Completed": count("Completed"), "InProgress": 0, "RetryableError": 0, "NonRetryableError": count("Failed"), "Stopped": count("Stopped"),
        ]
        let succeeded = Int64(outcomes.filter { $0.objective != nil }.count)
        result["ObjectiveStatusCounters"] = ["Succeeded": .integer(succeeded), "Pending": 0, "Failed": .integer(Int64(outcomes.count) - succeeded)]
        if let best = sorted.first, best.objective != nil { result["BestTrainingJob"] = summaries[0] }
        result["TrainingJobSummaries"] = .array(summaries)
        do { try Files.write(JSONValue.object(result).bytes(), to: directory.file("result.json")) } catch { throw .internalError(error.description) }
        let hasCompleted = outcomes.contains { $0.description["TrainingJobStatus"]?.string == "Completed" }
        if !hasCompleted, directory.text("reason") == nil {
            let first = outcomes.first?.description["FailureReason"]?.string ?? "none ran"
            jobs.fail(directory, "AlgorithmError: all training jobs failed; the first: \(first)")
        }
        try directory.write(String(Timestamps.milliseconds()), "ended")
        try directory.write("0", "finished")
        try directory.write(hasCompleted ? "0" : "1", "exit")
    }

    private func summary(_ outcome: Outcome, _ space: TuningSpace, _ config: JSONValue, _ definition: JSONValue) -> JSONValue {
        var result = JSONObject()
        if let name = definition["DefinitionName"] { result["TrainingJobDefinitionName"] = name }
        for key in ["TrainingJobName", "TrainingJobArn", "CreationTime", "TrainingStartTime", "TrainingEndTime", "TrainingJobStatus", "FailureReason"] {
            if let value = outcome.description[key] { result[key] = value }
        }
        result["TunedHyperParameters"] = .object(tuned(outcome.trial, space))
        if let value = outcome.objective {
            let objective = objective(config, outcome.trial.definition)
            result["FinalHyperParameterTuningJobObjectiveMetric"] = [
                "Type": objective["Type"] ?? "Maximize", "MetricName": objective["MetricName"] ?? "", "Value": .double(value),
            ]
        }
        result["ObjectiveStatus"] = outcome.objective == nil ? "Failed" : "Succeeded"
        return .object(result)
    }
}

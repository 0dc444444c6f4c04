import JSON
import LocalJobs
import StatesLanguage

/// A number that a step gave.
struct ReportedMetric: Equatable {
    let step: String
    let name: String
    let value: Double
    var title: String { step.isEmpty ? name : "\(step)/\(name)" }
}

enum ReportedMetrics {
    /// Metrics of jobs, numbers in files that conditions read, numbers that functions returned, and numbers of the output.
    static func of(_ story: ExecutionStory) -> [ReportedMetric] {
        var found: [ReportedMetric] = []
        func add(_ step: String, _ name: String, _ value: Double) {
            if let known = found.firstIndex(where: { $0.step == step && $0.name == name }) { found.remove(at: known) }
            found.append(ReportedMetric(step: step, name: name, value: value))
        }
        for (visit, step) in zip(story.visits, story.labels()) {
            guard let call = visit.calls.last, let result = call.result else { continue }
            for entry in result["FinalMetricDataList"]?.array ?? [] {
                if let name = entry["MetricName"]?.string, let value = entry["Value"]?.number { add(step, name, value) }
            }
            if let best = result["BestTrainingJob"]?["FinalHyperParameterTuningJobObjectiveMetric"], let name = best["MetricName"]?.string,
                let value = best["Value"]?.number
            {
                add(step, "best \(name)", value)
            }
            switch call.resource.kind {
            case .lambdaFunction: leaves(of: result) { add(step, $0, $1) }
            case .service("lambda", _): leaves(of: result["Payload"] ?? .null) { add(step, $0, $1) }
            case .service("aws-sdk:s3", "getObject"):
                guard let text = result["Body"]?.string, let content = try? JSONValue(parsing: text) else { continue }
                // `Decide reads EvaluationReport`
                leaves(of: content) { add(nameAfterReads(step), $0, $1) }
            default: break
            }
        }
        if let output = story.output { leaves(of: output) { add("", $0, $1) } }
        return found
    }

    private static func nameAfterReads(_ title: String) -> String {
        let words = title.split(separator: " ")
        guard let index = words.lastIndex(of: "reads"), index + 1 < words.count else { return title }
        return words[(index + 1)...].joined(separator: " ")
    }

    /// Numbers inside objects, by dotted names; at most 40, so that data is not taken for metrics.
    private static func leaves(of value: JSONValue, _ found: (String, Double) -> Void) {
        var pending: [(value: JSONValue, name: String)] = [(value, "")]
        var count = 0
        while let next = pending.popLast(), count < 40 {
            if let object = next.value.object {
                for (key, member) in object.reversed() { pending.append((member, next.name.isEmpty ? key : "\(next.name).\(key)")) }
            } else if let number = next.value.number, number.isFinite, !next.name.isEmpty {
                found(next.name, number)
                count += 1
            }
        }
    }
}

/// Values of one metric in the order in which a task printed them.
struct LearningCurve: Equatable {
    let name: String
    let values: [Double]

    /// The curves in a log: by the regular expressions of the job's MetricDefinitions, else by what looks like `loss=0.5`,
    /// `loss: 0.5` or XGBoost's `train-rmse:0.5`. Fewer than three values are no curve.
    static func curves(in log: String, request: JSONValue) -> [LearningCurve] {
        var points = JobMetrics.points(log, request: request).map { (name: $0.name, value: $0.value) }
        if points.isEmpty { points = pairs(in: log) }
        var names: [String] = []
        var values: [String: [Double]] = [:]
        for point in points {
            if values[point.name] == nil { names.append(point.name) }
            values[point.name, default: []].append(point.value)
        }
        return names.compactMap { name in
            guard let own = values[name], own.count >= 3 else { return nil }
            return LearningCurve(name: name, values: own)
        }
    }

    private static func pairs(in log: String) -> [(name: String, value: Double)] {
        var found: [(name: String, value: Double)] = []
        for line in log.split(whereSeparator: \.isNewline) {
            guard found.count < 100_000 else { break }
            var name: String?
            for token in line.split(whereSeparator: { $0 == " " || $0 == "\t" || $0 == "," || $0 == ";" || $0 == "|" }) {
                if let waiting = name, let value = Double(token), value.isFinite { found.append((waiting, value)) }
                name = nil
                guard let sign = token.lastIndex(where: { $0 == "=" || $0 == ":" }) else { continue }
                let key = token[..<sign]
                guard key.utf8.count <= 60, key.first.map({ $0.isLetter || $0 == "_" }) == true else { continue }
                let rest = token[token.index(after: sign)...]
                if rest.isEmpty { name = String(key) } else if let value = Double(rest), value.isFinite { found.append((String(key), value)) }
            }
        }
        return found
    }

    /// Curves of one quantity, such as `train:rmse` and `validation:rmse`, which belong into one picture.
    static func grouped(_ curves: [LearningCurve]) -> [[LearningCurve]] {
        var keys: [String] = []
        var groups: [String: [LearningCurve]] = [:]
        for curve in curves {
            let words = curve.name.lowercased().split { !($0.isLetter || $0.isNumber) }.filter { !sets.contains(String($0)) }
            let key = words.isEmpty ? curve.name : words.joined(separator: " ")
            if groups[key] == nil { keys.append(key) }
            groups[key, default: []].append(curve)
        }
        return keys.compactMap { groups[$0] }
    }

    private static let sets: Set<String> = ["train", "training", "validation", "valid", "val", "test", "eval", "dev"]
}

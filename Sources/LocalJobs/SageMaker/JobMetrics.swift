import JSON
import _StringProcessing

/// Metrics that a job printed, found by the regular expressions of its MetricDefinitions.
package enum JobMetrics {
    package struct Point: Sendable {
        package let name: String
        package let value: Double
    }

    /// Every value in a job's log: by the MetricDefinitions of its request, else by those that XGBoost's image has.
    package static func points(_ log: String, request: JSONValue) -> [Point] {
        guard let algorithm = request["AlgorithmSpecification"] else { return [] }
        var definitions = (algorithm["MetricDefinitions"]?.array ?? []).compactMap { entry -> (name: String, pattern: String)? in
            guard let name = entry["Name"]?.string, let pattern = entry["Regex"]?.string else { return nil }
            return (name, pattern)
        }
        if definitions.isEmpty, ImageCatalog.framework(algorithm["TrainingImage"]?.string ?? "") == .xgboost {
            definitions = xgboostDefinitions(log)
        }
        return points(log, definitions: definitions)
    }

    /// XGBoost's own lines, `[3]#011train-rmse:1.5#011validation-rmse:2`, as its image defines them.
    static func xgboostDefinitions(_ log: String) -> [(name: String, pattern: String)] {
        let metrics = ["rmse", "mae", "logloss", "error", "auc", "merror", "mlogloss", "map", "ndcg", "aucpr", "rmsle", "mape"]
        return ["train", "validation"].flatMap { set in
            metrics.filter { log.contains("\(set)-\($0):") }.map {
                ("\(set):\($0)", "\(set)-\($0):([-+]?[0-9]*\\.?[0-9]+(?:[eE][-+]?[0-9]+)?)")
            }
        }
    }

    /// Every value in the order in which it was printed.
    static func points(_ log: String, definitions: [(name: String, pattern: String)]) -> [Point] {
        let expressions = definitions.compactMap { definition in
            (try? Regex<AnyRegexOutput>(definition.pattern)).map { (definition.name, $0) }
        }
        guard !expressions.isEmpty else { return [] }
        var points: [Point] = []
        for line in log.split(whereSeparator: { $0.isNewline }) {
            for (name, expression) in expressions {
                for match in line.matches(of: expression) {
                    guard let text = match.output.count > 1 ? match.output[1].substring : match.output[0].substring,
                        let value = Double(CommandFunction.trimmed(String(text))), value.isFinite
                    else { continue }
                    points.append(Point(name: name, value: value))
                }
            }
        }
        return points
    }

    /// `[{"MetricName", "Value", "Timestamp"}]`: the last value of each.
    static func final(_ points: [Point], at milliseconds: Int64) -> JSONValue {
        var last = JSONObject()
        for point in points { last[point.name] = .double(point.value) }
        return .array(
            last.map { ["MetricName": .string($0.key), "Value": $0.value, "Timestamp": .integer(milliseconds)] })
    }
}

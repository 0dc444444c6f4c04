/// Which field belongs to which type of state in which language (asl-brief section 1).
enum FieldTable {
    enum Support { case both, jsonPath, jsonata }

    enum StateType: String, CaseIterable {
        case task = "Task"
        case wait = "Wait"
        case pass = "Pass"
        case succeed = "Succeed"
        case fail = "Fail"
        case choice = "Choice"
        case parallel = "Parallel"
        case map = "Map"
    }

    /// In AWS's order.
    static let typeNames = StateType.allCases.map(\.rawValue).joined(separator: ", ")

    static func fields(of type: StateType) -> [String: Support] { table[type] ?? [:] }

    private static let table: [StateType: [String: Support]] = Dictionary(
        uniqueKeysWithValues: StateType.allCases.map { ($0, common.merging(own($0)) { $1 }) })

    private static let common: [String: Support] = ["Type": .both, "Comment": .both, "QueryLanguage": .both]
    private static let next: [String: Support] = ["Next": .both, "End": .both, "Assign": .both]
    private static let paths: [String: Support] = ["InputPath": .jsonPath, "OutputPath": .jsonPath, "Output": .jsonata]
    private static let results: [String: Support] = [
        "ResultSelector": .jsonPath, "ResultPath": .jsonPath, "Retry": .both, "Catch": .both,
    ]

    private static func own(_ type: StateType) -> [String: Support] {
        switch type {
        case .pass: merge(next, paths, ["Result": .jsonPath, "Parameters": .jsonPath, "ResultPath": .jsonPath])
        case .task:
            merge(
                next, paths, results,
                [
                    "Resource": .both, "Parameters": .jsonPath, "Arguments": .jsonata, "Credentials": .both, "TimeoutSeconds": .both,
                    "HeartbeatSeconds": .both, "TimeoutSecondsPath": .jsonPath, "HeartbeatSecondsPath": .jsonPath,
                ])
        case .choice: merge(paths, ["Choices": .both, "Default": .both, "Assign": .both])
        case .wait: merge(next, paths, ["Seconds": .both, "Timestamp": .both, "SecondsPath": .jsonPath, "TimestampPath": .jsonPath])
        case .succeed: paths
        case .fail: ["Error": .both, "Cause": .both, "ErrorPath": .jsonPath, "CausePath": .jsonPath]
        case .parallel: merge(next, paths, results, ["Branches": .both, "Parameters": .jsonPath, "Arguments": .jsonata])
        case .map:
            merge(
                next, paths, results,
                [
                    "ItemProcessor": .both, "Iterator": .both, "ItemSelector": .both, "Parameters": .jsonPath, "Items": .jsonata,
                    "ItemsPath": .jsonPath, "MaxConcurrency": .both, "MaxConcurrencyPath": .jsonPath, "Label": .both, "ItemReader": .both,
                    "ItemBatcher": .both, "ResultWriter": .both, "ToleratedFailureCount": .both, "ToleratedFailureCountPath": .jsonPath,
                    "ToleratedFailurePercentage": .both, "ToleratedFailurePercentagePath": .jsonPath,
                ])
        }
    }

    /// The extensions of DESIGN.md section 4.
    static func extensions(of type: StateType) -> Set<String> {
        switch type {
        case .parallel: ["MaxConcurrency", "OnFailure"]
        case .task: ["Cache"]
        default: []
        }
    }

    private static func merge(_ parts: [String: Support]...) -> [String: Support] {
        parts.reduce(into: [:]) { $0.merge($1) { $1 } }
    }
}

import JSON
import StatesLanguage

/// `arn:aws:states:::athena:startQueryExecution[.sync]`, `stopQueryExecution`, `getQueryExecution`, `getQueryResults`
///
/// A query is started with a client token, so the same call after a restart gives the same query.
extension OptimizedService {
    package static let athena = OptimizedService(
        "athena", service: "athena", ErrorNaming(prefix: "Athena", base: "AmazonAthenaException", label: "AmazonAthena"),
        [
            "startQueryExecution": OptimizedAction(
                "startQueryExecution",
                job: JobPattern(
                    describe: { _, started in query("getQueryExecution", started) },
                    state: { description in
                        switch description["QueryExecution"]?["Status"]?["State"]?.string {
                        case "SUCCEEDED": .succeeded(description)
                        case "FAILED", "CANCELLED": .failed(description)
                        default: .running
                        }
                    },
                    stop: { _, started in query("stopQueryExecution", started) }, recovery: .startAgain)),
            "stopQueryExecution": OptimizedAction("stopQueryExecution"),
            "getQueryExecution": OptimizedAction("getQueryExecution"),
            "getQueryResults": OptimizedAction("getQueryResults"),
        ])

    private static func query(_ operation: String, _ started: JSONValue) -> JobPattern.Query? {
        started["QueryExecutionId"].map { .init(operation, ["QueryExecutionId": $0]) }
    }
}

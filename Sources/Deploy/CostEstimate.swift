import JSON

/// What an execution would cost on AWS, from its history (as GetExecutionHistory gives it).
///
/// Prices are those of us-east-1, without the free tier, and without what the called services cost.
package struct CostEstimate: Sendable, Equatable {
    package struct Prices: Sendable {
        package var transition = 0.000_025
        package var expressRequest = 0.000_001
        /// The first 1,000 hours of a month.
        package var expressGigabyteSecond = 0.000_016_67
        package init() {}
    }

    /// Steps executed, retries included, and the start and the end, which AWS's price list counts as well.
    package let transitions: Int
    package let billedSeconds: Double
    package let billedMegabytes: Int
    package let standardDollars: Double
    package let expressDollars: Double

    /// nil: no history.
    package init?(history: [JSONValue], prices: Prices = Prices()) {
        guard let first = history.first, let last = history.last else { return nil }
        var steps = 0
        var bytes = 0
        /// Attempts that a visit of a state has begun, by the event that entered it.
        var attempts: [Int64: Int] = [:]
        var entered: [Int64: Int64] = [:]
        for event in history {
            let id = event["id"]?.wholeNumber ?? 0
            let type = event["type"]?.string ?? ""
            let previous = event["previousEventId"]?.wholeNumber ?? 0
            if type.hasSuffix("StateEntered") {
                steps += 1
                entered[id] = id
            } else {
                entered[id] = entered[previous]
                if Self.attemptTypes.contains(type), let visit = entered[id] {
                    attempts[visit, default: 0] += 1
                    if attempts[visit] ?? 0 > 1 { steps += 1 }
                }
            }
            for (_, details) in event.object ?? JSONObject() {
                for member in ["input", "output"] { if let text = details[member]?.string { bytes = max(bytes, text.utf8.count) } }
            }
        }
        transitions = steps + 2
        let seconds = max(0, Self.seconds(last) - Self.seconds(first))
        // Duration in steps of 100 ms; memory 50 MB and the data, in steps of 64 MB.
        billedSeconds = max(0.1, (seconds * 10).rounded(.up) / 10)
        billedMegabytes = (50 + bytes / (1 << 20) + 63) / 64 * 64
        standardDollars = Double(transitions) * prices.transition
        expressDollars =
            prices.expressRequest + billedSeconds * Double(billedMegabytes) / 1024 * prices.expressGigabyteSecond
    }

    private static let attemptTypes: Set<String> = [
        "TaskScheduled", "LambdaFunctionScheduled", "ActivityScheduled", "ParallelStateStarted", "MapStateStarted",
    ]

    private static func seconds(_ event: JSONValue) -> Double { event["timestamp"]?.number ?? 0 }
}

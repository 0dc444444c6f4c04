import JSON

/// `Retry` and `Catch`.
extension StateReader {
    func retriers() -> [Retrier] {
        let elements = reader.elements("Retry")
        return elements.enumerated().compactMap { index, element in
            var known: Set<String> = [
                "ErrorEquals", "IntervalSeconds", "MaxAttempts", "BackoffRate", "MaxDelaySeconds", "JitterStrategy", "Comment",
            ]
            if session.options.allowsExtensions { known.insert("ExpireAfterMin") }
            element.refuseUnknown(known)
            let errors = errorNames(element, isLast: index == elements.count - 1)
            // AWS accepts 0 (measured by cdk-preflight on 2026-09-05).
            let interval = element.number("IntervalSeconds", 0...99_999_999) ?? 1
            let attempts = element.integer("MaxAttempts", 0...99_999_999) ?? 3
            let rate = element.number("BackoffRate", 1...Double.greatestFiniteMagnitude) ?? 2
            let maxDelay = element.integer("MaxDelaySeconds", 1...31_622_400).map(Double.init)
            if let maxDelay, maxDelay <= interval {
                element.schema("MaxDelaySeconds must be greater than IntervalSeconds", at: "MaxDelaySeconds")
            }
            let jitter = element.choice("JitterStrategy", of: ["NONE", "FULL"])
            let expiry = element.number("ExpireAfterMin", 0...Double.greatestFiniteMagnitude)
            guard let errors else { return nil }
            return Retrier(
                errorEquals: errors, intervalSeconds: interval, maxAttempts: Int(clamping: attempts), backoffRate: rate,
                maxDelaySeconds: maxDelay,
                hasFullJitter: jitter == "FULL", expireAfterMinutes: expiry)
        }
    }

    func catchers() -> [Catcher] {
        let elements = reader.elements("Catch")
        return elements.enumerated().compactMap { index, element in
            element.refuseUnknown(["ErrorEquals", "Next", "ResultPath", "Assign", "Output", "Comment"])
            element.onlyFor(.jsonPath, "ResultPath")
            element.onlyFor(.jsonata, "Output")
            let errors = errorNames(element, isLast: index == elements.count - 1)
            let resultPath = element.resultPath()
            let assign = element.assignment(visibility: .errorOutput)
            let output = element.language == .jsonata ? element.template("Output", visibility: .errorOutput) : nil
            guard let errors, let next = target("Next", in: element) else { return nil }
            return Catcher(errorEquals: errors, next: next, resultPath: resultPath, assign: assign, output: output)
        }
    }

    private func errorNames(_ element: FieldReader, isLast: Bool) -> [String]? {
        guard let value = element["ErrorEquals"] else {
            element.required("ErrorEquals")
            return nil
        }
        guard let array = value.array else {
            element.schema("Expected value of type [ARRAY]", at: "ErrorEquals")
            return nil
        }
        if array.isEmpty { element.schema("Value cannot be empty", at: "ErrorEquals") }
        var names: [String] = []
        for (index, value) in array.enumerated() {
            if let name = value.string {
                names.append(name)
            } else {
                session.schema("Expected value of type [STRING]", element.place.field("ErrorEquals").index(index))
            }
        }
        if names.contains(ErrorName.all) {
            if names.count > 1 || !isLast { element.schema("States.ALL must appear alone and at end of list", at: "ErrorEquals") }
        }
        return names.count == array.count ? names : nil
    }
}

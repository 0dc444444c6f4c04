import JSON
import JSONPath

/// Tasks that may wait for ever.
enum WaitingLints {
    static func tokenWithoutLimit(_ view: LintView, _ report: (Diagnostic) -> Void) {
        guard case .task(let task) = view.state.kind, task.timeoutSeconds == nil, task.heartbeatSeconds == nil else { return }
        if task.resource.kind == .activity {
            report(
                view.warning(
                    "LINT_NO_TIMEOUT", "An activity without TimeoutSeconds or HeartbeatSeconds waits for a year if no worker answers",
                    at: "/Resource"))
        } else if task.resource.pattern == .waitForTaskToken {
            report(
                view.warning(
                    "LINT_NO_TIMEOUT", "Without TimeoutSeconds or HeartbeatSeconds a lost task token is waited for for a year",
                    at: "/Resource"))
        }
    }
}

/// Retriers and catchers that nothing can reach.
enum ErrorLints {
    static func retriers(_ view: LintView, _ report: (Diagnostic) -> Void) {
        for (index, covered) in unreachable(handlers(view).retry) {
            report(view.warning("LINT_DEAD_RETRIER", "This retrier can never match: \(covered)", at: "/Retry/\(index)"))
        }
    }

    static func catchers(_ view: LintView, _ report: (Diagnostic) -> Void) {
        for (index, covered) in unreachable(handlers(view).catchers) {
            report(view.warning("LINT_DEAD_CATCHER", "This catcher can never be reached: \(covered)", at: "/Catch/\(index)"))
        }
    }

    private static func handlers(_ view: LintView) -> (retry: [[String]], catchers: [[String]]) {
        switch view.state.kind {
        case .task(let task): (task.retry.map(\.errorEquals), task.catchers.map(\.errorEquals))
        case .parallel(let parallel): (parallel.retry.map(\.errorEquals), parallel.catchers.map(\.errorEquals))
        case .map(let map): (map.retry.map(\.errorEquals), map.catchers.map(\.errorEquals))
        case .pass, .choice, .wait, .succeed, .fail: ([], [])
        }
    }

    /// The first that matches decides, even when its attempts are used up.
    private static func unreachable(_ handlers: [[String]]) -> [(Int, String)] {
        var earlier: Set<String> = []
        var found: [(Int, String)] = []
        for (index, names) in handlers.enumerated() {
            let reasons = names.map { reason($0, earlier) }
            if !names.isEmpty, reasons.allSatisfy({ $0 != nil }), let first = reasons.first, let reason = first {
                found.append((index, reason))
            }
            earlier.formUnion(names)
        }
        return found
    }

    private static func reason(_ name: String, _ earlier: Set<String>) -> String? {
        if name == ErrorName.runtime { return "States.Runtime is neither retried nor caught" }
        if earlier.contains(name) { return "\(name) is taken by an earlier one" }
        if earlier.contains(ErrorName.all) { return "States.ALL stands before it" }
        if name == ErrorName.heartbeatTimeout, earlier.contains(ErrorName.timeout) {
            return "States.Timeout stands before it and takes heartbeats too"
        }
        if earlier.contains(ErrorName.taskFailed), !name.hasPrefix("States.") { return "States.TaskFailed stands before it" }
        return nil
    }
}

enum MapLints {
    static func readerWithoutTolerance(_ view: LintView, _ report: (Diagnostic) -> Void) {
        guard case .map(let map) = view.state.kind, map.distributed?.reader != nil, map.toleratedFailureCount == nil,
            map.toleratedFailurePercentage == nil
        else { return }
        report(
            view.warning(
                "LINT_NO_TOLERANCE",
                "One bad item of the data set fails the whole Map: neither ToleratedFailureCount nor ToleratedFailurePercentage is set",
                at: "/ItemReader"))
    }
}

/// Values that look like secrets and stand in the definition, which everybody who may describe the machine reads.
enum SecretLints {
    static func literals(_ view: LintView, _ report: (Diagnostic) -> Void) {
        for field in ["Parameters", "Arguments", "Result", "Assign", "Output", "ItemSelector"] {
            guard let value = view.definition[field] else { continue }
            var open: [(JSONValue, key: String, path: String)] = [(value, "", "/" + field)]
            while let (value, key, path) = open.popLast() {
                switch value {
                case .object(let object):
                    for (key, member) in object { open.append((member, key, path + "/" + JSONPointer.escape(key))) }
                case .array(let array):
                    for (index, element) in array.enumerated() { open.append((element, key, path + "/\(index)")) }
                case .string(let text):
                    guard let reason = reason(key, text) else { continue }
                    report(
                        view.warning("LINT_SECRET", "\(reason): keep it in Secrets Manager or Parameter Store and pass its name", at: path))
                default: continue
                }
            }
        }
    }

    private static let names = [
        "password", "passwd", "secret", "apikey", "accesskey", "privatekey", "authorization", "credential", "clientsecret",
    ]
    /// What a key that names a secret may name without being one.
    private static let harmless = ["arn", "name", "id", "path", "url", "uri", "version", "stage"]

    private static func reason(_ key: String, _ text: String) -> String? {
        if let kind = knownForm(text) { return "This looks like \(kind)" }
        let plain = String(String.UnicodeScalarView(key.unicodeScalars.filter { $0.properties.isAlphabetic })).lowercased()
        guard text.utf8.count >= 4, !key.hasSuffix(".$"), names.contains(where: plain.contains), !harmless.contains(where: plain.hasSuffix)
        else { return nil }
        let isReference =
            text.hasPrefix("$") || text.hasPrefix("{{") || text.hasPrefix("{%") || text.hasPrefix("arn:") || text.hasPrefix("States.")
            || text.hasPrefix("/") || text.hasPrefix("<")
        return isReference ? nil : "'\(key)' holds a literal"
    }

    private static func knownForm(_ text: String) -> String? {
        if text.hasPrefix("-----BEGIN "), text.contains("PRIVATE KEY") { return "a private key" }
        let bytes = Array(text.utf8)
        let isUpper = { (byte: UInt8) in (byte >= 65 && byte <= 90) || (byte >= 48 && byte <= 57) }
        if bytes.count == 20, text.hasPrefix("AKIA") || text.hasPrefix("ASIA"), bytes.allSatisfy(isUpper) { return "an AWS access key" }
        if bytes.count > 30, text.hasPrefix("ghp_") || text.hasPrefix("github_pat_") { return "a GitHub token" }
        if bytes.count > 20, text.hasPrefix("xoxb-") || text.hasPrefix("xoxp-") { return "a Slack token" }
        if bytes.count > 20, text.hasPrefix("Bearer ") || text.hasPrefix("Basic ") { return "an authorization header" }
        return nil
    }
}

/// What AWS's ValidateStateMachineDefinition warns of.
enum PathLints {
    /// `NO_DOLLAR`: a value that looks like a path under a key that does not end in `.$`.
    static func missingDollar(_ view: LintView, _ report: (Diagnostic) -> Void) {
        guard view.state.language == .jsonPath else { return }
        for field in ["Parameters", "ResultSelector", "ItemSelector", "Assign"] {
            guard let value = view.definition[field] else { continue }
            var open: [(JSONValue, key: String, path: String)] = [(value, "", "/" + field)]
            while let (value, key, path) = open.popLast() {
                switch value {
                case .object(let object):
                    for (key, member) in object { open.append((member, key, path + "/" + JSONPointer.escape(key))) }
                case .array(let array):
                    for (index, element) in array.enumerated() { open.append((element, "", path + "/\(index)")) }
                case .string(let text) where !key.isEmpty && !key.hasSuffix(".$"):
                    let looksLikePath =
                        (text.hasPrefix("$.") || text.hasPrefix("$$.") || text.hasPrefix("$[")) && (try? PathExpression(text)) != nil
                    let looksLikeCall = text.hasPrefix("States.") && (try? Intrinsic(text)) != nil
                    guard looksLikePath || looksLikeCall else { continue }
                    report(
                        view.warning(
                            DiagnosticCode.noDollar.rawValue,
                            "The value of '\(key)' looks like a path, but is passed on as it stands: did you mean '\(key).$'?",
                            at: path))
                default: continue
                }
            }
        }
    }

    /// `PASS_RESULT_IS_STATIC`: a path in the `Result` of a Pass state.
    static func staticResult(_ view: LintView, _ report: (Diagnostic) -> Void) {
        guard case .pass(let pass) = view.state.kind, case .object(let result)? = pass.result else { return }
        for (key, value) in result where key.hasSuffix(".$") || value.string?.hasPrefix("$.") == true {
            report(
                view.warning(
                    DiagnosticCode.staticResult.rawValue,
                    "'\(key)' looks like a path, but Result is passed on as it stands: use Parameters",
                    at: "/Result/" + JSONPointer.escape(key)))
        }
    }
}

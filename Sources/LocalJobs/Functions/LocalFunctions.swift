import JSON
import Synchronization

/// The Lambda functions of this machine, found by name, alias or ARN.
package final class LocalFunctions: Sendable {
    /// POSTs `body` (JSON) to a URL with headers; the room above has the HTTP client. The failure's text ends up in the cause.
    package typealias Post =
        @Sendable (
            _ url: String, _ headers: [(String, String)], _ body: [UInt8], _ timeoutSeconds: Double?
        ) async throws(FunctionTransportError) -> (status: Int, headers: [(String, String)], body: [UInt8])

    package let region: String
    package let account: String
    private let post: Post?
    private let services: LocalServices?
    private struct Entry {
        let configuration: FunctionConfiguration
        let handler: HandlerFunction
        let gate: ConcurrencyGate
    }
    private let entries: Mutex<[String: Entry]>

    package init(
        _ functions: [String: FunctionConfiguration], region: String, account: String, services: LocalServices? = nil, post: Post? = nil
    ) {
        self.region = region
        self.account = account
        self.post = post
        self.services = services
        entries = Mutex(functions.mapValues { Self.entry($0, region, services) })
    }

    package convenience init(_ configuration: Configuration, post: Post? = nil) {
        self.init(
            configuration.functions, region: configuration.services.region, account: configuration.services.account,
            services: LocalServices(configuration), post: post)
    }

    private static func entry(_ function: FunctionConfiguration, _ region: String, _ services: LocalServices?) -> Entry {
        Entry(
            configuration: function, handler: HandlerFunction(function, region: region, services: services),
            gate: ConcurrencyGate(limit: function.concurrency))
    }

    /// Adds or replaces a function under a name or ARN (Lambda's CreateFunction and UpdateFunctionCode).
    package func register(_ function: FunctionConfiguration, as name: String) {
        let old = entries.withLock { $0.updateValue(Self.entry(function, region, services), forKey: name) }
        old?.handler.shutDown()
    }

    package func unregister(_ name: String) {
        entries.withLock { $0.removeValue(forKey: name) }?.handler.shutDown()
    }

    package var names: [String] { entries.withLock { Array($0.keys) }.sorted() }

    /// Ends every process of every function.
    package func shutDown() {
        for entry in entries.withLock({ Array($0.values) }) { entry.handler.shutDown() }
    }

    package func contains(_ name: String) -> Bool { find(FunctionName(name)) != nil }

    package func configuration(of name: String) -> FunctionConfiguration? { find(FunctionName(name))?.configuration }

    /// `arn:aws:lambda:REGION:ACCOUNT:function:NAME[:QUALIFIER]` of a name in any of its forms.
    package func arn(of name: String, qualifier: String? = nil) -> String {
        FunctionName(name).arn(region: region, account: account, qualifier: qualifier)
    }

    /// Calls a function. nil: there is none of that name. Throws when the Swift task is cancelled; the call's process is dead then.
    package func invoke(
        _ name: String, qualifier: String? = nil, payload: JSONValue, requestID: String = Identifiers.uuid(),
        clientContext: JSONValue? = nil, log: @escaping @Sendable (_ line: [UInt8]) -> Void
    ) async throws(CancellationError) -> FunctionOutcome? {
        let parsed = FunctionName(name)
        guard let entry = find(parsed) else { return nil }
        let call = FunctionCall(
            requestID: requestID, payload: payload, arn: parsed.arn(region: region, account: account, qualifier: qualifier),
            version: "$LATEST", clientContext: clientContext, log: log)
        let result: FunctionOutcome.Result? = try await entry.gate.enter {
            if Task.isCancelled { return nil }
            switch entry.configuration.runner {
            case .python, .node: return await entry.handler.call(call)
            case .command(let words):
                return await CommandFunction.call(call, entry.configuration, words: words, region: self.region)
            case .url(let url): return await self.callURL(url, call, entry.configuration)
            }
        }
        guard let result else { throw CancellationError() }
        return FunctionOutcome(requestID: requestID, result: result)
    }

    /// How many calls of a function run at once, and what the configuration calls it. nil: there is none of that name.
    package func limit(of name: String) -> (name: String, most: Int)? {
        findNamed(FunctionName(name)).map { ($0.key, $0.entry.configuration.concurrency) }
    }

    private func find(_ name: FunctionName) -> Entry? { findNamed(name)?.entry }

    private func findNamed(_ name: FunctionName) -> (key: String, entry: Entry)? {
        entries.withLock { entries in
            for key in name.keys(region: region, account: account) {
                if let entry = entries[key] { return (key, entry) }
            }
            return nil
        }
    }

    private func callURL(_ url: String, _ call: FunctionCall, _ function: FunctionConfiguration) async -> FunctionOutcome.Result? {
        guard let post else {
            return .failed(.reported("Runtime.InvalidEntrypoint", "no HTTP client for \(url)", requestID: call.requestID))
        }
        let headers = [
            ("Content-Type", "application/json"), ("Lambda-Runtime-Aws-Request-Id", call.requestID),
            ("Lambda-Runtime-Invoked-Function-Arn", call.arn),
        ]
        do {
            let answer = try await post(url, headers, call.payload.bytes(), function.timeoutSeconds)
            if Task.isCancelled { return nil }
            let body = answer.body.isEmpty ? Array("null".utf8) : answer.body
            let value = try? JSONValue(parsing: body)
            // The runtime interface emulator and Lambda itself mark a handler's error with this header.
            let isError = answer.headers.contains { $0.0.lowercased() == "x-amz-function-error" }
            if isError || !(200..<300).contains(answer.status) {
                if let value, let type = value["errorType"]?.string { return .failed(FunctionError(errorType: type, payload: value)) }
                let text = String(decoding: answer.body.prefix(2000), as: UTF8.self)
                return .failed(.reported("Http.StatusCode.\(answer.status)", text, requestID: call.requestID))
            }
            return .payload(value?.bytes() ?? JSONValue.string(String(decoding: body, as: UTF8.self)).bytes())
        } catch {
            if Task.isCancelled { return nil }
            if error.isTimeout { return .failed(.timedOut(after: function.timeoutSeconds ?? 0, requestID: call.requestID)) }
            return .failed(.reported("Http.ConnectionError", error.message, requestID: call.requestID))
        }
    }
}

/// Why a function's URL did not answer.
package struct FunctionTransportError: Error, Sendable {
    package let message: String
    package let isTimeout: Bool
    package init(message: String, isTimeout: Bool = false) {
        self.message = message
        self.isTimeout = isTimeout
    }
}

/// The forms in which Lambda takes a function's name.
package struct FunctionName: Sendable, Equatable {
    package let name: String
    package let qualifier: String?
    package let region: String?
    package let account: String?

    /// `NAME`, `NAME:QUALIFIER`, `ACCOUNT:function:NAME[:QUALIFIER]`, `arn:aws:lambda:REGION:ACCOUNT:function:NAME[:QUALIFIER]`
    package init(_ text: String) {
        let parts = text.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
        if parts.count >= 7, parts[0] == "arn" {
            (region, account, name) = (parts[3], parts[4], parts[6])
            qualifier = parts.count > 7 ? parts[7] : nil
        } else if parts.count >= 3, parts[1] == "function" {
            (region, account, name) = (nil, parts[0], parts[2])
            qualifier = parts.count > 3 ? parts[3] : nil
        } else {
            (region, account, name) = (nil, nil, parts[0])
            qualifier = parts.count > 1 ? parts[1] : nil
        }
    }

    package func arn(region: String, account: String, qualifier other: String? = nil) -> String {
        let base = "arn:aws:lambda:\(self.region ?? region):\(self.account ?? account):function:\(name)"
        return (other ?? qualifier).map { "\(base):\($0)" } ?? base
    }

    /// What a configuration may call it, the most exact first.
    func keys(region: String, account: String) -> [String] {
        let base = "arn:aws:lambda:\(self.region ?? region):\(self.account ?? account):function:\(name)"
        if let qualifier { return ["\(base):\(qualifier)", base, "\(name):\(qualifier)", name] }
        return [base, name]
    }
}

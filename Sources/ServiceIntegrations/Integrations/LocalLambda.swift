import JSON
import LocalJobs
import StatesLanguage
import Synchronization

/// Lambda functions on this machine: a function's ARN as the Resource, `arn:aws:states:::lambda:invoke`
/// (and `.waitForTaskToken`), `arn:aws:states:::aws-sdk:lambda:invoke`.
package struct LocalLambda: Integration {
    private let functions: LocalFunctions

    package init(_ functions: LocalFunctions) { self.functions = functions }

    package func perform(_ request: TaskRequest, report: any TaskReport) async throws(Failure) -> JSONValue {
        if case .lambdaFunction = request.resource.kind { return try await performDirect(request, report) }
        return try await performInvoke(request, report)
    }

    /// The function's concurrency. A call that nobody waits for does not count.
    package func limit(of request: TaskRequest) -> TaskLimit? {
        var name = request.resource.arn
        if request.resource.kind != .lambdaFunction {
            guard let named = request.input["FunctionName"]?.string, request.input["InvocationType"]?.string ?? "RequestResponse" == "RequestResponse"
            else { return nil }
            name = named
        }
        return functions.limit(of: name).map { TaskLimit(name: "function \($0.name)", most: $0.most) }
    }

    /// The ARN as the Resource: the effective input is the payload, the function's result is the result.
    private func performDirect(_ request: TaskRequest, _ report: any TaskReport) async throws(Failure) -> JSONValue {
        let outcome = try await call(request.resource.arn, nil, request.input, nil, report)
        guard let outcome else { throw notFound(functions.arn(of: request.resource.arn), qualifier: nil) }
        if case .failed(let error) = outcome.result { throw Failure(error.errorType, error.text) }
        return try payload(outcome, named: request.resource.arn)
    }

    /// `{"FunctionName", "Payload"?, "Qualifier"?, "InvocationType"?, "ClientContext"?, "LogType"?}` →
    /// `{"ExecutedVersion", "Payload", "SdkHttpMetadata", "SdkResponseMetadata", "StatusCode"}`
    private func performInvoke(_ request: TaskRequest, _ report: any TaskReport) async throws(Failure) -> JSONValue {
        let parameters = request.input
        guard let name = parameters["FunctionName"]?.string, !name.isEmpty else {
            throw unusable(parameters, "The field 'FunctionName' is required but was missing")
        }
        let qualifier = parameters["Qualifier"]?.string
        let event = sdkPayload(parameters["Payload"], request)
        let context = parameters["ClientContext"]?.string.flatMap(Base64.decode).flatMap { try? JSONValue(parsing: $0) }
        switch parameters["InvocationType"]?.string ?? "RequestResponse" {
        case "RequestResponse":
            let wantsLog = parameters["LogType"]?.string == "Tail"
            let log = TailLog(report)
            let began = Timestamps.milliseconds()
            let outcome = try await call(name, qualifier, event, context, wantsLog ? log : report)
            guard let outcome else { throw notFound(functions.arn(of: name), qualifier: qualifier ?? FunctionName(name).qualifier) }
            let value = try payload(outcome, named: request.resource.resourceType)
            let length = if case .payload(let bytes) = outcome.result { bytes.count } else { 0 }
            return Self.response(
                value, length: length, status: 200, outcome.requestID,
                logResult: wantsLog ? log.result(outcome.requestID, milliseconds: Timestamps.milliseconds() - began) : nil)
        case "Event":
            guard functions.contains(name) else {
                throw notFound(functions.arn(of: name), qualifier: qualifier ?? FunctionName(name).qualifier)
            }
            let functions = functions
            // As on Lambda: the call is accepted, and goes on whatever becomes of the execution.
            Task { _ = try? await functions.invoke(name, qualifier: qualifier, payload: event, clientContext: context) { report.log($0) } }
            return Self.response("", length: 0, status: 202, Identifiers.uuid())
        case "DryRun":
            guard functions.contains(name) else {
                throw notFound(functions.arn(of: name), qualifier: qualifier ?? FunctionName(name).qualifier)
            }
            return Self.response("", length: 0, status: 204, Identifiers.uuid())
        default: throw unusable(parameters, "The value of the field 'InvocationType' has an invalid format")
        }
    }

    /// A text is the payload's bytes, as recorded: `"true"` reaches the function as true.
    private func sdkPayload(_ payload: JSONValue?, _ request: TaskRequest) -> JSONValue {
        // A null is no payload, and a function without one gets an empty object.
        guard let payload, !payload.isNull else { return .object(JSONObject()) }
        guard let text = payload.string, let value = try? JSONValue(parsing: text) else { return payload }
        return value
    }

    private func call(
        _ name: String, _ qualifier: String?, _ payload: JSONValue, _ context: JSONValue?, _ report: any TaskReport
    ) async throws(Failure) -> FunctionOutcome? {
        do {
            return try await functions.invoke(name, qualifier: qualifier, payload: payload, clientContext: context) { report.log($0) }
        } catch {
            // Nobody waits for this any more: the engine cancelled the task and has its own reason for it.
            throw Failure(ErrorName.taskFailed, "The task was cancelled.")
        }
    }

    private func payload(_ outcome: FunctionOutcome, named name: String) throws(Failure) -> JSONValue {
        switch outcome.result {
        case .failed(let error): throw Failure(error.errorType, error.payload.text())
        case .payload(let bytes):
            if let value = try? JSONValue(parsing: bytes) { return value }
            if bytes.count > 262_144 {
                throw Failure(
                    ErrorName.dataLimitExceeded,
                    "The state/task '\(name)' returned a result with a size exceeding the maximum number of bytes service limit.")
            }
            return .string(String(decoding: bytes, as: UTF8.self))
        }
    }

    private func notFound(_ arn: String, qualifier: String?) -> Failure {
        let named = FunctionName(arn).qualifier == nil ? "\(arn):\(qualifier ?? "$LATEST")" : arn
        return Failure(
            "Lambda.ResourceNotFoundException",
            "Function not found: \(named) (Service: AWSLambda; Status Code: 404; Error Code: ResourceNotFoundException; "
                + "Request ID: \(Identifiers.uuid()); Proxy: null)")
    }

    private func unusable(_ parameters: JSONValue, _ why: String) -> Failure {
        .runtime("The Parameters '\(parameters.text())' could not be used to start the Task: [\(why)]")
    }

    /// As lambda:invoke shows an answer of Lambda.
    static func response(_ payload: JSONValue, length: Int, status: Int64, _ requestID: String, logResult: String? = nil) -> JSONValue {
        let trace = "Root=1-\(requestID.prefix(8))-\(requestID.filter { $0 != "-" }.suffix(24));Parent=\(requestID.filter { $0 != "-" }.prefix(16));Sampled=0"
        let headers: [(String, String)] =
            (logResult.map { [("X-Amz-Log-Result", $0)] } ?? []) + [
                ("X-Amz-Executed-Version", "$LATEST"), ("x-amzn-Remapped-Content-Length", "0"), ("Connection", "keep-alive"),
                ("x-amzn-RequestId", requestID), ("Content-Length", String(length)), ("Date", Timestamps.http(Timestamps.milliseconds())),
                ("X-Amzn-Trace-Id", trace), ("Content-Type", "application/json"),
            ]
        let sorted =
            ["Connection", "Content-Length", "Content-Type", "Date", "X-Amz-Executed-Version"] + (logResult == nil ? [] : ["X-Amz-Log-Result"])
            + ["x-amzn-Remapped-Content-Length", "x-amzn-RequestId", "X-Amzn-Trace-Id"]
        let byName = Dictionary(headers, uniquingKeysWith: { first, _ in first })
        var result = JSONObject()
        result["ExecutedVersion"] = "$LATEST"
        if let logResult { result["LogResult"] = .string(logResult) }
        result["Payload"] = payload
        result["SdkHttpMetadata"] = [
            "AllHttpHeaders": .object(JSONObject(headers.map { ($0.0, .array([.string($0.1)])) })),
            "HttpHeaders": .object(JSONObject(sorted.map { ($0, .string(byName[$0] ?? "")) })),
            "HttpStatusCode": .integer(status),
        ]
        result["SdkResponseMetadata"] = ["RequestId": .string(requestID)]
        result["StatusCode"] = .integer(status)
        return .object(result)
    }
}

/// The end of what a function printed, for `LogType: Tail`.
private final class TailLog: TaskReport {
    private let report: any TaskReport
    private let bytes = Mutex<[UInt8]>([])

    init(_ report: any TaskReport) { self.report = report }

    func submitted(_ response: JSONValue) { report.submitted(response) }
    func heartbeat() { report.heartbeat() }
    var isShuttingDown: Bool { report.isShuttingDown }

    func log(_ new: [UInt8]) {
        bytes.withLock { bytes in
            bytes += new
            if bytes.count > 16_384 { bytes.removeFirst(bytes.count - 8192) }
        }
        report.log(new)
    }

    /// The last 4 KiB, in Base64, between the lines that Lambda writes around them.
    func result(_ requestID: String, milliseconds: Int64) -> String {
        var text = Array("START RequestId: \(requestID) Version: $LATEST\n".utf8) + bytes.withLock { $0 }
        if text.last != UInt8(ascii: "\n") { text.append(UInt8(ascii: "\n")) }
        let duration = max(1, milliseconds)
        text += Array(
            ("END RequestId: \(requestID)\nREPORT RequestId: \(requestID)\tDuration: \(duration).00 ms\tBilled Duration: \(duration) ms\t"
                + "Memory Size: 128 MB\tMax Memory Used: 64 MB\t\n").utf8)
        return Base64.encode(text.suffix(4096).map { $0 })
    }
}

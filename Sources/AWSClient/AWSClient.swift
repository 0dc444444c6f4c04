import Curl
import Digest
import Glibc
import JSON

/// Calls any operation of any AWS service, or of a server that speaks its API.
package final class AWSClient: Sendable {
    package let configuration: AWSConfiguration
    package let http: HTTPClient
    private let table: AWSTable
    let credentials: CredentialsProvider
    private let quota = RetryQuota()
    private let pause: @Sendable (Double) async -> Void

    package init(
        _ configuration: AWSConfiguration = AWSConfiguration(), http: HTTPClient = .shared,
        pause: @escaping @Sendable (Double) async -> Void = AWSClient.sleep
    ) {
        self.configuration = configuration
        self.http = http
        self.pause = pause
        table = .shared
        credentials = CredentialsProvider(configuration, http: http)
    }

    package static let sleep: @Sendable (Double) async -> Void = { seconds in
        try? await Task.sleep(nanoseconds: UInt64(max(0, seconds) * 1_000_000_000))
    }

    /// The model of a service by Step Functions' name for it.
    package func model(_ service: String) -> ServiceModel? { table.service(service) }

    /// The request of a call as it would be signed and sent.
    package func request(of call: AWSCall) throws(AWSFailure) -> HTTPRequest { try prepared(call).request }

    private struct Prepared {
        let model: ServiceModel
        let operation: ServiceModel.Operation
        let endpoint: Endpoint
        let request: HTTPRequest
    }

    private func prepared(_ call: AWSCall) throws(AWSFailure) -> Prepared {
        guard let model = table.service(call.service) else { throw .unknownService(call.service) }
        guard let operation = model.operation(call.operation) else {
            throw .unknownOperation(service: call.service, operation: call.operation)
        }
        let token = call.idempotencyToken ?? Self.randomToken()
        let wire: WireRequest
        do throws(ParameterProblems) {
            wire = try RequestWriter.write(call.input, model, operation, idempotencyToken: token, style: call.style)
        } catch {
            throw .parameters(error)
        }
        let endpoint = try endpoint(model, call.service)
        var limits = call.limits
        if let seconds = configuration.told.requestSeconds { limits.totalSeconds = seconds }
        return Prepared(
            model: model, operation: operation, endpoint: endpoint,
            request: prepared(wire, endpoint, operation, model, limits: limits))
    }

    package func call(_ call: AWSCall) async throws(AWSFailure) -> AWSResult {
        let ready = try prepared(call)
        let (model, operation) = (ready.model, ready.operation)
        var attempt = 1
        var paid = 0
        while true {
            do throws(AWSFailure) {
                let response = try await attemptOnce(ready.request, ready.endpoint, model, operation, call)
                quota.giveBack(paid)
                return AWSResult(
                    output: ResponseReader(model: model, style: call.style).read(response, operation), response: response,
                    requestID: response.header("x-amzn-RequestId") ?? response.header("x-amz-request-id") ?? "",
                    attempts: attempt)
            } catch {
                guard call.retries, attempt < configuration.maximumAttempts, !Task.isCancelled,
                    let cost = RetryQuota.cost(error), quota.take(cost)
                else { throw error }
                paid = cost
                if case .service(let found) = error, ["ExpiredToken", "ExpiredTokenException"].contains(found.code) {
                    await credentials.forget()
                }
            }
            await pause(RetryQuota.delaySeconds(afterAttempt: attempt, draw: Double.random(in: 0..<1)))
            attempt += 1
        }
    }

    private func attemptOnce(
        _ request: HTTPRequest, _ endpoint: Endpoint, _ model: ServiceModel, _ operation: ServiceModel.Operation,
        _ call: AWSCall
    ) async throws(AWSFailure) -> HTTPResponse {
        if endpoint.isStandIn, let refusal = EmulatedAnswer.refusal(model, operation, call.input) { throw .service(refusal) }
        var request = request
        if !operation.isUnsigned {
            let found = try await credentials.credentials(roleARN: call.roleARN, isLocal: endpoint.isOverridden && endpoint.isLocal)
            let signer = SigV4(credentials: found, region: endpoint.signingRegion, service: model.signingName)
            request = signer.signed(request, at: configuration.surroundings.now())
        }
        let response: HTTPResponse
        do throws(HTTPFailure) {
            response = try await http.perform(request)
        } catch {
            throw .transport(error)
        }
        guard response.status < 300 else {
            let error = ServiceError.read(response, model)
            throw .service(endpoint.isStandIn ? EmulatedAnswer.completed(error) : error)
        }
        return endpoint.isStandIn ? EmulatedAnswer.completed(response, model, operation, call.input) : response
    }

    /// Sends a request as it is, signed for a service where one is named (`execute-api`). Any status is an answer.
    package func send(_ request: HTTPRequest, signedFor service: String?, roleARN: String?) async throws(AWSFailure) -> HTTPResponse {
        var request = request
        if let service {
            let isLocal = Endpoint(override: request.url, region: configuration.region)?.isLocal ?? false
            let found = try await credentials.credentials(roleARN: roleARN, isLocal: isLocal)
            let signer = SigV4(credentials: found, region: configuration.region, service: service)
            request = signer.signed(request, at: configuration.surroundings.now())
        }
        do throws(HTTPFailure) {
            return try await http.perform(request)
        } catch {
            throw .transport(error)
        }
    }

    private func endpoint(_ model: ServiceModel, _ name: String) throws(AWSFailure) -> Endpoint {
        guard let url = configuration.endpoint(model, named: name) else {
            return Endpoint(model, region: configuration.region, table: table)
        }
        guard let endpoint = Endpoint(override: url, region: Endpoint(model, region: configuration.region).signingRegion) else {
            throw .endpoint("The endpoint '\(url)' of \(name) is not a URL.")
        }
        return endpoint
    }

    private func prepared(
        _ wire: WireRequest, _ endpoint: Endpoint, _ operation: ServiceModel.Operation, _ model: ServiceModel, limits: HTTPLimits
    ) -> HTTPRequest {
        var wire = wire
        var prefix = wire.hostPrefix
        if model.id == "S3", !endpoint.isOverridden, let bucket = wire.bucket, Self.fitsHostName(bucket),
            wire.path == "/" + bucket || wire.path.hasPrefix("/\(bucket)/")
        {
            // Virtual-hosted style.
            prefix = bucket + "." + prefix
            let rest = wire.path.dropFirst(bucket.utf8.count + 1)
            wire.path = rest.isEmpty ? "/" : String(rest)
        }
        var headers = wire.headers
        if operation.needsChecksum, headers.first("Content-MD5") == nil {
            headers.set("Content-MD5", Base64.encode(Digest.hash(wire.body, algorithm: .md5)))
        }
        // As the SDKs do since January 2025; S3 answers with it.
        if model.id == "S3", operation.name == "PutObject" || operation.name == "UploadPart",
            !headers.contains(where: { $0.name.lowercased().hasPrefix("x-amz-checksum-") })
        {
            headers.append(HTTPHeader("x-amz-sdk-checksum-algorithm", "CRC32"))
            headers.append(HTTPHeader("x-amz-checksum-crc32", Base64.encode(CRC32.bytes(wire.body))))
        }
        return HTTPRequest(
            wire.method, endpoint.url(wire.target, prefix: prefix), headers: headers, body: wire.body, limits: limits)
    }

    private static func fitsHostName(_ bucket: String) -> Bool {
        (3...63).contains(bucket.utf8.count)
            && bucket.utf8.allSatisfy { $0 >= 0x61 && $0 <= 0x7A || $0 >= 0x30 && $0 <= 0x39 || $0 == 0x2D }
    }

    /// A version 4 UUID.
    package static func randomToken() -> String {
        var bytes = (0..<16).map { _ in UInt8.random(in: 0...255) }
        bytes[6] = bytes[6] & 0x0F | 0x40
        bytes[8] = bytes[8] & 0x3F | 0x80
        let hex = Digest.hexText(bytes)
        var parts: [Substring] = []
        var rest = Substring(hex)
        for length in [8, 4, 4, 4, 12] {
            parts.append(rest.prefix(length))
            rest = rest.dropFirst(length)
        }
        return parts.joined(separator: "-")
    }
}

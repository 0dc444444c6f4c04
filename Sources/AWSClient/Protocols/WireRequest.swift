import Curl

/// A request before it has an endpoint and a signature.
struct WireRequest {
    var method = "POST"
    /// Encoded, from `/` on.
    var path = "/"
    /// Decoded pairs; a value of nil is a bare name.
    var query: [(name: String, value: String?)] = []
    var headers: [HTTPHeader] = []
    var body: [UInt8] = []
    /// Before the endpoint's host name, with its dot.
    var hostPrefix = ""
    /// S3's bucket, which may move from the path into the host name.
    var bucket: String?

    var target: String {
        guard !query.isEmpty else { return path }
        let pairs = query.map { pair in
            URLEncoding.encode(pair.name) + (pair.value.map { "=" + URLEncoding.encode($0) } ?? "")
        }
        return path + "?" + pairs.joined(separator: "&")
    }
}

/// Why parameters cannot be sent: the complaints, as Step Functions words them.
package struct ParameterProblems: Error, Sendable, Equatable {
    package var complaints: [String]

    package init(complaints: [String]) { self.complaints = complaints }
}

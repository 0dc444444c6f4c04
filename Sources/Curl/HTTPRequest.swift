/// One HTTP request: everything that goes over the wire, and the bounds within which the answer must stay.
package struct HTTPRequest: Sendable, Equatable {
    package var method: String
    /// An absolute http or https URL whose path and query are already encoded; it is sent as it is.
    package var url: String
    package var headers: [HTTPHeader]
    package var body: [UInt8]
    package var limits: HTTPLimits
    /// Certificate authorities in PEM form that alone are trusted for this request; nil: the client's.
    package var authorities: [UInt8]?

    package init(
        _ method: String, _ url: String, headers: [HTTPHeader] = [], body: [UInt8] = [],
        limits: HTTPLimits = HTTPLimits()
    ) {
        self.method = method
        self.url = url
        self.headers = headers
        self.body = body
        self.limits = limits
    }
}

/// A header line. Names are compared without regard to case.
package struct HTTPHeader: Sendable, Equatable {
    package var name: String
    package var value: String

    package init(_ name: String, _ value: String) {
        self.name = name
        self.value = value
    }
}

/// Bounds of one exchange. nil means without a bound.
package struct HTTPLimits: Sendable, Equatable {
    package var connectSeconds: Double? = 10
    /// From the start of the request to the last byte of the answer.
    package var totalSeconds: Double? = 60
    /// Without a byte in either direction, after the connection is made. Whole seconds, at least one.
    package var stalledSeconds: Double?
    package var maximumBodyBytes = 64 << 20
    package var maximumHeaderBytes = 256 << 10
    /// How many redirects libcurl follows; 0 hands the first 3xx answer out.
    package var redirects = 0

    package init() {}
}

extension [HTTPHeader] {
    /// The first value with this name, case ignored.
    package func first(_ name: String) -> String? {
        first { $0.name.isSameName(as: name) }?.value
    }

    package mutating func set(_ name: String, _ value: String) {
        remove(name)
        append(HTTPHeader(name, value))
    }

    package mutating func remove(_ name: String) {
        removeAll { $0.name.isSameName(as: name) }
    }
}

extension String {
    /// The names of headers are ASCII.
    fileprivate func isSameName(as other: String) -> Bool {
        func lower(_ byte: UInt8) -> UInt8 { byte >= UInt8(ascii: "A") && byte <= UInt8(ascii: "Z") ? byte | 0x20 : byte }
        return utf8.count == other.utf8.count && utf8.elementsEqual(other.utf8) { lower($0) == lower($1) }
    }
}

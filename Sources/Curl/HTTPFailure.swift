/// Why there is no answer.
package struct HTTPFailure: Error, Sendable, Equatable {
    package enum Kind: Sendable, Equatable {
        /// The caller's task was cancelled, or the client was shut down.
        case cancelled
        case invalidRequest
        case cannotResolve
        case cannotConnect
        case tls
        /// Not connected, not finished, or not moving in the time the limits give.
        case connectTimeout, totalTimeout, stalled
        /// The server closed before the answer was complete, or sent less than it announced.
        case closedEarly
        case bodyTooLarge, headersTooLarge
        case tooManyRedirects
        /// libcurl is missing, or something else it reports.
        case other
    }

    package var kind: Kind
    /// libcurl's words.
    package var message: String

    package init(_ kind: Kind, _ message: String) {
        self.kind = kind
        self.message = message
    }

    /// Whether nothing can have reached the server, so that repeating cannot do anything twice.
    package var isBeforeSending: Bool {
        switch kind {
        case .cannotResolve, .cannotConnect, .connectTimeout, .tls, .invalidRequest: true
        default: false
        }
    }

    package var isTimeout: Bool {
        switch kind {
        case .connectTimeout, .totalTimeout, .stalled: true
        default: false
        }
    }
}

/// The answer to a request: the last one, if redirects were followed.
package struct HTTPResponse: Sendable, Equatable {
    package var status: Int
    /// "OK"; empty over HTTP/2.
    package var reason: String
    /// In their order, names as the server spelled them.
    package var headers: [HTTPHeader]
    package var body: [UInt8]
    package var version: HTTPVersion
    /// Connections opened for it: 0 when one was reused.
    package var newConnections: Int

    package init(
        status: Int, reason: String = "", headers: [HTTPHeader] = [], body: [UInt8] = [],
        version: HTTPVersion = .http1, newConnections: Int = 0
    ) {
        self.status = status
        self.reason = reason
        self.headers = headers
        self.body = body
        self.version = version
        self.newConnections = newConnections
    }

    package func header(_ name: String) -> String? { headers.first(name) }
}

package enum HTTPVersion: Sendable { case http1, http2, http3 }

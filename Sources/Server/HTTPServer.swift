import NIOCore
import NIOHTTP1
import NIOPosix

/// A request whose body is whole.
package struct ServerRequest: Sendable {
    package let method: String
    package let path: String
    package let query: String
    package let headers: [(name: String, value: String)]
    package let body: [UInt8]

    package func header(_ name: String) -> String? {
        headers.first { $0.name.isSameHeader(as: name) }?.value
    }
}

extension String {
    /// Case is ignored; names of headers are ASCII.
    fileprivate func isSameHeader(as other: String) -> Bool {
        func lower(_ byte: UInt8) -> UInt8 { byte >= UInt8(ascii: "A") && byte <= UInt8(ascii: "Z") ? byte | 0x20 : byte }
        return utf8.count == other.utf8.count && utf8.elementsEqual(other.utf8) { lower($0) == lower($1) }
    }
}

package struct ServerResponse: Sendable {
    package var status: Int
    package var headers: [(String, String)]
    package var body: [UInt8]

    package init(status: Int = 200, contentType: String, body: [UInt8], headers: [(String, String)] = []) {
        self.status = status
        self.headers = [("Content-Type", contentType)] + headers
        self.body = body
    }
}

package struct ServerOptions: Sendable {
    package var host = "127.0.0.1"
    /// 0: any free one.
    package var port = 8083
    package var maximumBodyBytes = 2 << 20
    /// Of all requests that are being received or answered.
    package var maximumBodyBytesTogether = 256 << 20
    /// A connection on which nothing has moved for so long is closed.
    package var idleSeconds: Int64 = 75
    /// How long a request may take from its first byte to its last.
    package var requestMilliseconds: Int64 = 30_000
    package var maximumConnections = 10_000
    package init() {}
}

/// HTTP/1.1 on swift-nio: bounded bodies, headers, connections and waiting times, and a graceful end.
package final class HTTPServer: Sendable {
    package typealias Handler = @Sendable (ServerRequest) async -> ServerResponse

    private let group: MultiThreadedEventLoopGroup
    private let channel: any Channel
    private let connections: Connections
    /// Where it listens.
    package let port: Int

    package init(_ options: ServerOptions, handler: @escaping Handler) async throws {
        group = MultiThreadedEventLoopGroup(numberOfThreads: 2)
        let connections = Connections(limit: options.maximumConnections, bodyLimit: options.maximumBodyBytesTogether)
        self.connections = connections
        let bootstrap = ServerBootstrap(group: group)
            .serverChannelOption(.backlog, value: 1024)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelOption(.socketOption(.tcp_nodelay), value: 1)
            .childChannelInitializer { channel in
                guard let connection = connections.add(channel) else { return channel.close() }
                channel.closeFuture.whenComplete { _ in connections.remove(channel) }
                return channel.eventLoop.makeCompletedFuture {
                    var limits = NIOHTTPDecoderLimitConfiguration()
                    limits.maxHeaderFieldSize = 16 << 10
                    limits.maxHeaderListSize = 64 << 10
                    limits.maxHeaderFieldCount = 100
                    let pipeline = channel.pipeline.syncOperations
                    try pipeline.addHandler(IdleStateHandler(allTimeout: .seconds(options.idleSeconds)))
                    try pipeline.addHandler(ArrivalNotice())
                    try pipeline.configureHTTPServerPipeline(
                        withPipeliningAssistance: true, withErrorHandling: false, withEncoderConfiguration: .init(), withDecoderLimitConfiguration: limits)
                    try pipeline.addHandler(RequestHandler(options, connection, connections, handler))
                }
            }
        do {
            channel = try await bootstrap.bind(host: options.host, port: options.port).get()
        } catch {
            try? await group.shutdownGracefully()
            throw error
        }
        port = channel.localAddress?.port ?? options.port
    }

    package var connectionCount: Int { connections.count }

    /// No new connections; those that are there go on.
    package func stopListening() async { try? await channel.close() }

    /// No new connections; those that are answering finish, the others close.
    package func shutDown() async {
        await stopListening()
        await connections.drain(seconds: 3)
        try? await group.shutdownGracefully()
    }
}

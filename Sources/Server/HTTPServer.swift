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
        headers.first { $0.name.lowercased() == name.lowercased() }?.value
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
    /// A connection on which nothing has moved for so long is closed; also how long headers and body may take.
    package var idleSeconds: Int64 = 75
    package var maximumConnections = 10_000
    package init() {}
}

/// HTTP/1.1 on swift-nio: bounded bodies, headers and waiting times, and a graceful end.
package final class HTTPServer: Sendable {
    package typealias Handler = @Sendable (ServerRequest) async -> ServerResponse

    private let group: MultiThreadedEventLoopGroup
    private let channel: any Channel
    private let connections: Connections
    /// Where it listens.
    package let port: Int

    package init(_ options: ServerOptions, handler: @escaping Handler) async throws {
        group = MultiThreadedEventLoopGroup(numberOfThreads: 2)
        let connections = Connections(limit: options.maximumConnections)
        self.connections = connections
        let bootstrap = ServerBootstrap(group: group)
            .serverChannelOption(.backlog, value: 1024)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelOption(.socketOption(.tcp_nodelay), value: 1)
            .childChannelInitializer { channel in
                guard connections.add(channel) else { return channel.close() }
                channel.closeFuture.whenComplete { _ in connections.remove(channel) }
                return channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(IdleStateHandler(allTimeout: .seconds(options.idleSeconds)))
                    try channel.pipeline.syncOperations.configureHTTPServerPipeline(withPipeliningAssistance: true, withErrorHandling: true)
                    try channel.pipeline.syncOperations.addHandler(RequestHandler(options, handler))
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

    /// No new connections; those that are answering finish, the others close.
    package func shutDown() async {
        try? await channel.close()
        await connections.drain()
        try? await group.shutdownGracefully()
    }
}

/// One connection's requests, one after the other.
private final class RequestHandler: ChannelInboundHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundOut = HTTPServerResponsePart

    private let options: ServerOptions
    private let handler: HTTPServer.Handler
    private var head: HTTPRequestHead?
    private var body: [UInt8] = []
    private var isTooLarge = false
    private var startedReading: NIODeadline?
    private var isAnswering = false

    init(_ options: ServerOptions, _ handler: @escaping HTTPServer.Handler) {
        self.options = options
        self.handler = handler
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head(let head):
            self.head = head
            body = []
            isTooLarge = (head.headers.first(name: "content-length").flatMap { Int($0) } ?? 0) > options.maximumBodyBytes
            startedReading = .now()
            if isTooLarge { refuse(context, head) } else if head.headers.first(name: "expect")?.lowercased() == "100-continue" {
                context.writeAndFlush(wrapOutboundOut(.head(HTTPResponseHead(version: head.version, status: .continue))), promise: nil)
            }
        case .body(let buffer):
            guard !isTooLarge, let head else { return }
            // A client that sends a byte now and then is not idle, but it is slow.
            let isSlow = startedReading.map { NIODeadline.now() - $0 > .seconds(options.idleSeconds) } ?? false
            if isSlow || body.count + buffer.readableBytes > options.maximumBodyBytes {
                isTooLarge = true
                refuse(context, head)
                return
            }
            body.append(contentsOf: buffer.readableBytesView)
        case .end:
            guard !isTooLarge, let head else { return }
            self.head = nil
            startedReading = nil
            answer(context, head, body)
            body = []
        }
    }

    private func answer(_ context: ChannelHandlerContext, _ head: HTTPRequestHead, _ body: [UInt8]) {
        let parts = head.uri.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
        let request = ServerRequest(
            method: head.method.rawValue, path: String(parts.first ?? "/"), query: parts.count > 1 ? String(parts[1]) : "",
            headers: head.headers.map { ($0.name, $0.value) }, body: body)
        isAnswering = true
        let handler = handler
        let promise = context.eventLoop.makePromise(of: ServerResponse.self)
        let work = Task { promise.succeed(await handler(request)) }
        context.channel.closeFuture.whenComplete { _ in work.cancel() }
        let keepsAlive = head.isKeepAlive
        let version = head.version
        let isHead = head.method == .HEAD
        let loopBound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
        promise.futureResult.whenSuccess { response in
            let (own, context) = loopBound.value
            own.isAnswering = false
            own.write(response, context, version: version, keepsAlive: keepsAlive, withBody: !isHead)
        }
    }

    private func refuse(_ context: ChannelHandlerContext, _ head: HTTPRequestHead) {
        let text = #"{"__type":"RequestEntityTooLargeException","message":"The request is larger than \#(options.maximumBodyBytes) bytes, or came too slowly"}"#
        write(
            ServerResponse(status: 413, contentType: "application/x-amz-json-1.0", body: Array(text.utf8)), context, version: head.version,
            keepsAlive: false, withBody: true)
    }

    private func write(
        _ response: ServerResponse, _ context: ChannelHandlerContext, version: HTTPVersion, keepsAlive: Bool, withBody: Bool
    ) {
        var headers = HTTPHeaders(response.headers)
        headers.replaceOrAdd(name: "Content-Length", value: String(response.body.count))
        if !keepsAlive { headers.replaceOrAdd(name: "Connection", value: "close") }
        context.write(wrapOutboundOut(.head(HTTPResponseHead(version: version, status: .init(statusCode: response.status), headers: headers))), promise: nil)
        if withBody {
            var buffer = context.channel.allocator.buffer(capacity: response.body.count)
            buffer.writeBytes(response.body)
            context.write(wrapOutboundOut(.body(.byteBuffer(buffer))), promise: nil)
        }
        let done = context.eventLoop.makePromise(of: Void.self)
        context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: done)
        if !keepsAlive {
            let channel = context.channel
            done.futureResult.whenComplete { _ in channel.close(promise: nil) }
        }
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        // A long poll is quiet and not idle.
        if event is IdleStateHandler.IdleStateEvent, !isAnswering {
            context.close(promise: nil)
        } else {
            context.fireUserInboundEventTriggered(event)
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
}

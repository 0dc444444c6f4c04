import NIOCore
import NIOHTTP1

/// Bytes have come from the client, whether or not they are a message yet.
enum Arrival {
    case bytes
}

/// Tells the handlers behind it of every arrival: a client that sends a header byte by byte is not idle, but it is slow.
final class ArrivalNotice: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        context.fireUserInboundEventTriggered(Arrival.bytes)
        context.fireChannelRead(data)
    }
}

/// One connection's requests, one after the other.
final class RequestHandler: ChannelInboundHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundOut = HTTPServerResponsePart

    private let options: ServerOptions
    private let connection: Connection
    private let connections: Connections
    private let handler: HTTPServer.Handler
    private var head: HTTPRequestHead?
    private var body: [UInt8] = []
    /// Of `Connections.reserve`.
    private var reserved = 0
    /// Refused: the rest of the request is thrown away, then the connection is closed.
    private var isRefused = false
    private var deadline: Scheduled<Void>?
    private var work: Task<Void, Never>?

    init(_ options: ServerOptions, _ connection: Connection, _ connections: Connections, _ handler: @escaping HTTPServer.Handler) {
        self.options = options
        self.connection = connection
        self.connections = connections
        self.handler = handler
    }

    // MARK: reading

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head(let head): begin(context, head)
        case .body(let buffer):
            guard !isRefused, let head else { return }
            guard body.count + buffer.readableBytes <= options.maximumBodyBytes else { return refuse(context, head, .tooLarge(options)) }
            guard reserve(buffer.readableBytes) else { return refuse(context, head, .busy) }
            body.append(contentsOf: buffer.readableBytesView)
        case .end:
            deadline?.cancel()
            deadline = nil
            guard !isRefused, let head else {
                if isRefused { context.close(promise: nil) }
                return
            }
            self.head = nil
            answer(context, head, body)
            body = []
        }
    }

    private func begin(_ context: ChannelHandlerContext, _ head: HTTPRequestHead) {
        self.head = head
        body = []
        startDeadline(context)
        let length = head.headers.first(name: "content-length").flatMap { Int($0) } ?? 0
        if length > options.maximumBodyBytes {
            refuse(context, head, .tooLarge(options))
        } else if head.headers.first(name: "expect")?.lowercased() == "100-continue" {
            context.writeAndFlush(wrapOutboundOut(.head(HTTPResponseHead(version: head.version, status: .continue))), promise: nil)
        }
    }

    private func reserve(_ count: Int) -> Bool {
        guard connections.reserve(bodyBytes: count) else { return false }
        reserved += count
        return true
    }

    private func release() {
        connections.release(bodyBytes: reserved)
        reserved = 0
    }

    private func startDeadline(_ context: ChannelHandlerContext) {
        guard deadline == nil, !connection.isAnswering, !isRefused else { return }
        let bound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
        deadline = context.eventLoop.scheduleTask(in: .milliseconds(options.requestMilliseconds)) {
            let (own, context) = bound.value
            own.deadline = nil
            guard let head = own.head, !own.isRefused else { return context.close(promise: nil) }
            own.refuse(context, head, .tooSlow)
        }
    }

    // MARK: answering

    private func answer(_ context: ChannelHandlerContext, _ head: HTTPRequestHead, _ body: [UInt8]) {
        let parts = head.uri.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
        let request = ServerRequest(
            method: head.method.rawValue, path: String(parts.first ?? "/"), query: parts.count > 1 ? String(parts[1]) : "",
            headers: head.headers.map { ($0.name, $0.value) }, body: body)
        connection.isAnswering = true
        let handler = handler
        let promise = context.eventLoop.makePromise(of: ServerResponse.self)
        work = Task { promise.succeed(await handler(request)) }
        let keepsAlive = head.isKeepAlive
        let version = head.version
        let isHead = head.method == .HEAD
        let bound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
        promise.futureResult.whenSuccess { response in
            let (own, context) = bound.value
            own.work = nil
            own.release()
            own.write(response, context, version: version, keepsAlive: keepsAlive, withBody: !isHead)
        }
    }

    /// An answer before the request is whole. What still comes is read for a while and thrown away: a client that is closed
    /// upon while it sends does not see the answer.
    private func refuse(_ context: ChannelHandlerContext, _ head: HTTPRequestHead, _ refusal: HTTPRefusal) {
        isRefused = true
        self.head = nil
        body = []
        release()
        deadline?.cancel()
        deadline = nil
        write(refusal.response, context, version: head.version, keepsAlive: false, withBody: true, closes: false)
        let channel = context.channel
        context.eventLoop.scheduleTask(in: .seconds(2)) { channel.close(promise: nil) }
    }

    private func write(
        _ response: ServerResponse, _ context: ChannelHandlerContext, version: HTTPVersion, keepsAlive: Bool, withBody: Bool,
        closes: Bool = true
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
        // Before the end is written: that may bring the next request, which has been waiting.
        connection.isAnswering = false
        connection.touch()
        context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: done)
        if !keepsAlive, closes {
            let channel = context.channel
            done.futureResult.whenComplete { _ in channel.close(promise: nil) }
        }
    }

    // MARK: what else happens

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        switch event {
        case is Arrival:
            connection.touch()
            startDeadline(context)
        case is IdleStateHandler.IdleStateEvent:
            // A long poll is quiet and not idle.
            if !connection.isAnswering { context.close(promise: nil) }
        default: context.fireUserInboundEventTriggered(event)
        }
    }

    /// What is no HTTP is refused; the decoder closes the connection afterwards.
    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        if error is HTTPParserError, !isRefused, !connection.isAnswering {
            isRefused = true
            write(HTTPRefusal.notHTTP("\(error)").response, context, version: .http1_1, keepsAlive: false, withBody: true)
        } else {
            context.close(promise: nil)
        }
    }

    func channelInactive(context: ChannelHandlerContext) {
        deadline?.cancel()
        deadline = nil
        // Nobody waits for the answer: a long poll gives its place up.
        work?.cancel()
        work = nil
        release()
        connection.isAnswering = false
        context.fireChannelInactive()
    }
}

/// Why a request is answered before the API sees it, in AWS's shape.
enum HTTPRefusal {
    case tooLarge(ServerOptions)
    case tooSlow
    case busy
    case notHTTP(String)

    var response: ServerResponse {
        switch self {
        case .tooLarge(let options): shaped(413, "RequestEntityTooLargeException", "The request is larger than \(options.maximumBodyBytes) bytes")
        case .tooSlow: shaped(408, "RequestTimeoutException", "The request came too slowly")
        case .busy: shaped(503, "ServiceUnavailable", "Too many large requests at once; try again")
        case .notHTTP(let reason): shaped(400, "SerializationException", "The request is not HTTP: \(reason.filter { $0 != "\"" && $0 != "\\" })")
        }
    }

    private func shaped(_ status: Int, _ code: String, _ message: String) -> ServerResponse {
        ServerResponse(
            status: status, contentType: "application/x-amz-json-1.0",
            body: Array("{\"__type\":\"\(code)\",\"message\":\"\(message)\"}".utf8), headers: [("x-amzn-ErrorType", code)])
    }
}

import Glibc
import Synchronization
import Testing

@testable import Server

/// Clients that are slow, many or large do not hold the server.
@Suite struct SlowClientTests {
    private static let ask = "POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\n\r\n{}"

    private static func with(
        _ change: (inout ServerOptions) -> Void, handler: @escaping HTTPServer.Handler = { echo($0) }, _ body: (Int) async throws -> Void
    ) async throws {
        var options = ServerOptions()
        options.port = 0
        change(&options)
        let server = try await HTTPServer(options, handler: handler)
        do { try await body(server.port) } catch {
            await server.shutDown()
            throw error
        }
        await server.shutDown()
    }

    private static func echo(_ request: ServerRequest) -> ServerResponse {
        ServerResponse(contentType: "text/plain", body: Array("got \(request.body.count)".utf8))
    }

    @Test func aHeaderThatComesByteByByteIsClosedUpon() async throws {
        try await Self.with({ $0.requestMilliseconds = 150 }) { port in
            let connection = try RawConnection(port)
            var sent = 0
            // Never idle for long, and never done.
            while sent < 1000, connection.send(sent == 0 ? "POST / HTTP/1.1\r\nX: " : "a") {
                sent += 1
                usleep(5_000)
            }
            #expect(sent < 1000)
        }
    }

    @Test func aBodyThatDoesNotComeIsRefusedInAWSsShape() async throws {
        try await Self.with({ $0.requestMilliseconds = 100 }) { port in
            let connection = try RawConnection(port)
            connection.send("POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\n{")
            let answer = connection.rest()
            #expect(answer.hasPrefix("HTTP/1.1 408 "))
            #expect(answer.contains(#"{"__type":"RequestTimeoutException","message":""#))
        }
    }

    @Test func aConnectionThatIsKeptMayBeIdleBetweenRequests() async throws {
        try await Self.with({ $0.requestMilliseconds = 100 }) { port in
            let connection = try RawConnection(port)
            for _ in 0..<2 {
                connection.send(Self.ask)
                #expect(connection.next().hasSuffix("got 2"))
                usleep(200_000)
            }
        }
    }

    @Test func anAnswerThatTakesLongIsWaitedFor() async throws {
        let slow: HTTPServer.Handler = { request in
            try? await Task.sleep(nanoseconds: 400_000_000)
            return Self.echo(request)
        }
        try await Self.with({ $0.requestMilliseconds = 100 }, handler: slow) { port in
            let connection = try RawConnection(port)
            connection.send(Self.ask)
            #expect(connection.next().hasSuffix("got 2"))
        }
    }

    @Test func theConnectionThatIsIdleLongestMakesRoom() async throws {
        // The least limit is 16.
        try await Self.with({ $0.maximumConnections = 16 }) { port in
            var idle: [RawConnection] = []
            for _ in 0..<40 { idle.append(try RawConnection(port)) }
            let connection = try RawConnection(port)
            connection.send(Self.ask)
            #expect(connection.next().hasSuffix("got 2"))
            #expect(idle[0].rest() == "")
        }
    }

    @Test func unansweredBodiesTogetherAreBounded() async throws {
        let release = AsyncStream.makeStream(of: Bool.self)
        let waiting = Mutex(0)
        let held: HTTPServer.Handler = { request in
            waiting.withLock { $0 += 1 }
            for await _ in release.stream { break }
            return Self.echo(request)
        }
        try await Self.with({ $0.maximumBodyBytesTogether = 3000 }, handler: held) { port in
            let large = "POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2000\r\n\r\n" + String(repeating: "x", count: 2000)
            let first = try RawConnection(port)
            first.send(large)
            while waiting.withLock({ $0 }) == 0 { await Task.yield() }
            let second = try RawConnection(port)
            second.send(large)
            #expect(second.next().contains("503 "))
            release.continuation.finish()
            #expect(first.next().hasSuffix("got 2000"))
            // The room is free again.
            let third = try RawConnection(port)
            third.send(large)
            #expect(third.next().hasSuffix("got 2000"))
        }
    }

    @Test func aClientThatGoesEndsWhatItWaitedFor() async throws {
        let (ended, told) = AsyncStream.makeStream(of: Bool.self)
        let forever: HTTPServer.Handler = { request in
            try? await Task.sleep(nanoseconds: 60_000_000_000)
            told.yield(Task.isCancelled)
            return Self.echo(request)
        }
        try await Self.with({ _ in }, handler: forever) { port in
            var connection: RawConnection? = try RawConnection(port)
            connection?.send(Self.ask)
            usleep(50_000)
            connection = nil
            for await isCancelled in ended {
                #expect(isCancelled)
                break
            }
        }
    }

    @Test func shuttingDownLetsAnAnswerFinish() async throws {
        var options = ServerOptions()
        options.port = 0
        let (began, told) = AsyncStream.makeStream(of: Bool.self)
        let server = try await HTTPServer(options) { request in
            told.yield(true)
            try? await Task.sleep(nanoseconds: 200_000_000)
            return Self.echo(request)
        }
        let connection = try RawConnection(server.port)
        connection.send(Self.ask)
        for await _ in began { break }
        await server.shutDown()
        #expect(connection.rest().hasSuffix("got 2"))
        #expect(throws: RawConnection.Failed.self) { try RawConnection(server.port) }
    }
}

import CAllocated
import Curl
import Glibc
import LocalServers
import Testing

private let server = LocalServer.faulty

@Suite(.serialized, .enabled(if: server != nil, "python3 is needed"))
struct HTTPClientTests {
    private let client = HTTPClient()
    private var base: String { server?.url ?? "" }

    private func failure(_ path: String, _ limits: HTTPLimits = HTTPLimits()) async -> HTTPFailure.Kind? {
        do {
            let response = try await client.perform(HTTPRequest("GET", base + path, limits: limits))
            Issue.record("answered \(response.status)")
            return nil
        } catch {
            return error.kind
        }
    }

    private func kind(_ client: HTTPClient, _ url: String) async -> HTTPFailure.Kind? {
        do {
            _ = try await client.perform(HTTPRequest("GET", url))
            return nil
        } catch {
            return error.kind
        }
    }

    private func limits(_ change: (inout HTTPLimits) -> Void) -> HTTPLimits {
        var limits = HTTPLimits()
        change(&limits)
        return limits
    }

    @Test func aRequestArrivesAsItWasGiven() async throws {
        let response = try await client.perform(
            HTTPRequest(
                "POST", base + "/echo/a%20b/../c?x=1&y=%C3%A9",
                headers: [HTTPHeader("X-One", "1"), HTTPHeader("X-Empty", "")], body: Array("héllo\u{0}".utf8)))
        #expect(response.status == 200)
        #expect(response.reason == "OK")
        #expect(response.header("content-type") == "application/json")
        let text = String(decoding: response.body, as: UTF8.self)
        #expect(text.contains(#""target": "/echo/a%20b/../c?x=1&y=%C3%A9""#))
        #expect(text.contains(#"["X-One", "1"], ["X-Empty", ""]"#))
        #expect(text.contains(#""bytes": "aMOpbGxvAA==""#))
        #expect(!text.contains("Expect"))
        #expect(!text.contains("Content-Type"))
    }

    @Test(arguments: ["GET", "PUT", "DELETE", "PATCH", "OPTIONS", "POST"])
    func everyMethodIsSentWithAndWithoutABody(_ method: String) async throws {
        for body in ["", "x"] {
            let response = try await client.perform(HTTPRequest(method, base + "/echo", body: Array(body.utf8)))
            let text = String(decoding: response.body, as: UTF8.self)
            #expect(text.contains(#""method": "\#(method)""#))
            #expect(text.contains(#""body": "\#(body)""#))
        }
    }

    /// Handles are used again without being reset.
    @Test func aHandleKeepsNothingOfTheRequestBefore() async throws {
        func text(_ request: HTTPRequest) async throws -> String {
            String(decoding: try await client.perform(request).body, as: UTF8.self)
        }
        let large = HTTPRequest("POST", base + "/echo/1", headers: [HTTPHeader("X-One", "1")], body: Array("a body".utf8))
        for method in ["GET", "DELETE", "HEAD", "POST", "GET"] {
            #expect(try await text(large).contains(#""body": "a body""#))
            let plain = try await text(HTTPRequest(method, base + "/echo/2"))
            #expect(!plain.contains("X-One") && !plain.contains("Content-Type") && !plain.contains("a body"))
            #expect(method == "HEAD" || plain.contains(#""method": "\#(method)""#))
        }
        let to = base + "/redirect/302?to=/bytes/5"
        #expect(try await client.perform(HTTPRequest("GET", to, limits: limits { $0.redirects = 1 })).status == 200)
        #expect(try await client.perform(HTTPRequest("GET", to)).status == 302)
        #expect(await failure("/stall", limits { $0.totalSeconds = 0.2 }) == .totalTimeout)
        let slow = try await client.perform(HTTPRequest("GET", base + "/bytes/6", limits: limits { $0.totalSeconds = nil }))
        #expect(slow.body.count == 6)
    }

    /// A lone request after quick ones is driven by its caller; that must not hold anybody.
    @Test func aLoneRequestThatStallsHoldsNobody() async throws {
        for _ in 0..<30 {
            for size in 0..<4 { #expect(try await client.perform(HTTPRequest("GET", "\(base)/bytes/\(size)")).body.count == size) }
            let stalled = Task { await kind(client, base + "/stall") }
            while client.inFlight < 1 { await Task.yield() }
            #expect(try await client.perform(HTTPRequest("GET", base + "/bytes/9")).body.count == 9)
            stalled.cancel()
            #expect(await stalled.value == .cancelled)
        }
        #expect(client.inFlight == 0)
    }

    @Test func aHeadRequestHasNoBody() async throws {
        let response = try await client.perform(HTTPRequest("HEAD", base + "/echo"))
        #expect(response.status == 200)
        #expect(response.body.isEmpty)
    }

    @Test func aConnectionIsReused() async throws {
        let first = try await client.perform(HTTPRequest("GET", base + "/bytes/3"))
        let second = try await client.perform(HTTPRequest("GET", base + "/bytes/4"))
        #expect(first.newConnections == 1)
        #expect(second.newConnections == 0)
        #expect(second.body.count == 4)
    }

    @Test func anErrorStatusIsAnAnswer() async throws {
        let response = try await client.perform(HTTPRequest("GET", base + "/status/503"))
        #expect(response.status == 503)
        #expect(String(decoding: response.body, as: UTF8.self) == "the body")
    }

    @Test func everyWayToFailHasItsKind() async {
        #expect(await failure("/stall", limits { $0.totalSeconds = 0.2 }) == .totalTimeout)
        #expect(await failure("/stall-body", limits { $0.stalledSeconds = 1 }) == .stalled)
        #expect(await failure("/close") == .closedEarly)
        #expect(await failure("/short") == .closedEarly)
        #expect(await failure("/flood-headers") == .headersTooLarge)
        #expect(await failure("/bytes/1000", limits { $0.maximumBodyBytes = 999 }) == .bodyTooLarge)
        #expect(await failure("/echo\u{1}") == .invalidRequest)
    }

    @Test func whatCannotBeReachedSaysSo() async {
        await #expect(throws: HTTPFailure.self) { try await client.perform(HTTPRequest("GET", "http://127.0.0.1:1/")) }
        do {
            _ = try await client.perform(HTTPRequest("GET", "http://127.0.0.1:1/"))
        } catch {
            #expect(error.kind == .cannotConnect)
            #expect(error.isBeforeSending)
        }
        do {
            _ = try await client.perform(HTTPRequest("GET", "http://no-such-host.invalid/"))
        } catch {
            #expect(error.kind == .cannotResolve)
        }
        for url in ["ftp://127.0.0.1/", "file:///etc/passwd", "nonsense"] {
            do {
                _ = try await client.perform(HTTPRequest("GET", url))
                Issue.record("\(url) was answered")
            } catch {
                #expect(error.kind == .invalidRequest || error.kind == .cannotResolve, "\(url): \(error)")
            }
        }
    }

    @Test func aHeaderCannotSmuggleAnother() async {
        for header in [HTTPHeader("X", "1\r\nY: 2"), HTTPHeader("X\r\nY", "2"), HTTPHeader("X:Y", "1")] {
            do {
                _ = try await client.perform(HTTPRequest("GET", base + "/echo", headers: [header]))
                Issue.record("\(header) was sent")
            } catch {
                #expect(error.kind == .invalidRequest)
            }
        }
    }

    @Test func redirectsAreFollowedOnlyWhenAskedFor() async throws {
        let to = "/redirect/302?to=/redirect/302%3Fto=/bytes/5"
        let first = try await client.perform(HTTPRequest("GET", base + to))
        #expect(first.status == 302)
        #expect(first.header("Location") == "/redirect/302?to=/bytes/5")
        let last = try await client.perform(HTTPRequest("GET", base + to, limits: limits { $0.redirects = 2 }))
        #expect(last.status == 200)
        #expect(last.body.count == 5)
        #expect(last.header("Location") == nil)
        #expect(await failure(to, limits { $0.redirects = 1 }) == .tooManyRedirects)
        #expect(await failure("/redirect/302?to=file:///etc/passwd", limits { $0.redirects = 1 }) == .invalidRequest)
    }

    @Test func manyRequestsAtOnceAreAllAnswered() async throws {
        let sizes = await withTaskGroup(of: Int.self) { group in
            for size in 0..<300 {
                group.addTask {
                    let response = try? await client.perform(HTTPRequest("GET", "\(base)/bytes/\(size)"))
                    return response?.body.count ?? -1
                }
            }
            return await group.reduce(into: Set<Int>()) { $0.insert($1) }
        }
        #expect(sizes == Set(0..<300))
        #expect(client.inFlight == 0)
    }

    @Test func cancellingAThousandInFlightLeaksNothing() async throws {
        var configuration = HTTPClientConfiguration()
        configuration.maximumTransfers = 400
        let client = HTTPClient(configuration)
        _ = try await client.perform(HTTPRequest("GET", base + "/echo"))
        let before = openDescriptors()
        var allocated: [Int] = []
        for _ in 0..<8 {
            let tasks = (0..<1000).map { _ in
                Task { () -> HTTPFailure.Kind? in
                    return await kind(client, base + "/stall")
                }
            }
            while client.inFlight < 1000 { await Task.yield() }
            for task in tasks { task.cancel() }
            for task in tasks { #expect(await task.value == .cancelled) }
            #expect(client.inFlight == 0)
            allocated.append(Int(allocated_bytes()))
        }
        print(
            "cancelled 8 x 1000 requests: descriptors \(before) -> \(openDescriptors()), handles \(client.handles), allocated KiB \(allocated.map { $0 / 1024 })"
        )
        // Once the pools are filled: less than a hundred bytes a request.
        #expect(allocated[7] - allocated[2] < 5000 * 100)
        // The sockets of cancelled transfers are closed, and only the spare handles are kept.
        #expect(openDescriptors() <= before + 2)
        #expect(client.handles <= 32)
        let after = try await client.perform(HTTPRequest("GET", base + "/bytes/7"))
        #expect(after.body.count == 7)
    }

    @Test func aTaskThatIsAlreadyCancelledSendsNothing() async {
        let task = Task { () -> HTTPFailure.Kind? in
            withUnsafeCurrentTask { $0?.cancel() }
            return await kind(client, base + "/echo")
        }
        #expect(await task.value == .cancelled)
    }

    @Test func shuttingDownEndsWhatIsInFlight() async throws {
        let client = HTTPClient()
        let task = Task { () -> HTTPFailure.Kind? in
            return await kind(client, base + "/stall")
        }
        while client.inFlight < 1 { await Task.yield() }
        client.shutDown()
        #expect(await task.value == .cancelled)
        let again = try await client.perform(HTTPRequest("GET", base + "/bytes/1"))
        #expect(again.body.count == 1)
    }

    @Test func aCertificateMustComeFromAKnownAuthority() async throws {
        var template = Array("/tmp/sfn-run-tls-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else { return }
        let folder = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        defer {
            for name in ["certificate.pem", "key.pem"] { unlink(folder + "/" + name) }
            rmdir(folder)
        }
        guard let server = LocalServer.faultyOverTLS(folder) else { return }
        let url = "https://127.0.0.1:\(server.port)/bytes/3"
        #expect(await kind(client, url) == .tls)
        var configuration = HTTPClientConfiguration()
        configuration.authorities = folder + "/certificate.pem"
        let trusting = HTTPClient(configuration)
        #expect(try await trusting.perform(HTTPRequest("GET", url)).body.count == 3)
        #expect(await kind(trusting, "https://localhost:\(server.port)/bytes/3") == .tls)
    }

    private func openDescriptors() -> Int {
        guard let folder = opendir("/proc/self/fd") else { return -1 }
        defer { closedir(folder) }
        var count = 0
        while readdir(folder) != nil { count += 1 }
        return count
    }
}

import Glibc
import JSON
import ServiceLifecycle
import SfnRun
import Synchronization
import Testing

@Suite struct EmbeddingTests {
    struct Order: Codable, Equatable {
        var id: String
        var cents: Int
        var note: String?
    }
    struct Receipt: Codable, Equatable { var order: Order, paid: Bool }
    struct CardDeclined: Error {}

    static let charge = "arn:aws:lambda:us-east-1:123456789012:function:charge"

    static func machine(_ resource: String = charge, _ more: String = "") -> String {
        #"{"StartAt":"T","States":{"T":{"Type":"Task","Resource":"\#(resource)",\#(more)"End":true}}}"#
    }

    @Test func aTypedHandlerIsCalledWithTheStatesInputAndGivesItsOutput() async throws {
        let engine = try StateMachineEngine(store: .memory)
        engine.task(Self.charge) { (order: Order, context) async throws -> Receipt in
            #expect(context.stateName == "T" && context.executionName == "one" && context.retryCount == 0)
            return Receipt(order: order, paid: true)
        }
        let machine = try await engine.define("m", definition: Self.machine())
        let order = Order(id: "a", cents: 9_007_199_254_740_993, note: nil)
        let receipt = try await engine.run(machine, name: "one", input: order, as: Receipt.self)
        #expect(receipt == Receipt(order: order, paid: true))
        await engine.shutDown()
    }

    @Test func anErrorIsCaughtByTheNameOfItsType() async throws {
        let engine = try StateMachineEngine(store: .memory)
        engine.task(Self.charge) { (_: Order, _) async throws -> Receipt in throw CardDeclined() }
        let caught = #""Catch":[{"ErrorEquals":["CardDeclined"],"Next":"Sorry"}],"#
        let text =
            #"{"StartAt":"T","States":{"T":{"Type":"Task","Resource":"\#(Self.charge)",\#(caught)"End":true},"Sorry":{"Type":"Pass","Result":"sorry","End":true}}}"#
        let machine = try await engine.define("m", definition: text)
        #expect(try await engine.run(machine, input: Order(id: "a", cents: 1), as: String.self) == "sorry")
        await engine.shutDown()
    }

    @Test func aNamedErrorAndInputOfAnotherShapeFailTheTaskByName() async throws {
        let engine = try StateMachineEngine(store: .memory)
        engine.task(Self.charge) { (order: Order, _) async throws -> Receipt in throw TaskFailure("Shop.Closed", "until \(order.id)") }
        let machine = try await engine.define("m", definition: Self.machine())
        let named = try await engine.wait(try await engine.start(machine, input: Order(id: "Monday", cents: 1)))
        #expect(named.status == .failed && named.error == "Shop.Closed" && named.cause == "until Monday")
        let misfit = try await engine.wait(try await engine.start(machine, input: ["id": "x", "cents": "many"]))
        #expect(misfit.error == "DecodingError")
        #expect(misfit.cause?.hasPrefix("/cents: found") == true)
        await #expect(throws: ExecutionFailed.self) { try await engine.run(machine, input: Order(id: "x", cents: 1)) }
        await engine.shutDown()
    }

    @Test func lambdaInvokeFindsTheHandlerByTheFunctionsName() async throws {
        let engine = try StateMachineEngine(store: .memory)
        engine.task(Self.charge) { (order: Order, _) async throws -> Int in order.cents + 1 }
        let parameters = #""Parameters":{"FunctionName":"charge","Payload.$":"$"},"OutputPath":"$.Payload","#
        let machine = try await engine.define("m", definition: Self.machine("arn:aws:states:::lambda:invoke", parameters))
        #expect(try await engine.run(machine, input: Order(id: "a", cents: 1), as: Int.self) == 2)
        await engine.shutDown()
    }

    @Test func aTokenIsAnsweredAndAForgedOneIsNot() async throws {
        let engine = try StateMachineEngine(store: .memory)
        let token = Mutex("")
        engine.task("arn:aws:states:::sqs:sendMessage.waitForTaskToken") { (_: JSONValue, context) in
            token.withLock { $0 = context.taskToken ?? "" }
        }
        let machine = try await engine.define("m", definition: Self.machine("arn:aws:states:::sqs:sendMessage.waitForTaskToken"))
        let arn = try await engine.start(machine)
        while token.withLock({ $0.isEmpty }) { await Task.yield() }
        let real = token.withLock { $0 }
        var forged = real
        forged.removeLast()
        await #expect(throws: StepFunctionsError.self) { try await engine.sendTaskSuccess(forged, output: 1) }
        try await engine.sendTaskHeartbeat(real)
        try await engine.sendTaskSuccess(real, output: ["ok": true])
        #expect(try await engine.wait(arn).output == ["ok": true])
        await #expect(throws: StepFunctionsError.self) { try await engine.sendTaskSuccess(real, output: 2) }
        await engine.shutDown()
    }

    @Test func anActivityIsWorkedOnByItsHandler() async throws {
        let engine = try StateMachineEngine(store: .memory)
        let activity = "arn:aws:states:us-east-1:123456789012:activity:double"
        _ = try await engine.call("CreateActivity", ["name": "double"])
        engine.task(activity) { (number: Int, _) async throws -> Int in number * 2 }
        let machine = try await engine.define("m", definition: Self.machine(activity))
        #expect(try await engine.run(machine, input: 21, as: Int.self) == 42)
        await engine.shutDown()
    }

    @Test func aWaitOfADayPassesWhenTheClockIsMoved() async throws {
        let clock = ManualClock(Timestamp(milliseconds: 1_000_000))
        var options = StateMachineEngine.Options()
        options.clock = .manual(clock)
        let engine = try StateMachineEngine(store: .memory, options: options)
        let machine = try await engine.define("m", definition: #"{"StartAt":"W","States":{"W":{"Type":"Wait","Seconds":86400,"End":true}}}"#)
        let arn = try await engine.start(machine)
        clock.advance(bySeconds: 86_399)
        #expect(try await engine.describe(arn).status == .running)
        clock.advance(bySeconds: 1)
        let ended = try await engine.wait(arn)
        #expect(ended.status == .succeeded)
        #expect(ended.stoppedAt == Timestamp(milliseconds: 1_000_000 + 86_400_000))
        await engine.shutDown()
    }

    @Test func stopAndRedriveAreTheAPIs() async throws {
        let engine = try StateMachineEngine(store: .memory)
        let attempts = Mutex(0)
        engine.task(Self.charge) { (_: JSONValue, _) async throws -> Int in
            guard
                attempts.withLock({
                    $0 += 1
                    return $0 > 1
                })
            else { throw CardDeclined() }
            return 7
        }
        let machine = try await engine.define("m", definition: Self.machine())
        let arn = try await engine.start(machine, name: "r")
        #expect(try await engine.wait(arn).status == .failed)
        try await engine.redrive(arn)
        #expect(try await engine.wait(arn).output == 7)
        let waiting = try await engine.define("w", definition: #"{"StartAt":"W","States":{"W":{"Type":"Wait","Seconds":9999,"End":true}}}"#)
        let stopped = try await engine.start(waiting)
        try await engine.stop(stopped, error: "Enough")
        let ended = try await engine.wait(stopped)
        #expect(ended.status == .aborted && ended.error == "Enough")
        #expect(try await engine.history(arn).count > 5)
        await engine.shutDown()
    }

    @Test func theNextEngineGoesOnWithWhatTheLastOneLeft() async throws {
        let path = "/tmp/sfn-embedding-\(getpid())-\(UInt32.random(in: .min ... .max)).db"
        defer { for suffix in ["", "-wal", "-shm", ".turn"] { unlink(path + suffix) } }
        let first = try StateMachineEngine(store: .file(path))
        let began = AsyncStream.makeStream(of: Bool.self)
        first.task(Self.charge) { (_: JSONValue, context) async throws -> Int in
            began.continuation.yield(true)
            do { try await Task.sleep(nanoseconds: 60_000_000_000) } catch {
                #expect(context.isShuttingDown)
                throw error
            }
            return 0
        }
        let machine = try await first.define("m", definition: Self.machine())
        let services = ServiceGroup(services: [first], logger: first.logger)
        let running = Task { try await services.run() }
        let arn = try await first.start(machine, name: "left")
        for await _ in began.stream { break }
        await services.triggerGracefulShutdown()
        try await running.value
        // Asked after its end, an engine answers and does not hang.
        await #expect(throws: StepFunctionsError.self) { try await first.start(machine) }

        let second = try StateMachineEngine(store: .file(path))
        second.task(Self.charge) { (_: JSONValue, context) async throws -> Bool in context.isRepeated }
        #expect(try await second.recover() == 1)
        #expect(try await second.wait(arn).output == true)
        await second.shutDown()
    }

    @Test func theExampleRuns() throws {
        let folder = CommandLine.arguments[0].split(separator: "/", omittingEmptySubsequences: false).dropLast().joined(separator: "/")
        var candidates = ["\(folder)/embedded-example", ".build/debug/embedded-example"]
        candidates.removeAll { access($0, X_OK) != 0 }
        let program = try #require(candidates.first)
        let store = "/tmp/sfn-example-\(getpid()).db"
        defer { for suffix in ["", "-wal", "-shm", ".turn"] { unlink(store + suffix) } }
        let pipe = try #require(popen("'\(program)' '\(store)' 2>/dev/null", "r"))
        var line = [CChar](repeating: 0, count: 256)
        let text = fgets(&line, 256, pipe).map { String(cString: $0) }
        #expect(pclose(pipe) == 0)
        #expect(text == "charged 4200 cents for o-1 at attempt 2\n")
    }
}

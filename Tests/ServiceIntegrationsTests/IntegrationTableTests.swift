import JSON
import LocalServers
import ServiceIntegrations
import StatesLanguage
import Testing

/// Success, a service's refusal, throttling, no answer: for every action of every integration. For jobs also: what a
/// restarted engine does, and what a stopped execution does.
@Suite(.serialized, .enabled(if: LocalServer.faulty != nil, "python3 is needed"))
struct IntegrationTableTests {
    private static let task = "0123456789abcdef0123456789abcdef-7"

    private func key(_ name: String, _ one: IntegrationCase) -> String { name + one.resource.filter { $0.isLetter || $0.isNumber } }

    private func answer(_ text: String) -> JSONValue {
        if text.hasPrefix("404 ") {
            return ["status": 404, "headers": ["x-amzn-ErrorType": .string(String(text.dropFirst(4)))], "body": ["message": "gone"]]
        }
        let body = text.split(separator: "%TASK%", omittingEmptySubsequences: false).joined(separator: Self.task)
        return ["status": 200, "body": .string(body), "headers": ["x-amzn-RequestId": "id-1"]]
    }

    @Test func everyActionHasItsCases() {
        let covered = Set(IntegrationCase.all.map(\.action))
        for service in AWSIntegrations.optimized + [.stepFunctions] {
            for action in service.actions.keys where !covered.contains("\(service.name):\(action)") {
                Issue.record("\(service.name):\(action) has no case")
            }
            for (name, action) in service.actions where action.job != nil {
                #expect(IntegrationCase.jobs.contains { $0.action == "\(service.name):\(name)" }, "\(service.name):\(name).sync")
            }
        }
    }

    @Test(arguments: IntegrationCase.all)
    func itSucceeds(_ one: IntegrationCase) async throws {
        let script = try await Script(key("good", one), one.answers.map(answer))
        let report = RecordingReport()
        let result = try await Harness(script.url).run(one.resource, one.input(script.url), report: report).get()
        #expect(one.part.isEmpty || result.text().contains(one.part), "\(result.text())")
        #expect(try await script.operations().count == one.answers.count)
        #expect(report.submissions.withLock { $0.count } == (one.running == nil ? 0 : 1))
    }

    @Test(arguments: IntegrationCase.all)
    func aRefusalHasItsName(_ one: IntegrationCase) async throws {
        let names = try one.names()
        let script = try await Script(key("refused", one), [names.answer(names.refusal.code, "not like this", status: 409)])
        let failure = await Harness(script.url).failure(one.resource, try one.input(script.url))
        #expect(failure?.error == "\(names.prefix).\(names.refusal.name)")
        #expect(failure?.cause?.contains("not like this") == true)
        #expect(try await script.operations().count == 1)
    }

    @Test(arguments: IntegrationCase.all)
    func throttlingHasItsName(_ one: IntegrationCase) async throws {
        let names = try one.names()
        let script = try await Script(key("throttled", one), [names.answer(names.throttling.code, "Rate exceeded", status: 429)])
        let failure = await Harness(script.url).failure(one.resource, try one.input(script.url))
        #expect(failure?.error == "\(names.prefix).\(names.throttling.name)")
        #expect(failure?.cause?.contains("Rate exceeded") == true)
        if names.wire != .http { #expect(failure?.cause?.contains("Request ID: id-1") == true) }
    }

    @Test(arguments: IntegrationCase.all)
    func aServerThatDoesNotAnswerTimesOut(_ one: IntegrationCase) async throws {
        let names = try one.names()
        // An HTTP Task waits a minute by itself; a closed connection stands for it here.
        let script = try await Script(key("stalled", one), [["fault": one.service == "http" ? "close" : "stall"]])
        let failure = await Harness(script.url, requestSeconds: 0.05).failure(one.resource, try one.input(script.url))
        #expect(failure?.error == names.transport)
        if one.service != "http" { #expect(failure?.cause?.hasPrefix("Unable to execute HTTP request: ") == true) }
    }

    @Test(arguments: IntegrationCase.jobs)
    func aRestartedEngineStartsNoSecondJob(_ one: IntegrationCase) async throws {
        var answers = one.answers
        if case .finds(let found, _) = one.restart { answers = found + answers.dropFirst() }
        let script = try await Script(key("again", one), answers.map(answer))
        let result = try await Harness(script.url).run(one.resource, one.input(script.url), taskID: Self.task, isReattached: true).get()
        #expect(one.part.isEmpty || result.text().contains(one.part), "\(result.text())")
        switch one.restart {
        case .finds(_, let without): #expect(try await !script.operations().contains(without))
        case .token: #expect(try await script.bodies().first?.contains(Self.task) == true)
        case .repeats: break
        }
    }

    /// The engine died after the answer to the start was in the history: no search, no second call.
    @Test(arguments: IntegrationCase.jobs)
    func aRestartedEngineGoesOnWithWhatWasSubmitted(_ one: IntegrationCase) async throws {
        let first = try await Script(key("submits", one), one.answers.map(answer))
        let report = RecordingReport()
        _ = try await Harness(first.url).run(one.resource, one.input(first.url), report: report).get()
        let started = try await first.operations()[0]
        let script = try await Script(key("goeson", one), one.answers.dropFirst().map(answer))
        let result = try await Harness(script.url).run(
            one.resource, one.input(script.url), isReattached: true, submitted: report.submissions.withLock { $0.first }
        ).get()
        #expect(one.part.isEmpty || result.text().contains(one.part), "\(result.text())")
        #expect(try await !script.operations().contains(started))
    }

    @Test(arguments: IntegrationCase.jobs.filter { $0.stop != nil })
    func aStoppedExecutionStopsItsJob(_ one: IntegrationCase) async throws {
        let script = try await Script(key("stopped", one), [answer(one.answers[0]), answer(one.running ?? "")])
        let asked = AsyncStream<Void>.makeStream()
        let harness = Harness(script.url) { _ in
            asked.continuation.yield()
            await Task.yield()
        }
        let input = try one.input(script.url)
        let task = Task { await harness.run(one.resource, input) }
        var rounds = asked.stream.makeAsyncIterator()
        for _ in 0..<2 { _ = await rounds.next() }
        task.cancel()
        guard case .failure = await task.value else {
            Issue.record("it ended well")
            return
        }
        #expect(try await script.operations().last == one.stop)
    }

    /// The answer to the start is awaited, or the job that it began would run on.
    @Test func anExecutionThatIsStoppedWhileItsJobStartsStopsTheJob() async throws {
        var start = answer(#"{"QueryExecutionId":"1"}"#).object ?? JSONObject()
        start["delay"] = 0.3
        let script = try await Script("stopstart", [.object(start), answer("{}")])
        let harness = Harness(script.url)
        let task = Task { await harness.run("athena:startQueryExecution.sync", ["QueryString": "q"]) }
        while try await script.operations().isEmpty { await Task.yield() }
        task.cancel()
        _ = await task.value
        #expect(try await script.operations() == ["StartQueryExecution", "StopQueryExecution"])
    }

    @Test func aModelReadsAndWritesBuckets() async throws {
        let script = try await Script("bedrocks3", [answer(#"{"prompt":"p"}"#), answer(#"{"completion":"c"}"#), answer("")])
        let result = try await Harness(script.url).run(
            "bedrock:invokeModel",
            ["ModelId": "m", "Input": ["S3Uri": "s3://in/a.json"], "Output": ["S3Uri": "s3://out/b.json"]]
        ).get()
        #expect(result["Body"] == "s3://out/b.json")
        #expect(try await script.operations() == ["GET /in/a.json", "POST /model/m/invoke", "PUT /out/b.json"])
        let bodies = try await Array(script.bodies().dropFirst())
        #expect(bodies == [#"{"prompt":"p"}"#, #"{"completion":"c"}"#])
        for wrong: JSONValue in [
            ["ModelId": "m", "Input": ["S3Uri": "s3://in/a"], "Body": 1], ["ModelId": "m", "Output": ["S3Uri": "nowhere"]], ["ModelId": "m", "Input": [:]],
        ] {
            #expect(await Harness(script.url).failure("bedrock:invokeModel", wrong)?.error == "States.Runtime")
        }
    }

    @Test func aClusterIsToldWhoCallsIt() async throws {
        let script = try await Script("ekscall", [answer("{}")])
        _ = try await Harness(script.url).run(
            "eks:call",
            [
                "ClusterName": "c", "CertificateAuthority": "eA==", "Endpoint": .string(script.url), "Method": "PATCH", "Path": "/api/v1/x",
                "QueryParameters": ["labelSelector": ["a=b"]], "RequestBody": ["a": 1],
            ]
        ).get()
        let log = String(decoding: try await script.log(), as: UTF8.self)
        #expect(log.contains(#""Bearer k8s-aws-v1."#))
        #expect(log.contains("/api/v1/x?labelSelector=a%3Db"))
        #expect(log.contains("application/merge-patch+json"))
        #expect(await Harness(script.url).failure("eks:call", ["ClusterName": "c"])?.error == "States.Runtime")
    }
}

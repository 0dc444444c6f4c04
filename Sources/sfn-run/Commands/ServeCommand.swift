import AWSAPI
import ArgumentParser
import Curl
import Engine
import Glibc
import JSON
import LocalJobs
import Server
import ServiceIntegrations
import StatesLanguage
import Store
import Synchronization

/// `sfn-run serve`
struct ServeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "serve",
        abstract: "A Step Functions endpoint on this machine, for boto3, the aws CLI, Terraform and CDK.",
        discussion: """
            aws stepfunctions list-state-machines --endpoint-url http://127.0.0.1:8083

            What a dead process left running in the store goes on. SIGTERM or Ctrl-C: no new starts, running tasks \
            are left so that they are resumed. Listening elsewhere than on loopback needs --token or --key.

            GET /healthz says whether the store can be written, GET /metrics is for Prometheus. For TLS put a reverse \
            proxy in front and name its host with --allow-host.
            """)

    @Option(help: "The port; 0 takes a free one and prints it.")
    var port = 8083

    @Option(help: "The address to listen on.")
    var host = "127.0.0.1"

    @Option(help: "A mock configuration of AWS Step Functions Local; start with the ARN and #TestCase.")
    var mockConfig: String?

    @Option(help: "Callers must send this as a bearer token (or SFN_RUN_TOKEN).")
    var token: String?

    @Option(help: "Callers must sign with these keys: ACCESS_KEY_ID:SECRET (or SFN_RUN_KEYS, several with commas).")
    var key: [String] = []

    @Option(help: "Another Host header to accept.")
    var allowHost: [String] = []

    @Option(help: "At most so many tasks at once (0: no limit).")
    var maxConcurrency: Int?

    @Option(help: "Writes every status change as an EventBridge event: a file for JSON lines, an http(s) URL, or the ARN of an event bus.")
    var events: String?

    @Option(help: "Writes the log events of machines whose logging is on, as CloudWatch Logs gets them: a file for JSON lines, or - for standard output.")
    var logEvents: String?

    @OptionGroup var place: StorePlace

    func run() async throws {
        try await Refusal.reporting {
            let access = try access()
            let (store, location) = try place.open(creating: true)
            var configuration = try ConfigurationFile.read(place.config ?? location.configuration, folder: ".")
            configuration.services.isStepFunctions = true
            var options = EngineOptions.running("serve", configuration, maxConcurrency: maxConcurrency)
            options.requiresActivities = true
            let metrics = ServerMetrics()
            let services = AWSIntegrations(configuration.services)
            let sink = try events.map { try EventSink($0, region: options.region, account: options.account, services: services) }
            // Whoever starts it again finds everything as it was last committed.
            options.ended = { error in
                printNote("sfn-run: the store cannot be written, the server ends: \(error)")
                _exit(1)
            }
            options.statusChanged = { change in
                metrics.count(change)
                sink?.send(change)
            }
            let delivery = services.logDelivery
            if logEvents != nil || delivery != nil {
                let logs = try LogSink(logEvents, delivery: delivery, region: options.region)
                options.logged = { logs.write($0) }
            }
            let held = Mutex<ExecutionEngine?>(nil)
            let ownAPI = APIReference()
            options.useOwnAPI { ownAPI.api }
            var apiOptions = APIOptions()
            if let delivery { apiOptions.logGroupExists = { await delivery.exists(groupARN: $0) } }
            if let mockConfig {
                let value = try JSONValue(parsing: try NamedFile.read(mockConfig))
                let mocks = try MockConfiguration(value)
                apiOptions.mocks = mocks
                let reference = EngineReference()
                options.use(mocks) { reference.engine }
                let engine = try ExecutionEngine(store: store, options: options)
                reference.engine = engine
                held.withLock { $0 = engine }
            } else {
                let engine = try ExecutionEngine(store: store, options: options)
                held.withLock { $0 = engine }
            }
            guard let engine = held.withLock({ $0 }) else { return }
            let api = StepFunctionsAPI(engine: engine, options: apiOptions)
            ownAPI.api = api
            let recovered = try await engine.recover()
            let routes = StepFunctionsServer(api: api, access: access, metrics: metrics)
            var serverOptions = ServerOptions()
            serverOptions.host = host
            serverOptions.port = port
            let server: HTTPServer
            do {
                server = try await HTTPServer(serverOptions) { await routes.handle($0) }
            } catch {
                throw Refusal("cannot listen on \(host):\(port): \(error)", .wrongUsage)
            }
            metrics.add {
                [ServerMetrics.Figure("sfn_connections", "gauge", server.connectionCount)] + (sink.map { Self.figures($0.counts) } ?? [])
            }
            printNote("listening on http://\(host.contains(":") ? "[\(host)]" : host):\(server.port), store \(location.store)")
            if recovered.count > 0 { printNote("going on with \(recovered.count) executions") }
            for sentence in recovered.damaged { printNote("sfn-run: \(sentence); it stays as it is") }
            Interruption.handle {
                printNote("stopping: running tasks are left to be resumed")
                await server.stopListening()
                await engine.shutDown()
                await server.shutDown()
                await sink?.drain(seconds: 5)
                _exit(0)
            }
            await Interruption.waitForever()
        }
    }

    private static func figures(_ counts: EventSink.Counts) -> [ServerMetrics.Figure] {
        [
            .init("sfn_status_events_sent_total", "counter", counts.sent),
            .init("sfn_status_events_dropped_total", "counter", counts.dropped),
            .init("sfn_status_events_waiting", "gauge", counts.waiting),
        ]
    }

    /// Loopback needs no credentials; anything else does.
    private func access() throws -> ServerAccess {
        var access = ServerAccess()
        let environment = IntegrationTable.environment()
        access.bearerToken = token ?? environment["SFN_RUN_TOKEN"]
        let keys = key.isEmpty ? (environment["SFN_RUN_KEYS"] ?? "").split(separator: ",").map(String.init) : key
        for pair in keys {
            let parts = pair.split(separator: ":", maxSplits: 1).map(String.init)
            guard parts.count == 2 else { throw Refusal("--key: expected ACCESS_KEY_ID:SECRET", .wrongUsage) }
            access.keys[parts[0]] = parts[1]
        }
        access.hosts = allowHost.map { $0.lowercased() }
        let isLoopback = host == "localhost" || host == "::1" || (host.hasPrefix("127.") && host.allSatisfy { $0 == "." || $0.isNumber })
        if !isLoopback, access.isOpen { throw Refusal("--host \(host) is not loopback: callers need --token or --key", .wrongUsage) }
        return access
    }
}

/// The engine, once it is there.
private final class EngineReference: Sendable {
    private let stored = Mutex<ExecutionEngine?>(nil)
    var engine: ExecutionEngine? {
        get { stored.withLock { $0 } }
        set { stored.withLock { $0 = newValue } }
    }
}

/// The API, once it is there.
private final class APIReference: Sendable {
    private let stored = Mutex<StepFunctionsAPI?>(nil)
    var api: StepFunctionsAPI? {
        get { stored.withLock { $0 } }
        set { stored.withLock { $0 = newValue } }
    }
}

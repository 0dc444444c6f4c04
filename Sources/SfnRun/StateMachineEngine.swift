import AWSAPI
import CoreMetrics
import Engine
import JSON
import LocalJobs
import Logging
import ServiceIntegrations
import ServiceLifecycle
import StatesLanguage
import Store
import Synchronization

/// A durable engine for AWS Step Functions state machines, inside your program.
///
/// ```swift
/// let engine = try StateMachineEngine(store: .file("orders.db"))
/// engine.task("arn:aws:lambda:us-east-1:123456789012:function:charge") { (order: Order, context) async throws -> Receipt in
///     try await charge(order)
/// }
/// let machine = try await engine.define("orders", definition: text)
/// let receipt = try await engine.run(machine, input: order, as: Receipt.self)
/// ```
///
/// Every transition is in the store before anything that follows from it is done. After a crash, a new engine over the same
/// file goes on where the last one was: register the handlers, then call `recover()`, or run the engine as a `Service`.
public final class StateMachineEngine: Service {
    /// Where executions are kept.
    public enum StoreLocation: Sendable {
        /// An SQLite file, made when it is not there. Several processes may use it at the same time.
        case file(String)
        /// Nowhere: for tests.
        case memory
    }

    public struct Options: Sendable {
        /// The region and the account of the ARNs that are made here.
        public var region = "us-east-1"
        public var account = "123456789012"
        /// Tasks at once; 0: no limit.
        public var maxConcurrentTasks = 0
        public var clock = EngineTime.system
        /// Gets executions that fail (notice), that start and succeed, handlers that throw (debug), and a failed store (critical).
        public var logger = Logger(label: "sfn-run")
        /// Gets `sfn_executions_started`, `sfn_executions_ended` (by `state_machine` and `status`) and
        /// `sfn_execution_duration`; nil: swift-metrics' own, as `MetricsSystem.bootstrap` set it.
        public var metrics: (any MetricsFactory)?
        /// An `sfn-run.json`: what tasks call for which no handler is registered.
        public var configurationFile: String?
        public init() {}
    }

    let engine: ExecutionEngine
    let api: StepFunctionsAPI
    let handlers: TaskHandlers
    /// As the options gave it.
    public let logger: Logger
    private let table: IntegrationTable?
    /// Told when a commit has failed.
    private let failures: AsyncStream<String>

    /// Opens the store. Throws when it cannot be opened or the configuration file is not valid.
    public init(store location: StoreLocation, options: Options = Options()) throws {
        let store =
            switch location {
            case .file(let path): try Store(path: path)
            case .memory: try Store.inMemory()
            }
        let handlers = TaskHandlers(logger: options.logger)
        let table = try options.configurationFile.map(Self.configuredTasks)
        var engineOptions = EngineOptions()
        engineOptions.name = "SfnRun"
        engineOptions.region = options.region
        engineOptions.account = options.account
        engineOptions.limits.perProcess = max(0, options.maxConcurrentTasks)
        let time = options.clock
        engineOptions.clock = { time.now }
        engineOptions.isClockManual = time.manual != nil
        engineOptions.integration = { handlers.integration(for: $0, otherwise: table) }
        let observer = StatusObserver(logger: options.logger, metrics: options.metrics)
        engineOptions.statusChanged = { observer.observe($0) }
        let (failures, told) = AsyncStream.makeStream(of: String.self)
        let logger = options.logger
        engineOptions.ended = { error in
            logger.critical("the store has failed: the engine has ended", metadata: ["error": "\(error)"])
            told.yield("\(error)")
        }
        engine = try ExecutionEngine(store: store, options: engineOptions)
        api = StepFunctionsAPI(engine: engine)
        self.handlers = handlers
        self.table = table
        self.failures = failures
        self.logger = logger
        if let manual = time.manual {
            manual.onMove { [weak engine] in engine?.checkMailbox() }
        }
    }

    private static func configuredTasks(_ path: String) throws -> IntegrationTable {
        let (configuration, diagnostics) = Configuration.read(file: path)
        if let error = diagnostics.first(where: { !$0.isWarning }) { throw StepFunctionsError("InvalidConfiguration", "\(path): \(error)") }
        return IntegrationTable(configuration)
    }

    // MARK: life

    /// Goes on with what a dead process left running in this store. Returns how many executions that are.
    @discardableResult
    public func recover() async throws -> Int {
        let recovered = try await engine.recover()
        for sentence in recovered.damaged { logger.error("a damaged execution stays as it is", metadata: ["problem": "\(sentence)"]) }
        return recovered.count
    }

    /// swift-service-lifecycle: recovers, runs until the graceful shutdown, then lets go so that running tasks are resumed by
    /// the next engine. Throws when the store fails.
    public func run() async throws {
        let recovered = try await recover()
        if recovered > 0 { logger.info("going on", metadata: ["executions": "\(recovered)"]) }
        let failures = failures
        do {
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { try await gracefulShutdown() }
                group.addTask {
                    for await failure in failures { throw StepFunctionsError("InternalFailure", failure) }
                }
                try await group.next()
                group.cancelAll()
            }
        } catch is CancellationError {
            // Cancelled instead of shut down: the same.
        }
        await shutDown()
    }

    /// No new starts; running tasks are cancelled with `context.isShuttingDown`, and left so that the next engine runs them
    /// again. What is asked of the engine afterwards throws.
    public func shutDown() async {
        handlers.shutDown()
        await engine.shutDown()
        table?.shutDown()
    }
}

/// What Step Functions would refuse, with its code: `ExecutionAlreadyExists`, `InvalidDefinition`, `TaskTimedOut`, …
public struct StepFunctionsError: Error, Equatable, Sendable, CustomStringConvertible {
    public let code: String
    public let message: String

    public init(_ code: String, _ message: String) {
        self.code = code
        self.message = message
    }

    public var description: String { "\(code): \(message)" }
}

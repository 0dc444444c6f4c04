import Glibc
import JSON
import Synchronization

/// A function whose handler runs in warm processes: reused, several at once, thrown away when their files change.
final class HandlerFunction: Sendable {
    let configuration: FunctionConfiguration
    private let region: String
    private let services: LocalServices?
    private struct Idle {
        let worker: HandlerWorker
        let stamp: Int64
        /// The reactor's clock.
        let since: UInt64
    }
    /// A process that nobody calls for so long ends.
    private static let idleMilliseconds: UInt64 = 120_000
    private struct State {
        var idle: [Idle] = []
        var isShutDown = false
    }
    private let state = Mutex(State())

    init(_ configuration: FunctionConfiguration, region: String, services: LocalServices? = nil) {
        self.configuration = configuration
        self.region = region
        self.services = services
    }

    /// nil: cancelled.
    func call(_ call: FunctionCall) async -> FunctionOutcome.Result? {
        let stamp = codeStamp()
        if let worker = takeIdle(stamp) { return result(await perform(call, on: worker, stamp), call) }
        switch await HandlerWorker.start(launch()) {
        case .failure(let error): return .failed(.unstartable(error, requestID: call.requestID))
        case .success(let worker): return result(await perform(call, on: worker, stamp), call)
        }
    }

    func shutDown() {
        let idle = state.withLock { state in
            state.isShutDown = true
            defer { state.idle = [] }
            return state.idle
        }
        for entry in idle { entry.worker.kill() }
    }

    // MARK: processes

    /// The process that was used last, unless its code changed since or it died.
    private func takeIdle(_ stamp: Int64) -> HandlerWorker? {
        let (entry, old) = state.withLock { state -> (Idle?, [Idle]) in
            let old = state.idle.filter { $0.stamp != stamp || !$0.worker.isAlive }
            state.idle.removeAll { $0.stamp != stamp || !$0.worker.isAlive }
            return (state.idle.popLast(), old)
        }
        for entry in old { entry.worker.kill() }
        return entry?.worker
    }

    private func perform(_ call: FunctionCall, on worker: HandlerWorker, _ stamp: Int64) async -> HandlerWorker.Answer {
        let answer = await worker.perform(request(call), timeoutSeconds: configuration.timeoutSeconds, log: call.log)
        switch answer {
        case .payload, .error:
            let isKept = state.withLock { state in
                if !state.isShutDown { state.idle.append(Idle(worker: worker, stamp: stamp, since: Reactor.now())) }
                return !state.isShutDown
            }
            if isKept { expireLater() } else { worker.kill() }
        case .initError, .timedOut, .cancelled, .unreadable, .ended: worker.kill()
        }
        return answer
    }

    private func expireLater() {
        _ = Reactor.shared.after(milliseconds: Self.idleMilliseconds) { [weak self] in
            guard let self else { return }
            let now = Reactor.now()
            let old = state.withLock { state in
                let old = state.idle.filter { now - $0.since >= Self.idleMilliseconds }
                state.idle.removeAll { now - $0.since >= Self.idleMilliseconds }
                return old
            }
            for entry in old { entry.worker.kill() }
        }
    }

    private func result(_ answer: HandlerWorker.Answer, _ call: FunctionCall) -> FunctionOutcome.Result? {
        switch answer {
        case .payload(let bytes): .payload(bytes)
        case .error(let payload, let text), .initError(let payload, let text):
            .failed(FunctionError(errorType: payload["errorType"]?.string ?? "Unhandled", payload: payload, text: text))
        case .ended(let exit): .failed(.ended(exit, requestID: call.requestID))
        case .timedOut: .failed(.timedOut(after: configuration.timeoutSeconds ?? 0, requestID: call.requestID))
        case .unreadable: .failed(.reported("Runtime.ExitError", "The handler's process wrote to descriptor 4", requestID: call.requestID))
        case .cancelled: nil
        }
    }

    /// One line: what the process needs to call the handler.
    private func request(_ call: FunctionCall) -> [UInt8] {
        var context = JSONObject()
        context["aws_request_id"] = .string(call.requestID)
        context["invoked_function_arn"] = .string(call.arn)
        if let seconds = configuration.timeoutSeconds {
            context["deadline_ms"] = .integer(Timestamps.milliseconds() + Int64(seconds * 1000))
        } else {
            // Lambda's longest timeout, so that a handler that watches its time finds some.
            context["deadline_ms"] = .integer(Timestamps.milliseconds() + 900_000)
        }
        if let client = call.clientContext { context["client_context"] = client }
        let line: JSONValue = ["event": call.payload, "context": .object(context)]
        return line.bytes() + [UInt8(ascii: "\n")]
    }

    private func launch() -> ProcessLaunch {
        var environment = Executable.environment
        environment.merge(FunctionEnvironment.values(configuration, region: region)) { $1 }
        let root: String
        let arguments: [String]
        var dataLimit: UInt64?
        switch configuration.runner {
        case .python(let folder, let handler):
            root = folder
            environment["_HANDLER"] = handler
            environment["PYTHONUNBUFFERED"] = "1"
            if let services {
                services.install()
                environment.merge(services.environment) { $1 }
                environment["SFN_LOCAL_AWS"] = "\(services.folder)/sitecustomize.py"
            }
            // Before its handler is called the process has Python itself in memory, as on Lambda.
            dataLimit = configuration.memoryMiB.map { UInt64($0) << 20 }
            arguments = [configuration.interpreter ?? "python3", "-c", PythonBootstrap.source]
        case .node(let folder, let handler):
            root = folder
            environment["_HANDLER"] = handler
            // V8 reserves far more than it uses, so its own limit is the one that means something.
            let limit = configuration.memoryMiB.map { ["--max-old-space-size=\($0)"] } ?? []
            arguments = [configuration.interpreter ?? "node"] + limit + ["-e", NodeBootstrap.source]
        case .command(let words):
            root = configuration.directory
            arguments = words
        case .url:
            root = configuration.directory
            arguments = []
        }
        environment["LAMBDA_TASK_ROOT"] = root
        environment.merge(configuration.environment) { $1 }
        return ProcessLaunch(
            arguments: arguments, environment: environment, directory: root,
            channels: [.null, .fromChild, .fromChild, .toChild, .fromChild], dataLimit: dataLimit)
    }

    /// When the handler's own file was last changed.
    private func codeStamp() -> Int64 {
        let (root, handler, suffixes): (String, String, [String])
        switch configuration.runner {
        case .python(let folder, let name): (root, handler, suffixes) = (folder, name, [".py"])
        case .node(let folder, let name): (root, handler, suffixes) = (folder, name, [".js", ".mjs", ".cjs"])
        case .command, .url: return 0
        }
        let module = handler.lastIndex(of: ".").map { String(handler[..<$0]) } ?? handler
        return suffixes.compactMap { Files.facts("\(root)/\(module)\($0)")?.changed }.max() ?? 0
    }
}

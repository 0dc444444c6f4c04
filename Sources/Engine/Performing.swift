import JSON
import ServiceIntegrations
import StatesLanguage
import Store
import Synchronization

extension EngineThread {
    /// Runs one attempt of a Task state as a Swift task.
    func invoke(_ live: LiveExecution, _ invocation: TaskInvocation) {
        // Handed over before the engine died: only the token is waited for.
        if invocation.isSubmitted, invocation.resource.pattern == .waitForTaskToken { return }
        let key = TaskKey(execution: live.id, scheduled: invocation.scheduled)
        let header = live.execution.header
        let request = TaskRequest(
            taskID: TaskRequest.id(of: header.arn, scheduled: invocation.scheduled), executionARN: header.arn, executionName: header.name,
            stateMachineName: header.stateMachineName, roleARN: header.roleARN, stateName: invocation.stateName,
            resource: invocation.resource, input: invocation.schedule.input, retryCount: invocation.retryCount,
            taskToken: invocation.taskToken, credentialsRoleARN: invocation.schedule.credentialsRoleARN,
            timeoutSeconds: invocation.schedule.timeoutSeconds, isReattached: invocation.scheduled <= live.recoveredUpTo,
            submitted: mistake == .forgetsSubmissions ? nil : invocation.submitted, cache: invocation.cache)
        let report = EngineReport(
            mailbox: mailbox, key: key, frame: invocation.frame, pattern: invocation.resource.pattern,
            mostPrinted: options.logBytesPerAttempt)
        let integration = integration(for: invocation, of: live)
        let mailbox = mailbox
        let cache = StepCache(self, live, invocation, request)
        let executor = options.taskExecutor
        let limits =
            integration?.counts == false || mistake == .overrunsTaskLimit
            ? [] : options.limits.limits(of: header.stateMachineName, integration?.limit(of: request))
        tasks.add(key, limits) {
            Task.detached(executorPreference: executor) {
                guard let cache else {
                    mailbox.post(.taskEnded(key, await Self.run(integration, request, report, invocation), nil))
                    return
                }
                let (stimulus, success) = await cache.serve { await Self.run(integration, request, report, invocation) }
                mailbox.post(.taskEnded(key, stimulus, success))
            }
        }
        reports[key] = report
    }

    private func integration(for invocation: TaskInvocation, of live: LiveExecution) -> (any Integration)? {
        let resource = invocation.resource
        if let replacement = options.replacement {
            let task = ReplacedTask(
                stateMachineName: live.execution.header.stateMachineName, stateName: invocation.stateName, retryCount: invocation.retryCount,
                parameters: live.parameters)
            if let replaced = replacement(task) { return replaced }
        }
        return engine.taskIntegration(resource)
    }

    private static func run(
        _ integration: (any Integration)?, _ request: TaskRequest, _ report: EngineReport, _ invocation: TaskInvocation
    ) async -> Stimulus? {
        let scheduled = invocation.scheduled
        guard let integration else {
            return .taskFailed(
                invocation.frame, scheduled: scheduled, error: ErrorName.runtime,
                cause: "Nothing here runs the resource \(request.resource.arn): name it in sfn-run.json")
        }
        do throws(Failure) {
            let output = try await integration.perform(request, report: report)
            if Task.isCancelled { return nil }
            if request.resource.pattern == .waitForTaskToken {
                return .taskSubmitted(invocation.frame, scheduled: scheduled, output: output)
            }
            return .taskSucceeded(invocation.frame, scheduled: scheduled, output: output)
        } catch {
            if Task.isCancelled { return nil }
            if error.isPrefixed { return .taskRefused(invocation.frame, scheduled: scheduled, error) }
            return .taskFailed(invocation.frame, scheduled: scheduled, error: error.error, cause: error.cause)
        }
    }

    func nextExecutionID(_ tx: WriteTransaction) throws -> ExecutionID {
        let free = max(try tx.nextExecutionID().rawValue, lastTurnID + 1)
        lastTurnID = free
        return ExecutionID(rawValue: free)
    }
}

extension ExecutionEngine {
    /// What a Task's resource calls, the machines and tokens of this store included.
    package func taskIntegration(_ resource: TaskResource) -> (any Integration)? {
        if let configured = options.integration(resource) { return configured }
        if resource.isService("states", "startExecution") || resource.isService("aws-sdk:sfn", "startExecution") {
            return NestedExecution(engine: self)
        }
        return TokenCall(resource, engine: self)
    }
}

extension TaskRequest {
    /// Letters, digits and `-`, at most 64, the same for the same attempt of the same execution.
    static func id(of executionARN: String, scheduled: Int64) -> String {
        var hash: (UInt64, UInt64) = (0xCBF2_9CE4_8422_2325, 0x6C62_272E_07BB_0142)
        for byte in executionARN.utf8 {
            hash.0 = (hash.0 ^ UInt64(byte)) &* 0x100_0000_01B3
            hash.1 = (hash.1 &+ UInt64(byte)) &* 0x9E37_79B9_7F4A_7C15 ^ (hash.1 >> 29)
        }
        func hex(_ value: UInt64) -> String {
            let text = String(value, radix: 16)
            return String(repeating: "0", count: 16 - text.count) + text
        }
        return "\(hex(hash.0))\(hex(hash.1))-\(scheduled)"
    }
}

/// What an integration tells the engine.
final class EngineReport: TaskReport {
    private let mailbox: Mailbox<EngineMessage>
    private let key: TaskKey
    private let frame: FrameID
    private let pattern: TaskResource.Pattern
    private let shuttingDown = Atomic(false)
    private let mostPrinted: Int
    /// What the attempt has printed since the engine looked last. One message is under way while it is not empty, and it is
    /// no longer than what is kept of an attempt's log: a task that prints without end fills no queue.
    private let printed = Mutex<(bytes: [UInt8], dropped: Int)>(([], 0))

    init(mailbox: Mailbox<EngineMessage>, key: TaskKey, frame: FrameID, pattern: TaskResource.Pattern, mostPrinted: Int) {
        self.mostPrinted = mostPrinted
        self.mailbox = mailbox
        self.key = key
        self.frame = frame
        self.pattern = pattern
    }

    func submitted(_ response: JSONValue) {
        guard pattern != .requestResponse else { return }
        mailbox.post(.stimulus(key.execution, .taskSubmitted(frame, scheduled: key.scheduled, output: response)))
    }

    func log(_ bytes: [UInt8]) {
        guard !bytes.isEmpty else { return }
        let isFirst = printed.withLock { printed in
            let isFirst = printed.bytes.isEmpty
            printed.bytes += bytes
            // The head goes, as it does in the store; in large pieces, so that it is not moved for every line.
            if printed.bytes.count > 2 * mostPrinted {
                let excess = printed.bytes.count - mostPrinted
                printed.bytes.removeFirst(excess)
                printed.dropped += excess
            }
            return isFirst
        }
        if isFirst { mailbox.post(.log(key, self)) }
    }

    func takePrinted() -> (bytes: [UInt8], dropped: Int) {
        printed.withLock { printed in
            defer { printed = ([], 0) }
            return printed
        }
    }

    func heartbeat() { mailbox.post(.stimulus(key.execution, .taskHeartbeat(frame, scheduled: key.scheduled))) }

    var isShuttingDown: Bool { shuttingDown.load(ordering: .acquiring) }
    func shutDown() { shuttingDown.store(true, ordering: .releasing) }
}

import Engine
import Glibc
import JSON
import LocalJobs
import StatesLanguage

/// Commands that work on the tasks of an activity.
struct ActivityWorkers: Sendable {
    let source: any ActivitySource
    let arn: String
    let worker: CommandWorker
    let name: String
    var heartbeatSeconds = 5.0
    let log: @Sendable ([UInt8]) -> Void

    /// Takes tasks, `concurrency` at once, until this Swift task is cancelled; with `mostTasks` until so many are done.
    func run(concurrency: Int, mostTasks: Int? = nil) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            var left = mostTasks ?? .max
            for _ in 0..<min(concurrency, left) {
                left -= 1
                group.addTask { try await one() }
            }
            while try await group.next() != nil {
                guard left > 0, !Task.isCancelled else { continue }
                if mostTasks != nil { left -= 1 }
                group.addTask { try await one() }
            }
        }
    }

    /// Waits for one task and answers it.
    private func one() async throws {
        while !Task.isCancelled {
            let task: (token: String, input: JSONValue)?
            do {
                task = try await source.next(arn, worker: name)
            } catch {
                if Task.isCancelled { return }
                throw error
            }
            guard let task else { continue }
            let answer = await answer(task.input, task.token)
            if try await !source.answer(task.token, answer) { log(Array("the task had ended before its answer came\n".utf8)) }
            return
        }
    }

    /// Runs the command; kills it once a heartbeat learns that nobody waits any more.
    private func answer(_ input: JSONValue, _ token: String) async -> CommandWorker.Answer {
        let (worker, log) = (worker, log)
        let work = Task { await worker.perform(input: input, taskToken: token, log: log) }
        let heart = Task {
            while !Task.isCancelled {
                try? await Task.sleep(nanoseconds: UInt64(heartbeatSeconds * 1_000_000_000))
                guard !Task.isCancelled else { return }
                if (try? await source.heartbeat(token)) == false {
                    log(Array("the task has ended: its command is stopped\n".utf8))
                    return work.cancel()
                }
            }
        }
        defer { heart.cancel() }
        return await withTaskCancellationHandler {
            await work.value
        } onCancel: {
            work.cancel()
        }
    }

    /// `shrink` → the ARN that machines call it by.
    static func arn(of activity: String, _ configuration: Configuration) -> String {
        activity.hasPrefix("arn:")
            ? activity : "arn:aws:states:\(configuration.services.region):\(configuration.services.account):activity:\(activity)"
    }
}

/// The workers that sfn-run.json gives for activities: they run beside the machines that use them.
enum ConfiguredWorkers {
    static func start(for machine: StateMachine, _ configuration: Configuration, _ engine: ExecutionEngine) -> [Task<Void, any Error>] {
        guard !configuration.activities.isEmpty else { return [] }
        var used: Set<String> = []
        for state in machine.states {
            if case .task(let task) = state.kind, task.resource.kind == .activity { used.insert(task.resource.arn) }
        }
        return configuration.activities.compactMap { name, activity in
            let arn = used.first { $0 == name || $0.hasSuffix(":activity:\(name)") }
            guard let arn else { return nil }
            let worker = CommandWorker(
                command: activity.command, environment: activity.environment, directory: configuration.folder,
                timeoutSeconds: activity.timeoutSeconds)
            let workers = ActivityWorkers(source: LocalActivitySource(engine: engine), arn: arn, worker: worker, name: "sfn-run-\(getpid())", log: { _ in })
            return Task { try await workers.run(concurrency: activity.concurrency) }
        }
    }
}

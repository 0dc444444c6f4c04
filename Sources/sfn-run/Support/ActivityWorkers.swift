import Engine
import Glibc
import JSON
import LocalJobs
import StatesLanguage

/// Commands that work on the tasks of an activity.
struct ActivityWorkers: Sendable {
    let engine: ExecutionEngine
    let arn: String
    let worker: CommandWorker
    let name: String
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
            guard let task = try await engine.activityTask(arn, worker: name, waitingSeconds: 60) else { continue }
            let heart = Task {
                while !Task.isCancelled {
                    try? await Task.sleep(nanoseconds: 5_000_000_000)
                    if !Task.isCancelled { try? await engine.completeTask(token: task.token, .heartbeat) }
                }
            }
            defer { heart.cancel() }
            let input = (try? JSONValue(parsing: task.input)) ?? .null
            let answer = await worker.perform(input: input, taskToken: task.token, log: log)
            do {
                switch answer {
                case .success(let output): try await engine.completeTask(token: task.token, .success(output))
                case .failure(let error, let cause): try await engine.completeTask(token: task.token, .failure(error: error, cause: cause))
                case .cancelled: break
                }
            } catch EngineError.taskTimedOut, EngineError.taskDoesNotExist {
                log(Array("the task had ended before its answer came".utf8))
            }
            return
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
            let workers = ActivityWorkers(engine: engine, arn: arn, worker: worker, name: "sfn-run-\(getpid())", log: { _ in })
            return Task { try await workers.run(concurrency: activity.concurrency) }
        }
    }
}

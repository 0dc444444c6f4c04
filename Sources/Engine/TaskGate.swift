import LocalJobs
import ServiceIntegrations
import StatesLanguage
import Store

/// Who may run now. A task passes its limits one after the other (its machine's, its function's, the process's), and at each
/// whoever came first is served first. A task that waits at one limit holds no place of those that come after it: what
/// waits for a stuck function keeps nobody else from running.
struct TaskGate {
    private struct Place {
        let limits: [TaskLimit]
        /// How many of the limits it has passed.
        var passed = 0
        let start: () -> Task<Void, Never>
    }

    private struct Running {
        let limits: [TaskLimit]
        let task: Task<Void, Never>
        var isUnwanted = false
    }

    private struct Limit {
        var running = 0
        var queue = TaskQueue()
    }

    private var running: [TaskKey: Running] = [:]
    private var waiting: [TaskKey: Place] = [:]
    private var limits: [String: Limit] = [:]

    var runningCount: Int { running.count }
    var waitingCount: Int { waiting.count }

    mutating func add(_ key: TaskKey, _ limits: [TaskLimit], _ start: @escaping () -> Task<Void, Never>) {
        guard running[key] == nil, waiting[key] == nil else { return }
        goOn(key, Place(limits: limits, start: start))
    }

    mutating func ended(_ key: TaskKey) {
        guard let ended = running.removeValue(forKey: key) else { return }
        release(ended.limits[...])
    }

    /// A running task's place is free when the task has ended. True: it had not begun, and never will.
    mutating func cancel(_ key: TaskKey) -> Bool {
        if let task = running[key]?.task {
            running[key]?.isUnwanted = true
            task.cancel()
            return false
        }
        guard let place = waiting.removeValue(forKey: key) else { return false }
        // Its entry in the queue is passed over.
        release(place.limits[..<place.passed])
        return true
    }

    /// It is not to start any more; what runs goes on.
    mutating func dropWaiting(_ key: TaskKey) {
        if running[key] == nil { _ = cancel(key) }
    }

    func isUnwanted(_ key: TaskKey) -> Bool { running[key]?.isUnwanted ?? false }

    /// Those whose results nobody wants any more, and that are ending: they stop what they have started.
    var ending: [Task<Void, Never>] { running.values.filter(\.isUnwanted).map(\.task) }

    func cancelAll() {
        for running in running.values { running.task.cancel() }
    }

    private mutating func goOn(_ key: TaskKey, _ place: Place) {
        var place = place
        while place.passed < place.limits.count {
            let limit = place.limits[place.passed]
            guard limits[limit.name]?.running ?? 0 < limit.most else {
                limits[limit.name]?.queue.append(key)
                waiting[key] = place
                return
            }
            limits[limit.name, default: Limit()].running += 1
            place.passed += 1
        }
        running[key] = Running(limits: place.limits, task: place.start())
    }

    private mutating func release(_ held: ArraySlice<TaskLimit>) {
        for limit in held {
            limits[limit.name]?.running -= 1
            while let next = limits[limit.name]?.queue.popFirst() {
                guard var place = waiting.removeValue(forKey: next) else { continue }
                limits[limit.name]?.running += 1
                place.passed += 1
                goOn(next, place)
                break
            }
            if let left = limits[limit.name], left.running == 0, left.queue.isEmpty { limits[limit.name] = nil }
        }
    }
}

/// First in, first out.
private struct TaskQueue {
    private var keys: [TaskKey] = []
    private var head = 0

    var isEmpty: Bool { head == keys.count }

    mutating func append(_ key: TaskKey) { keys.append(key) }

    mutating func popFirst() -> TaskKey? {
        guard head < keys.count else { return nil }
        defer {
            head += 1
            if head > 1024, head * 2 > keys.count {
                keys.removeFirst(head)
                head = 0
            }
        }
        return keys[head]
    }
}

/// How many tasks may run at once. 0: no limit.
package struct TaskLimits: Sendable, Equatable {
    /// In this process.
    package var perProcess = 0
    /// Of all executions of one state machine.
    package var perMachine = 0
    /// By the state machine's name, where it differs from `perMachine`.
    package var machines: [String: Int] = [:]

    package init(perProcess: Int = 0, perMachine: Int = 0, machines: [String: Int] = [:]) {
        self.perProcess = perProcess
        self.perMachine = perMachine
        self.machines = machines
    }

    package init(_ configuration: LimitsConfiguration) {
        self.init(
            perProcess: configuration.maxConcurrency, perMachine: configuration.maxConcurrencyPerMachine, machines: configuration.machines)
    }

    /// What a task has to pass, in this order.
    func limits(of machine: String, _ own: TaskLimit?) -> [TaskLimit] {
        var limits: [TaskLimit] = []
        // The children of a distributed Map are named MACHINE/LABEL: they count for their machine.
        let machine = String(machine.prefix { $0 != "/" })
        let most = machines[machine] ?? perMachine
        if most > 0 { limits.append(TaskLimit(name: "machine \(machine)", most: most)) }
        if let own, own.most > 0 { limits.append(own) }
        if perProcess > 0 { limits.append(TaskLimit(name: "process", most: perProcess)) }
        return limits
    }
}

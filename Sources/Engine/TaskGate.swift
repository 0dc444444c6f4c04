import StatesLanguage
import Store

/// Who may run now: first come, first served, within the limit of the process. (A function's own limit is its runner's.)
struct TaskGate {
    struct Waiting {
        let key: TaskKey
        let start: () -> Task<Void, Never>
    }

    var limit = 0
    private var running: [TaskKey: Task<Void, Never>] = [:]
    private var waiting: [Waiting] = []
    private var waitingKeys: Set<TaskKey> = []
    private var head = 0

    var runningCount: Int { running.count }
    var waitingCount: Int { waiting.count - head }

    mutating func add(_ key: TaskKey, _ start: @escaping () -> Task<Void, Never>) {
        guard running[key] == nil, !waitingKeys.contains(key) else { return }
        if limit > 0, running.count >= limit {
            waiting.append(Waiting(key: key, start: start))
            waitingKeys.insert(key)
        } else {
            running[key] = start()
        }
    }

    mutating func ended(_ key: TaskKey) {
        running[key] = nil
        while limit == 0 || running.count < limit, head < waiting.count {
            let next = waiting[head]
            head += 1
            waitingKeys.remove(next.key)
            running[next.key] = next.start()
        }
        if head > 1024, head * 2 > waiting.count {
            waiting.removeFirst(head)
            head = 0
        }
    }

    mutating func cancel(_ key: TaskKey) {
        if let task = running[key] {
            task.cancel()
        } else {
            dropWaiting(key)
        }
    }

    /// It is not to start any more; what runs goes on.
    mutating func dropWaiting(_ key: TaskKey) {
        guard waitingKeys.remove(key) != nil, let index = waiting[head...].firstIndex(where: { $0.key == key }) else { return }
        waiting.remove(at: index)
    }

    func cancelAll() {
        for task in running.values { task.cancel() }
    }
}

import StatesLanguage
import Store

/// What is due when. A binary heap: a hundred thousand waiting executions are a hundred thousand entries, and nothing else.
///
/// One line of control has one timer, its earliest: the execution that is woken too early asks again for the later one.
/// So a heartbeat that moves a deadline adds nothing.
struct TimerHeap {
    struct Entry {
        let at: Int64
        let execution: ExecutionID
        let frame: FrameID
    }

    private struct Line: Hashable {
        let execution: ExecutionID
        let frame: FrameID
    }

    private var entries: [Entry] = []
    /// When the one entry that counts of each line is due; others of it are passed over.
    private var armed: [Line: Int64] = [:]
    /// So many entries, and those of ended executions are looked for.
    private var crowd = 4096

    /// When to look again; what is passed over may be due earlier.
    var nextDue: Int64? { entries.first?.at }
    var count: Int { entries.count }

    mutating func add(_ entry: Entry) {
        let line = Line(execution: entry.execution, frame: entry.frame)
        if let earlier = armed[line], earlier <= entry.at { return }
        armed[line] = entry.at
        entries.append(entry)
        rise(entries.count - 1)
    }

    /// The earliest entry if it is due.
    mutating func popDue(at now: Int64) -> Entry? {
        while let first = entries.first, first.at <= now {
            let last = entries.removeLast()
            if !entries.isEmpty {
                entries[0] = last
                sink(0)
            }
            let line = Line(execution: first.execution, frame: first.frame)
            guard armed[line] == first.at else { continue }
            armed[line] = nil
            return first
        }
        return nil
    }

    /// Drops the timers of executions that are not running any more, when there may be many: their waits were cut short,
    /// their tasks ended long before their timeouts.
    mutating func forgetEnded(_ isRunning: (ExecutionID) -> Bool) {
        guard entries.count >= crowd else { return }
        entries = entries.filter { entry in
            let line = Line(execution: entry.execution, frame: entry.frame)
            guard armed[line] == entry.at else { return false }
            if isRunning(entry.execution) { return true }
            armed[line] = nil
            return false
        }
        for index in stride(from: entries.count / 2 - 1, through: 0, by: -1) { sink(index) }
        crowd = max(4096, entries.count * 2)
    }

    private mutating func rise(_ index: Int) {
        var child = index
        while child > 0 {
            let parent = (child - 1) / 2
            guard entries[child].at < entries[parent].at else { break }
            entries.swapAt(child, parent)
            child = parent
        }
    }

    private mutating func sink(_ index: Int) {
        var parent = index
        while true {
            var least = parent
            for child in [2 * parent + 1, 2 * parent + 2] where child < entries.count && entries[child].at < entries[least].at {
                least = child
            }
            guard least != parent else { return }
            entries.swapAt(least, parent)
            parent = least
        }
    }
}

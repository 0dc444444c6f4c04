import StatesLanguage
import Store

/// What is due when. A binary heap: a hundred thousand waiting executions are a hundred thousand entries, and nothing else.
struct TimerHeap {
    struct Entry {
        let at: Int64
        let execution: ExecutionID
        let frame: FrameID
    }

    private var entries: [Entry] = []

    var nextDue: Int64? { entries.first?.at }
    var count: Int { entries.count }

    mutating func add(_ entry: Entry) {
        entries.append(entry)
        var child = entries.count - 1
        while child > 0 {
            let parent = (child - 1) / 2
            guard entries[child].at < entries[parent].at else { break }
            entries.swapAt(child, parent)
            child = parent
        }
    }

    /// The earliest entry if it is due.
    mutating func popDue(at now: Int64) -> Entry? {
        guard let first = entries.first, first.at <= now else { return nil }
        let last = entries.removeLast()
        if !entries.isEmpty {
            entries[0] = last
            var parent = 0
            while true {
                var least = parent
                for child in [2 * parent + 1, 2 * parent + 2] where child < entries.count && entries[child].at < entries[least].at {
                    least = child
                }
                guard least != parent else { break }
                entries.swapAt(least, parent)
                parent = least
            }
        }
        return first
    }
}

import StatesLanguage

/// What is to happen in virtual time: the earliest first, at one time in the order in which it was added.
package struct Timeline<Item> {
    private struct Entry {
        let time: Timestamp
        let sequence: Int
        let item: Item

        func isBefore(_ other: Entry) -> Bool { (time, sequence) < (other.time, other.sequence) }
    }

    private var heap: [Entry] = []
    private var added = 0

    package init() {}

    package var isEmpty: Bool { heap.isEmpty }
    package var nextTime: Timestamp? { heap.first?.time }

    package mutating func add(_ item: Item, at time: Timestamp) {
        heap.append(Entry(time: time, sequence: added, item: item))
        added += 1
        var child = heap.count - 1
        while child > 0, heap[child].isBefore(heap[(child - 1) / 2]) {
            heap.swapAt(child, (child - 1) / 2)
            child = (child - 1) / 2
        }
    }

    package mutating func popFirst() -> (item: Item, time: Timestamp)? {
        guard let first = heap.first else { return nil }
        let last = heap.removeLast()
        if !heap.isEmpty {
            heap[0] = last
            sink()
        }
        return (first.item, first.time)
    }

    private mutating func sink() {
        var parent = 0
        while true {
            var least = parent
            for child in [2 * parent + 1, 2 * parent + 2] where child < heap.count && heap[child].isBefore(heap[least]) { least = child }
            guard least != parent else { return }
            heap.swapAt(parent, least)
            parent = least
        }
    }
}

/// The children of those frames that have some, by frame: apart from the frames, so that looking at a frame never copies them.
struct ChildrenTable: Sendable {
    /// By frame: the place in `slots`, or -1.
    private var places: [Int32] = []
    /// Free ones are empty.
    private var slots: [Children] = []
    private var freeSlots: [Int32] = []

    subscript(id: FrameID) -> Children? {
        _read {
            if let place = place(of: id) { yield slots[place] } else { yield nil }
        }
        _modify {
            if let place = place(of: id) {
                var taken: Children? = Children(startedID: 0, count: 0)
                swap(&taken!, &slots[place])  // The line above says what is there.
                yield &taken
                if let taken { slots[place] = taken } else { free(id, place) }
            } else {
                var new: Children?
                yield &new
                if let new { insert(new, id) }
            }
        }
    }

    /// Looks at them where they are: the subscript may copy them, which counts where it is done for every event.
    func look<Value>(_ id: FrameID, _ body: (Children) -> Value) -> Value? {
        guard let place = place(of: id) else { return nil }
        return body(slots[place])
    }

    /// Changes them where they are.
    mutating func update(_ id: FrameID, _ change: (inout Children) -> Void) {
        guard let place = place(of: id) else { return }
        change(&slots[place])
    }

    @discardableResult
    mutating func remove(_ id: FrameID) -> Children? {
        guard let place = place(of: id) else { return nil }
        var old = Children(startedID: 0, count: 0)
        swap(&old, &slots[place])
        free(id, place)
        return old
    }

    private func place(of id: FrameID) -> Int? {
        guard id.index < places.count, places[id.index] >= 0 else { return nil }
        return Int(places[id.index])
    }

    private mutating func insert(_ children: Children, _ id: FrameID) {
        while places.count <= id.index { places.append(-1) }
        if let slot = freeSlots.popLast() {
            places[id.index] = slot
            slots[Int(slot)] = children
        } else {
            places[id.index] = Int32(slots.count)
            slots.append(children)
        }
    }

    private mutating func free(_ id: FrameID, _ place: Int) {
        places[id.index] = -1
        freeSlots.append(Int32(place))
    }
}

extension ChildrenTable: Equatable {
    /// Where the children are kept does not count.
    static func == (left: ChildrenTable, right: ChildrenTable) -> Bool {
        (0..<max(left.places.count, right.places.count)).allSatisfy { left[FrameID($0)] == right[FrameID($0)] }
    }
}

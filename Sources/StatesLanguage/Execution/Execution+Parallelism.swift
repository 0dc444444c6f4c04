/// A limit on the Task states at work in the whole execution: `MaxParallelExecutionSteps`, given anew when a pipeline is resumed.
///
/// A frame that is about to begin a task while there is no room is parked; it goes on when another task has ended.
extension Execution {
    var hasRoomForTask: Bool {
        guard let taskLimit else { return true }
        var count = 0
        for frame in frames {
            guard let frame, !frame.isStopped else { continue }
            switch frame.phase {
            case .task: count += 1
            case .retry: if case .task = machine[frame.state].kind { count += 1 }
            default: break
            }
            if count >= taskLimit { return false }
        }
        return true
    }

    /// Whether the frame, about to enter or to work in `state`, must wait for room.
    mutating func parks(_ id: FrameID, in state: StateID) -> Bool {
        guard taskLimit != nil, case .task = machine[state].kind, !hasRoomForTask else { return false }
        parked.append(id)
        return true
    }

    mutating func nextParked() -> FrameID? {
        guard !parked.isEmpty, hasRoomForTask else { return nil }
        return parked.popFirst()
    }

    /// Part of `apply`: the limit takes the place of those of the machine's Parallels.
    mutating func applyParallelism(_ limit: Int) {
        taskLimit = max(1, limit)
        for index in frames.indices {
            guard let state = frames[index]?.state, case .parallel = machine[state].kind else { continue }
            children[FrameID(index)]?.maxConcurrency = 0
        }
    }
}

import JSON

/// The extension `OnFailure: "FinishRunning"`: after a failure that nothing handles, states that run end by themselves,
/// and nothing else starts, in this Parallel and in those inside it. The failure counts at once for the Parallels around,
/// up to one that will catch or retry it, although each of them ends only when nothing runs in it.
extension Execution {
    /// Marks what a branch's failure keeps from starting anything. Part of `apply`: reads nothing but the machine and itself.
    mutating func drain(around parallelFrame: FrameID, failed index: Int) {
        var (id, index) = (parallelFrame, index)
        let failure = children[parallelFrame]?.failure
        while let frame = frame(id), case .parallel(let parallel) = machine[frame.state].kind, parallel.finishesRunningBranches,
            !parallel.handlesFailure(of: index)
        {
            guard children[id]?.isDraining == false else { return }
            children[id]?.isDraining = true
            let state = machine[frame.state]
            let error = failure?.error
            let isTaken =
                state.catchers.contains { ErrorMatch.matches($0.errorEquals, error) }
                || state.retriers.contains { ErrorMatch.matches($0.errorEquals, error) }
            guard !isTaken, let parent = frame.parent else { return }
            (id, index) = (parent, frame.index)
            if children[id]?.failure == nil { children[id]?.failure = failure }
        }
    }

    /// Whether the frame may enter no further state. A Map is one running thing: its iterations go on to their end.
    func isDraining(_ id: FrameID) -> Bool {
        var current = id
        var left = frames.count
        while let parent = frames[current.index]?.parent, let state = frame(parent)?.state, left > 0 {
            left -= 1
            guard case .parallel = machine[state].kind else { return false }
            if children.look(parent, { $0.isDraining }) == true { return true }
            current = parent
        }
        return false
    }

    /// Lets a frame stand where it is, for good or until a redrive.
    mutating func hold(_ id: FrameID) {
        guard let frame = frame(id), let parent = frame.parent, children[parent]?.isRunning(frame.index) == true else { return }
        note(.branchHeld(index: frame.index), parent)
        ready.append(parent)
    }
}

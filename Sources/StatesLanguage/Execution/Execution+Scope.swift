import JSON

extension Execution {
    /// What the fields of the state that a frame is in see.
    func scope(_ id: FrameID, _ frame: Frame, taskToken: String? = nil, mapItem: JSONValue? = nil) -> EvaluationScope {
        let context = contextFacts(id, frame, taskToken: taskToken, mapItem: mapItem)
        return EvaluationScope(
            input: frame.input, variables: variables(frame), now: turn.now,
            seed: header.seed ^ UInt64(bitPattern: lastEventID &* 0x9E37_79B9), context: { context.json })
    }

    /// What `$$` is made of. Not the execution itself: it would be shared, and copied at its next change.
    private func contextFacts(_ id: FrameID, _ frame: Frame, taskToken: String?, mapItem: JSONValue?) -> ContextFacts {
        let state = machine[frame.state]
        return ContextFacts(
            execution: facts, state: state, enteredAt: frame.enteredAt, retryCount: state.doesWork ? frame.retryCount : nil,
            taskToken: taskToken, item: mapItem.map { .value($0) } ?? enclosingItem(frame))
    }

    private func variables(_ frame: Frame) -> Variables {
        var scopes: [JSONObject] = []
        var current: Frame? = frame
        // No deeper than there are frames: a broken history may hold a circle.
        var left = frames.count
        while let frame = current, left > 0 {
            left -= 1
            if !frame.variables.isEmpty { scopes.append(frame.variables) }
            guard let parent = frame.parent, let parentFrame = self.frame(parent) else { break }
            if let assigned = children.look(parent, { $0.assigned }), !assigned.isEmpty, case .parallel(let parallel) = machine[parentFrame.state].kind {
                appendDependencies(of: frame.index, parallel, assigned, &scopes)
            }
            current = parentFrame
        }
        return Variables(scopes)
    }

    /// Extension `DependsOn`: what the branches before this one assigned, the nearest first.
    private func appendDependencies(of index: Int, _ parallel: ParallelState, _ assigned: [Int: JSONObject], _ scopes: inout [JSONObject]) {
        var seen = Set([index])
        var queue = [index]
        var head = 0
        var left = assigned.count
        while head < queue.count, left > 0 {
            let branch = queue[head]
            head += 1
            for dependency in parallel.branches[branch].dependsOn where seen.insert(dependency.branch).inserted {
                if let variables = assigned[dependency.branch] {
                    scopes.append(variables)
                    left -= 1
                }
                queue.append(dependency.branch)
            }
        }
    }

    /// The item of the iteration that a frame is in.
    private func enclosingItem(_ frame: Frame) -> ContextFacts.Item? {
        var index = frame.index
        var parent = frame.parent
        var left = frames.count
        while let id = parent, let parentFrame = self.frame(id), left > 0 {
            left -= 1
            if case .map = machine[parentFrame.state].kind {
                if let items = try? itemsOf(id) { return .entry(index, items) }
            }
            (index, parent) = (parentFrame.index, parentFrame.parent)
        }
        return childItem.map { .value($0) }
    }
}

/// Numbers that look random and are the same on every replay.
enum ExecutionRandom {
    private static func mix(_ seed: UInt64, _ event: Int64, _ salt: UInt64) -> UInt64 {
        // SplitMix64, whose output function is a published bijection of good quality.
        var z = seed &+ 0x9E37_79B9_7F4A_7C15 &* (UInt64(bitPattern: event) &+ 1) &+ salt &* 0xD1B5_4A32_D192_ED03
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }

    /// 0 ..< 1
    static func unit(_ seed: UInt64, _ event: Int64) -> Double { Double(mix(seed, event, 0) >> 11) * 0x1p-53 }

    static func uuid(_ seed: UInt64, _ event: Int64, salt: UInt64) -> String {
        let high = (mix(seed, event, salt * 2 + 1) & 0xFFFF_FFFF_FFFF_0FFF) | 0x4000
        let low = (mix(seed, event, salt * 2 + 2) & 0x3FFF_FFFF_FFFF_FFFF) | 0x8000_0000_0000_0000
        func hex(_ value: UInt64, _ digits: Int) -> String {
            let text = String(value, radix: 16)
            return String(repeating: "0", count: max(0, digits - text.count)) + text
        }
        return [hex(high >> 32, 8), hex(high >> 16 & 0xFFFF, 4), hex(high & 0xFFFF, 4), hex(low >> 48, 4), hex(low & 0xFFFF_FFFF_FFFF, 12)]
            .joined(separator: "-")
    }
}

import JSON

extension Execution {
    /// What the fields of the state that a frame is in see.
    func scope(_ id: FrameID, _ frame: Frame, taskToken: String? = nil, mapItem: JSONValue? = nil) -> EvaluationScope {
        let now = turn.now
        return EvaluationScope(
            input: frame.input, variables: variables(frame), now: now, seed: header.seed ^ UInt64(bitPattern: lastEventID &* 0x9E37_79B9),
            context: { contextObject(id, frame, taskToken: taskToken, mapItem: mapItem) })
    }

    private func variables(_ frame: Frame) -> Variables {
        var scopes: [JSONObject] = []
        var current: Frame? = frame
        while let frame = current {
            if !frame.variables.isEmpty { scopes.append(frame.variables) }
            guard let parent = frame.parent, let parentFrame = self.frame(parent) else { break }
            if let assigned = children[parent]?.assigned, !assigned.isEmpty, case .parallel(let parallel) = machine[parentFrame.state].kind {
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
        while !queue.isEmpty {
            let branch = queue.removeFirst()
            for dependency in parallel.branches[branch].dependsOn where seen.insert(dependency.branch).inserted {
                if let variables = assigned[dependency.branch], !variables.isEmpty { scopes.append(variables) }
                queue.append(dependency.branch)
            }
        }
    }

    /// `$$` and `$states.context`, in AWS's order of keys.
    func contextObject(_ id: FrameID, _ frame: Frame, taskToken: String?, mapItem: JSONValue?) -> JSONValue {
        let state = machine[frame.state]
        var execution = JSONObject()
        execution["Id"] = .string(header.arn)
        execution["Input"] = input
        execution["StartTime"] = .string(startedAt.iso8601)
        execution["Name"] = .string(header.name)
        execution["RoleArn"] = .string(header.roleARN)
        // An express execution cannot be redriven and has none (recorded: test_query_runtime_memory).
        if !header.isExpress { execution["RedriveCount"] = .integer(Int64(redriveCount)) }
        if let redrivenAt { execution["RedriveTime"] = .string(redrivenAt.iso8601) }
        var current = JSONObject()
        current["Name"] = .string(state.name)
        current["EnteredTime"] = .string(frame.enteredAt.iso8601)
        if state.doesWork { current["RetryCount"] = .integer(Int64(frame.retryCount)) }
        var context = JSONObject()
        context["Execution"] = .object(execution)
        context["StateMachine"] = ["Id": .string(header.stateMachineARN), "Name": .string(header.stateMachineName)]
        context["State"] = .object(current)
        if let taskToken { context["Task"] = ["Token": .string(taskToken)] }
        if let item = mapItem ?? enclosingItem(frame) { context["Map"] = ["Item": item] }
        return .object(context)
    }

    func mapItem(_ index: Int, _ items: MapItems) -> JSONValue {
        var item = JSONObject()
        item["Index"] = .integer(Int64(index))
        if let keys = items.keys, keys.indices.contains(index) { item["Key"] = .string(keys[index]) }
        item["Value"] = items.values.indices.contains(index) ? items.values[index] : .null
        return .object(item)
    }

    /// The item of the iteration that a frame is in.
    private func enclosingItem(_ frame: Frame) -> JSONValue? {
        var current = frame
        while let parent = current.parent, let parentFrame = self.frame(parent) {
            if case .map = machine[parentFrame.state].kind, let items = try? itemsOf(parent) { return mapItem(current.index, items) }
            current = parentFrame
        }
        return childItem
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

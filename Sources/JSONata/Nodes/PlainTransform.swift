import JSON

/// A transformation whose pattern is a path of names, on plain JSON: the changed parts are made anew, all others are
/// shared with the original. Gives up (nil) where that would not show the same result: on arrays within arrays and on
/// new values that are containers.
struct PlainTransform {
    private let names: [String]
    private unowned(unsafe) let update: Node
    private unowned(unsafe) let deletion: Node?
    private let node: TransformNode

    init(names: [String], update: Node, deletion: Node?, _ node: TransformNode) {
        self.names = names
        self.update = update
        self.deletion = deletion
        self.node = node
    }

    func apply(_ json: JSONValue, _ frame: Frame, _ run: Run) throws(Failure) -> JSONValue? {
        var cache = ShapeChange()
        return try rebuild(json, 0, &cache, frame, run)
    }

    /// How the last object changed its keys: the next one often does the same.
    private struct ShapeChange {
        var old: AnyObject?
        var update: AnyObject?
        var deletions: [String] = []
        var shape: JSONShape?
        /// For every key of the result, its place in the object, or behind them in the update.
        var sources: [Int] = []
    }

    private func rebuild(
        _ json: JSONValue, _ level: Int, _ cache: inout ShapeChange, _ frame: Frame, _ run: Run
    ) throws(Failure) -> JSONValue? {
        switch json {
        case .array(let array):
            var result: [JSONValue] = []
            result.reserveCapacity(array.count)
            for item in array {
                if case .array = item { return nil }
                guard let changed = try rebuild(item, level, &cache, frame, run) else { return nil }
                result.append(changed)
            }
            return .array(result)
        case .object(let object):
            if level == names.count { return try change(object, &cache, frame, run) }
            guard let index = object.index(of: names[level]) else { return json }
            guard let changed = try rebuild(object.values[index], level + 1, &cache, frame, run) else { return nil }
            var copy = object
            copy[names[level]] = changed
            return .object(copy)
        default:
            // A scalar that the pattern names is looked at, but cannot change; its errors count.
            if level == names.count { return nil }
            return json
        }
    }

    private func change(
        _ object: JSONObject, _ cache: inout ShapeChange, _ frame: Frame, _ run: Run
    ) throws(Failure) -> JSONValue? {
        try run.tick()
        let context = Value.json(.object(object))
        let changes = try update.evaluate(context, frame, run)
        var members = JSONObject()
        switch changes {
        case .undefined: break
        case .json(.object(let object)): members = object
        case .object: return nil
        default: throw node.updateFailure(changes)
        }
        for value in members.values where !value.isFlat { return nil }
        // The deletion would have to be evaluated on the updated object.
        guard deletion?.isConstant ?? true else { return nil }
        var deletions: [String] = []
        if let deletion {
            let values = try deletion.evaluate(context, frame, run)
            if !values.isUndefined {
                let items = values.itemsOrSelf
                guard items.allSatisfy(.string) else { throw node.deletionFailure(values) }
                for index in 0..<items.count { deletions.append(items[index].string ?? "") }
            }
        }
        if cache.old !== object.keysIdentity || cache.update !== members.keysIdentity || cache.deletions != deletions {
            cache = Self.shapeChange(object, members, deletions)
        }
        guard let shape = cache.shape else { return nil }
        var values: [JSONValue] = []
        values.reserveCapacity(cache.sources.count)
        let count = object.count
        for source in cache.sources {
            values.append(source < count ? object.values[source] : members.values[source - count])
        }
        return .object(JSONObject(shape: shape, values: values))
    }

    private static func shapeChange(_ object: JSONObject, _ update: JSONObject, _ deletions: [String]) -> ShapeChange {
        var change = ShapeChange()
        change.old = object.keysIdentity
        change.update = update.keysIdentity
        change.deletions = deletions
        var keys: [String] = []
        func isDeleted(_ key: String) -> Bool { deletions.contains { $0.isSameText(as: key) } }
        for (index, member) in object.enumerated() where !isDeleted(member.key) {
            keys.append(member.key)
            change.sources.append(update.index(of: member.key).map { object.count + $0 } ?? index)
        }
        for (index, member) in update.enumerated() where !isDeleted(member.key) && object.index(of: member.key) == nil {
            keys.append(member.key)
            change.sources.append(object.count + index)
        }
        change.shape = JSONShape(keys)
        return change
    }
}

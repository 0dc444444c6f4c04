import JSON

/// `$keys $lookup $spread $merge $clone`
enum ObjectFunctions {
    static let all = [
        Builtin("keys", "<x-:a<s>>", arity: 1) { (call, arguments) throws(Failure) in
            var keys: [Value] = []
            var seen: Set<TextKey> = []
            collect(arguments.at(0), &keys, &seen)
            return .list(List(flat: keys, .sequence))
        },
        Builtin("lookup", "<x-s:x>", arity: 2) { (_, arguments) throws(Failure) in
            guard let key = arguments.at(1).string else { return .undefined }
            return Lookup.lookup(key, of: arguments.at(0))
        },
        Builtin("spread", "<x-:a<o>>", arity: 1) { (_, arguments) throws(Failure) in spread(arguments.at(0)) },
        Builtin("merge", "<a<o>:o>", arity: 1) { (call, arguments) throws(Failure) in
            guard let items = arguments.at(0).items else { return .undefined }
            let result = ObjectRef()
            for index in 0..<items.count {
                guard let members = Members(items[index]) else { continue }
                try call.run.tick()
                for member in 0..<members.count { result.set(members.key(member), members.value(member)) }
            }
            return try call.run.bounded(result.value)
        },
        Builtin("clone", "<(oa)-:o>", arity: 1) { (call, arguments) throws(Failure) in
            try call.run.bounded(copy(arguments.at(0)))
        },
    ]

    private static func collect(_ value: Value, _ keys: inout [Value], _ seen: inout Set<TextKey>) {
        if let items = value.items {
            for index in 0..<items.count { collect(items[index], &keys, &seen) }
        } else if let members = Members(value) {
            for index in 0..<members.count where seen.insert(TextKey(members.key(index))).inserted {
                keys.append(.text(members.key(index)))
            }
        }
    }

    private static func spread(_ value: Value) -> Value {
        if let items = value.items {
            if items.count == 0 { return .emptySequence }
            var all: [Value] = []
            for index in 0..<items.count {
                let part = spread(items[index])
                if part.isUndefined { continue }
                all += part.itemsOrSelf.values
            }
            return .list(List(all))
        }
        guard let members = Members(value) else { return value }
        var parts: [Value] = []
        for index in 0..<members.count {
            let part = ObjectRef()
            part.set(members.key(index), members.value(index))
            parts.append(part.value)
        }
        return .list(List(parts, .sequence))
    }

    /// What JSON keeps of a value: no functions, no marks.
    static func copy(_ value: Value) -> Value {
        switch value {
        case .undefined, .unbound, .tailCall, .json: return value
        case .function: return .text("")
        case .list, .tuples:
            return .list(List(value.itemsOrSelf.values.map { $0.isUndefined ? .json(.null) : copy($0) }))
        case .object(let object):
            let result = ObjectRef()
            for index in object.keys.indices where !object.values[index].isUndefined {
                result.set(object.keys[index], copy(object.values[index]))
            }
            return result.value
        }
    }
}

import JSON

/// Walks an indefinite path: every step maps a list of places to the next list.
struct PathSearch {
    /// What `$` means inside a filter.
    let root: JSONValue

    init(root: JSONValue) { self.root = root }

    func all(_ steps: ArraySlice<PathStep>, from start: JSONValue) -> [JSONValue] {
        var current = [start]
        for step in steps {
            var next: [JSONValue] = []
            for value in current { apply(step, to: value, &next) }
            if next.isEmpty { return [] }
            current = next
        }
        return current
    }

    private func apply(_ step: PathStep, to value: JSONValue, _ found: inout [JSONValue]) {
        switch step {
        case .property(let name):
            if case .object(let object) = value, let member = object[name] { found.append(member) }
        case .properties(let names):
            guard case .object(let object) = value else { return }
            for name in names {
                if let member = object[name] { found.append(member) }
            }
        case .index(let index): append(index, of: value, &found)
        case .indices(let list):
            for index in list { append(index, of: value, &found) }
        case .slice(let from, let to):
            guard case .array(let array) = value else { return }
            if let from, let to {
                between(from, to, array, &found)
                return
            }
            let start = Self.bound(from ?? 0, array.count)
            let end = Self.bound(to ?? array.count, array.count)
            if start < end { found.append(contentsOf: array[start..<end]) }
        case .wildcard:
            switch value {
            case .array(let array): found.append(contentsOf: array)
            case .object(let object): found.append(contentsOf: object.values)
            default: break
            }
        case .filter(let predicate):
            switch value {
            case .array(let array):
                for element in array where predicate.holds(for: element, root: root) { found.append(element) }
            case .object:
                if predicate.holds(for: value, root: root) { found.append(value) }
            default: break
            }
        case .scan(let step): scan(step, value, &found)
        case .function(let function):
            if let result = function.apply(value) { found.append(result) }
        }
    }

    /// Every object and array under `value`, parents first.
    private func scan(_ step: PathStep, _ value: JSONValue, _ found: inout [JSONValue]) {
        var open = [value]
        while let node = open.popLast() {
            switch node {
            case .object(let object): open.append(contentsOf: object.values.reversed())
            case .array(let array): open.append(contentsOf: array.reversed())
            default: continue
            }
            if case .filter(let predicate) = step {
                // Jayway tests each node itself, so that an element is found once.
                if predicate.holds(for: node, root: root) { found.append(node) }
            } else {
                apply(step, to: node, &found)
            }
        }
    }

    private func append(_ index: Int, of value: JSONValue, _ found: inout [JSONValue]) {
        guard case .array(let array) = value else { return }
        let real = index < 0 ? index + array.count : index
        if array.indices.contains(real) { found.append(array[real]) }
    }

    /// As Jayway does it: with both ends given, each index counts on its own, so that `[1:-1]` is empty and `[-2:1]` goes around.
    private func between(_ from: Int, _ to: Int, _ array: [JSONValue], _ found: inout [JSONValue]) {
        let end = min(to, array.count)
        var index = max(from, -array.count)
        while index < end {
            found.append(array[index < 0 ? index + array.count : index])
            index += 1
        }
    }

    private static func bound(_ index: Int, _ count: Int) -> Int {
        min(max(index < 0 ? index + count : index, 0), count)
    }
}

import JSON

/// A path in the Jayway dialect, compiled: `$.a.b`, `$$.Execution.Id`, `$name[0]`, `$.list[?(@.n > 2)]..id`.
public struct PathExpression: Sendable {
    /// As it was written.
    public let text: String
    public let root: Root
    /// Whether it names one place; an indefinite path gives the array of all that matches.
    public let isDefinite: Bool
    let steps: [PathStep]

    public enum Root: Sendable, Equatable {
        /// `$`
        case input
        /// `$$`
        case context
        /// `$name`
        case variable(String)
    }

    public init(_ text: String) throws(PathSyntaxError) {
        var parser = PathParser(text)
        (root, steps) = try parser.path()
        self.text = text
        isDefinite = PathStep.areDefinite(steps)
    }

    /// What the path finds. An indefinite path always finds an array, an empty one where parents are missing.
    public func lookup(_ scope: borrowing some DataScope) -> Lookup {
        switch root {
        case .input: return lookup(in: scope.input)
        case .context: return lookup(in: scope.context)
        case .variable(let name):
            guard let value = scope.variable(name) else { return .missing }
            return lookup(in: value)
        }
    }

    public enum Lookup: Sendable {
        case found(JSONValue)
        /// The last step indexes past an array's end: null in a payload template, an error elsewhere.
        case pastTheEnd
        case missing
    }

    /// The value, or nil.
    public func value(_ scope: borrowing some DataScope) -> JSONValue? {
        guard case .found(let value) = lookup(scope) else { return nil }
        return value
    }

    /// What the path searches: the input, the context object, or the variable (null where there is none).
    public func searched(_ scope: borrowing some DataScope) -> JSONValue {
        switch root {
        case .input: scope.input
        case .context: scope.context
        case .variable(let name): scope.variable(name) ?? .null
        }
    }

    func lookup(in data: JSONValue) -> Lookup {
        guard isDefinite else { return lookupAll(in: data) }
        var current = data
        var position = 0
        while position < steps.count {
            switch steps[position] {
            case .property(let name):
                guard case .object(let object) = current, let next = object[name] else { return .missing }
                current = next
            case .index(let index):
                guard case .array(let array) = current else { return .missing }
                let real = index < 0 ? index + array.count : index
                guard array.indices.contains(real) else {
                    return position == steps.count - 1 ? .pastTheEnd : .missing
                }
                current = array[real]
            case .properties(let names):
                guard case .object(let object) = current else { return .missing }
                current = .object(JSONObject(names.compactMap { name in object[name].map { (name, $0) } }))
            case .function(let function):
                guard let result = function.apply(current) else { return .missing }
                current = result
            case .indices, .slice, .wildcard, .scan, .filter: return .missing
            }
            position += 1
        }
        return .found(current)
    }

    private func lookupAll(in data: JSONValue) -> Lookup {
        let search = PathSearch(root: data)
        let last = steps.last
        if case .function(let function)? = last {
            let found = search.all(steps.dropLast(), from: data)
            guard let result = function.apply(.array(found)) else { return .missing }
            return .found(result)
        }
        return .found(.array(search.all(steps[...], from: data)))
    }

    /// The first step of a definite path that does not fit, and what it was applied to; nil: every step fits.
    package func misfit(_ scope: borrowing some DataScope) -> (step: String, value: JSONValue)? {
        var current = searched(scope)
        for step in steps {
            switch step {
            case .property(let name):
                guard case .object(let object) = current, let next = object[name] else { return (name, current) }
                current = next
            case .index(let index):
                guard case .array(let array) = current else { return ("\(index)", current) }
                let real = index < 0 ? index + array.count : index
                guard array.indices.contains(real) else { return ("\(index)", current) }
                current = array[real]
            default: return nil
            }
        }
        return nil
    }

    /// Why a definite path finds nothing, in Jayway's words: `No results for path: $['a']`.
    public func explanation(_ scope: borrowing some DataScope) -> String {
        if case .variable(let name) = root, scope.variable(name) == nil { return "No results for path: $\(name)" }
        var current = searched(scope)
        var place = "$"
        for (position, step) in steps.enumerated() {
            let isLast = position == steps.count - 1
            switch step {
            case .property(let name):
                guard case .object(let object) = current else {
                    return "Expected to find an object with property ['\(name)'] in path \(place) but found '\(current.typeName)'"
                }
                place += step.text
                guard let next = object[name] else {
                    return isLast ? "No results for path: \(place)" : "Missing property in path \(place)"
                }
                current = next
            case .index:
                guard case .array(let array) = current else {
                    return "Filter: \(step.text) can only be applied to arrays. Current context is: \(current.text())"
                }
                guard case .index(let index) = step else { break }
                place += step.text
                let real = index < 0 ? index + array.count : index
                guard array.indices.contains(real) else { return "No results for path: \(place)" }
                current = array[real]
            default: break
            }
        }
        return "No results for path: \(place)"
    }
}

extension PathExpression: Equatable {
    public static func == (left: PathExpression, right: PathExpression) -> Bool { left.text.isSameText(as: right.text) }
}

/// Why a text is no path.
public struct PathSyntaxError: Error, Equatable, Sendable, CustomStringConvertible {
    public let message: String
    /// Bytes before the place.
    public let offset: Int
    public var description: String { "offset \(offset): \(message)" }
}

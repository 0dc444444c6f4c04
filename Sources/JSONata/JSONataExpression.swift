import JSON

/// A JSONata expression (jsonata-js 2.0.6): compiled once, evaluated many times, from any thread.
public struct JSONataExpression: Sendable {
    /// The expression as it was written.
    public let source: String
    /// What the expression refers to outside of itself.
    public let references: JSONataReferences
    private let program: Program

    /// Parses and compiles. Throws the parse errors of jsonata-js (`S0…`).
    public init(_ source: String) throws(JSONataError) {
        self.source = source
        do throws(Failure) {
            (program, references) = try Program.compile(source)
        } catch {
            throw JSONataError(error)
        }
    }

    /// Evaluates against `input` (nil: there is no input), with variables named without their `$`.
    public func evaluate(
        _ input: JSONValue?, bindings: [String: JSONValue] = [:], options: JSONataOptions = JSONataOptions()
    ) throws(JSONataError) -> JSONataResult {
        do throws(Failure) {
            let run = Run(options: options, cacheCount: program.cacheCount)
            let value = try run.evaluate(program, input.map { .json($0) } ?? .undefined, bindings)
            return try ResultConversion.result(of: value)
        } catch {
            throw JSONataError(error)
        }
    }
}

/// What an evaluation gives.
public enum JSONataResult: Sendable {
    case value(JSONValue)
    /// Nothing: not null.
    case undefined
    /// A function, which JSON cannot hold. Inside arrays and objects functions become `""`, as in jsonata-js's JSON.
    case function
}

extension Run {
    /// One evaluation of a program.
    func evaluate(_ program: Program, _ input: Value, _ variables: [String: JSONValue]) throws(Failure) -> Value {
        for (name, value) in variables { bindings[name] = .json(value) }
        root = input
        globalNames = program.globalNames
        globals.reserveCapacity(program.globalNames.count)
        addGlobals(program.globalNames)
        var context = input
        if input.isArray { context = .list(List(flat: [input], [.sequence, .outerWrapper])) }
        let frame = Frame(scope: program.scope, parent: nil)
        return try program.root.evaluate(context, frame, self)
    }

    /// Looks up the names that a program refers to beyond those known already.
    func addGlobals(_ names: [String]) {
        for name in names.dropFirst(globals.count) { globals.append(global(name)) }
    }

    private func global(_ name: String) -> Value {
        if let value = bindings[name] { return value }
        if name == "$" { return root }
        if let value = builtins[name] { return value }
        guard let builtin = FunctionTable.builtin(name, options.profile) else { return .undefined }
        let value = Value.function(Function(.builtin(builtin)))
        builtins[name] = value
        return value
    }
}

/// Values as the JSON that an evaluation gives.
enum ResultConversion {
    static func result(of value: Value) throws(Failure) -> JSONataResult {
        switch value {
        case .undefined, .unbound, .tailCall: return .undefined
        case .function: return .function
        default: return .value(json(value) ?? .null)
        }
    }

    /// nil for what JSON leaves out.
    static func json(_ value: Value) -> JSONValue? {
        switch value {
        case .undefined, .unbound, .tailCall: return nil
        case .function: return .string("")
        case .json(let json): return json
        case .list(let list):
            var result: [JSONValue] = []
            result.reserveCapacity(list.items.count)
            for item in list.items {
                if case .json(let json) = item {
                    result.append(json)
                } else {
                    result.append(json(item) ?? .null)
                }
            }
            return .array(result)
        case .tuples(let stream): return .array(stream.tuples.map { json($0.value) ?? .null })
        case .object(let object):
            var keys: [String] = []
            var values: [JSONValue] = []
            keys.reserveCapacity(object.keys.count)
            values.reserveCapacity(object.keys.count)
            for (index, value) in object.values.enumerated() {
                guard let json = json(value) else { continue }
                keys.append(object.keys[index])
                values.append(json)
            }
            return .object(JSONObject(shape: JSONShape(keys), values: values))
        }
    }
}

import ArgumentParser
import Glibc
import JSON
import JSONPath
import JSONata
import LocalJobs

enum ExpressionLanguage: String, ExpressibleByArgument, CaseIterable {
    case jsonata, jsonpath, intrinsic

    /// `States.…` is an intrinsic function; `$.a`, `$[0]`, `$$.x` and `$` alone are paths; all else is JSONata.
    static func guess(_ expression: String) -> ExpressionLanguage {
        if expression.hasPrefix("States.") { return .intrinsic }
        for start in ["$.", "$[", "$$."] where expression.hasPrefix(start) { return .jsonpath }
        return .jsonata
    }
}

/// One expression on one document.
struct Evaluation {
    let expression: String
    let data: JSONValue?
    let bindings: JSONObject
    let language: ExpressionLanguage

    enum Answer {
        case result(JSONValue)
        case undefined
        case error(code: String?, message: String, position: Int?)

        var json: JSONValue {
            switch self {
            case .result(let value): return ["result": value]
            case .undefined: return ["undefined": true]
            case .error(let code, let message, let position):
                var error = JSONObject()
                error["code"] = code.map(JSONValue.string) ?? .null
                error["message"] = .string(message)
                if let position { error["position"] = .integer(Int64(position)) }
                return ["error": .object(error)]
            }
        }
    }

    func answer() -> Answer {
        switch language {
        case .jsonpath: return path()
        case .intrinsic: return intrinsic()
        case .jsonata: return jsonata()
        }
    }

    private func jsonata() -> Answer {
        do throws(JSONataError) {
            let expression = try JSONataExpression(expression)
            var options = JSONataOptions(profile: profile(of: expression), randomSeed: UInt64.random(in: .min ... .max))
            options.timeLimitMilliseconds = 60_000
            let variables = Dictionary(bindings.map { ($0.key, $0.value) }, uniquingKeysWith: { _, last in last })
            switch try expression.evaluate(data, bindings: variables, options: options) {
            case .value(let value): return .result(value)
            case .undefined, .function: return .undefined
            }
        } catch {
            return .error(code: error.code, message: error.message, position: error.position)
        }
    }

    /// jsonata-js as it is, unless the expression uses what only Step Functions has.
    private func profile(of expression: JSONataExpression) -> JSONataOptions.Profile {
        let own: Set<String> = ["partition", "range", "hash", "uuid", "parse", "states"]
        return expression.references.variables.contains { own.contains($0) && bindings[$0] == nil } || bindings["states"] != nil
            ? .stepFunctions : .javascript
    }

    private func path() -> Answer {
        do {
            switch try PathExpression(expression).lookup(scope) {
            case .found(let value): return .result(value)
            case .pastTheEnd, .missing: return .undefined
            }
        } catch {
            return .error(code: nil, message: error.message, position: error.offset)
        }
    }

    private func intrinsic() -> Answer {
        do {
            let intrinsic = try Intrinsic(expression)
            do {
                return .result(try intrinsic.evaluate(scope, seed: UInt64.random(in: .min ... .max)))
            } catch {
                return .error(code: "States.Runtime", message: error.message, position: nil)
            }
        } catch {
            return .error(code: nil, message: error.message, position: error.offset)
        }
    }

    private var scope: BoundScope { BoundScope(input: data ?? .object(JSONObject()), bindings: bindings) }
}

/// `$` is the input, `$$` the binding `context`, `$name` the binding of that name.
private struct BoundScope: DataScope {
    let input: JSONValue
    let bindings: JSONObject
    var context: JSONValue { bindings["context"] ?? .object(JSONObject()) }
    func variable(_ name: String) -> JSONValue? { bindings[name] }
}

/// JSON lines in, JSON lines out, in order, each answered as soon as it is read.
enum BatchEvaluation {
    static func run(defaultLanguage: ExpressionLanguage) throws {
        var lines = LineReader(STDIN_FILENO)
        var out: [UInt8] = []
        while let line = try lines.next() {
            if line.allSatisfy({ $0 == 0x20 || $0 == 0x0D || $0 == 0x09 }) { continue }
            answer(line, defaultLanguage).json.write(to: &out)
            out.append(0x0A)
            if out.count > 1 << 16 || !lines.hasBufferedLine {
                guard Files.writeAll(out, to: STDOUT_FILENO) == 0 else { throw ExitCode.executionFailed }
                out.removeAll(keepingCapacity: true)
            }
        }
        Files.writeAll(out, to: STDOUT_FILENO)
    }

    private static func answer(_ line: [UInt8], _ defaultLanguage: ExpressionLanguage) -> Evaluation.Answer {
        let request: JSONValue
        do {
            request = try JSONValue(parsing: line)
        } catch {
            return .error(code: nil, message: "not JSON: \(error)", position: nil)
        }
        guard let expression = request["expr"]?.string else {
            return .error(code: nil, message: "a line needs the member \"expr\", a string", position: nil)
        }
        var language = defaultLanguage
        if let named = request["language"]?.string {
            guard let known = ExpressionLanguage(rawValue: named) else {
                return .error(code: nil, message: "language: found \(named), expected jsonata, jsonpath or intrinsic", position: nil)
            }
            language = known
        }
        return Evaluation(
            expression: expression, data: request["data"], bindings: request["bindings"]?.object ?? JSONObject(), language: language
        ).answer()
    }
}

/// The lines of a descriptor, without their ends.
struct LineReader {
    private let descriptor: Int32
    private var buffer: [UInt8] = []
    private var position = 0
    private var isAtEnd = false

    init(_ descriptor: Int32) { self.descriptor = descriptor }

    /// Whether `next` answers without waiting.
    var hasBufferedLine: Bool { buffer[position...].contains(0x0A) }

    mutating func next() throws -> [UInt8]? {
        var searched = position
        while true {
            if let end = buffer[searched...].firstIndex(of: 0x0A) {
                defer { position = end + 1 }
                return Array(buffer[position..<end])
            }
            if isAtEnd {
                defer { position = buffer.count }
                return position < buffer.count ? Array(buffer[position...]) : nil
            }
            buffer.removeFirst(position)
            position = 0
            searched = buffer.count
            var chunk = [UInt8](repeating: 0, count: 1 << 16)
            let count = Glibc.read(descriptor, &chunk, chunk.count)
            if count < 0 {
                if errno == EINTR { continue }
                throw Refusal("cannot read \(FileError(path: "standard input", code: errno))", .invalidDefinition)
            }
            if count == 0 { isAtEnd = true } else { buffer.append(contentsOf: chunk[0..<count]) }
        }
    }
}

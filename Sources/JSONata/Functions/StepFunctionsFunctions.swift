import Digest
import JSON

/// The functions that AWS Step Functions adds: `$partition $range $hash $random $uuid $parse`.
enum StepFunctionsFunctions {
    static let all = [
        Builtin("partition", "<x?n?:a>", arity: 2) { (call, arguments) throws(Failure) in
            try partition(arguments.at(0), arguments.at(1), call.run)
        },
        Builtin("range", "<nnn?:a<n>>", arity: 3) { (call, arguments) throws(Failure) in
            try range(arguments, call.run)
        },
        Builtin("hash", "<ss?:s>", arity: 2) { (_, arguments) throws(Failure) in
            guard let text = arguments.at(0).string, let name = arguments.at(1).string else { return .undefined }
            guard let algorithm = Digest.Algorithm(rawValue: name) else {
                throw Failure("D3137", message: "Hash algorithm '\(name)' must be one of SHA-1, SHA-384, SHA-256, SHA-512, MD5")
            }
            guard Digest.isAvailable else { throw Failure("D3137", message: "No library for \(name)") }
            return .text(Digest.hex(text, algorithm: algorithm))
        },
        Builtin("random", "<n?:n>", arity: 1) { (call, arguments) throws(Failure) in
            guard let seed = arguments.at(0).number else { return .number(call.run.random.nextDouble()) }
            var source = RandomSource(seed: UInt64(bitPattern: whole(seed)))
            return .number(source.nextDouble())
        },
        Builtin("uuid", "<:s>", arity: 0) { (call, _) throws(Failure) in
            var bytes = (0..<16).map { _ in call.run.random.nextByte() }
            bytes[6] = bytes[6] & 0x0F | 0x40
            bytes[8] = bytes[8] & 0x3F | 0x80
            let hex = Array(Digest.hexText(bytes))
            let parts = [hex[0..<8], hex[8..<12], hex[12..<16], hex[16..<20], hex[20..<32]]
            return .text(parts.map { String($0) }.joined(separator: "-"))
        },
        Builtin("parse", "<s?:x>", arity: 1) { (call, arguments) throws(Failure) in
            guard let text = arguments.at(0).string else { return .undefined }
            try call.run.allocate(text.utf8.count)
            let value: JSONValue
            do throws(JSONError) {
                value = try JSONValue(parsing: text, limits: JSONLimits(allowsDuplicateKeys: false))
            } catch {
                throw Failure("D3137", message: "Invalid JSON")
            }
            return .json(try normal(value))
        },
    ]

    /// Java's conversion of a double to a long.
    private static func whole(_ number: Double) -> Int64 {
        if number.isNaN { return 0 }
        return Int64(exactly: number.rounded(.towardZero)) ?? (number < 0 ? .min : .max)
    }

    private static func partition(_ value: Value, _ size: Value, _ run: Run) throws(Failure) -> Value {
        if case .undefined = value { return .undefined }
        guard let items = value.items else { throw Failure("T0412", value: value, index: 1) }
        guard items.count > 0 else { return size.number == nil ? .list(List([value])) : .undefined }
        let count = size.number.map(whole) ?? Int64(items.count)
        if count < 0 { throw Failure("D3137", message: "Second argument must be zero or greater") }
        guard count > 0 else { return .undefined }
        let step = Int(min(count, Int64(items.count)))
        var chunks: [Value] = []
        let all = items.values
        try run.allocate(all.count * 8)
        for start in stride(from: 0, to: all.count, by: step) {
            chunks.append(.list(List(Array(all[start..<min(start + step, all.count)]))))
        }
        return try run.bounded(.list(List(chunks)))
    }

    private static func range(_ arguments: [Value], _ run: Run) throws(Failure) -> Value {
        guard let first = arguments.at(0).number, let last = arguments.at(1).number, let step = arguments.at(2).number
        else { return .undefined }
        let (from, to, by) = (whole(first), whole(last), whole(step))
        guard by != 0, by > 0 ? from <= to : from >= to else { return .undefined }
        // In doubles, so that the count of a range over all integers does not overflow.
        let count = ((Double(to) - Double(from)) / Double(by)).rounded(.down) + 1
        guard count <= Double(run.limits.maximumRangeElements), count <= 1e8 else { throw run.limits.memoryFailure }
        var result: [Value] = []
        result.reserveCapacity(Int(count))
        for index in 0..<Int64(count) { result.append(.json(.integer(from &+ index &* by))) }
        return .list(List(flat: result, .sequence))
    }

    /// Whole numbers without a fraction part; a number too large for a double is an error.
    private static func normal(_ value: JSONValue) throws(Failure) -> JSONValue {
        switch value {
        case .null, .bool, .integer, .string: return value
        case .double(let double): return .normalized(double)
        case .decimal(let text):
            guard let number = Double(text), number.isFinite else {
                throw Failure("D3137", message: "Invalid JSON")
            }
            return .normalized(number)
        case .array(let array):
            var result: [JSONValue] = []
            result.reserveCapacity(array.count)
            for item in array { result.append(try normal(item)) }
            return .array(result)
        case .object(let object):
            return .object(try object.mapValues { (member) throws(Failure) in try normal(member) })
        }
    }
}

import Glibc
import JSON
import JSONata

/// Times the twelve expressions: `JSONataBenchmark DOCUMENT EXPRESSIONS [ROUNDS]`, both JSON files.
/// Prints a line for each: name, median milliseconds of one evaluation, and its result's JSON length.
func read(_ path: String) -> JSONValue {
    guard let file = fopen(path, "r") else {
        print("\(path) cannot be read")
        exit(66)
    }
    defer { fclose(file) }
    var bytes: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 1 << 20)
    while true {
        let count = fread(&buffer, 1, buffer.count, file)
        guard count > 0 else { break }
        bytes += buffer[..<count]
    }
    do {
        return try JSONValue(parsing: bytes)
    } catch {
        print("\(path): \(error)")
        exit(65)
    }
}

func nanoseconds() -> UInt64 {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
}

let arguments = CommandLine.arguments
guard arguments.count >= 3 else {
    print("usage: JSONataBenchmark DOCUMENT EXPRESSIONS [ROUNDS] [NAME]")
    exit(64)
}
let document = read(arguments[1])
let expressions = read(arguments[2]).object ?? JSONObject()
let rounds = arguments.count > 3 ? Int(arguments[3]) ?? 20 : 20
let only = arguments.count > 4 ? arguments[4] : nil

for (name, source) in expressions where only == nil || only == name {
    do {
        let expression = try JSONataExpression(source.string ?? "")
        var times: [UInt64] = []
        var length = 0
        for round in 0..<rounds + 2 {
            let start = nanoseconds()
            let result = try expression.evaluate(document)
            let end = nanoseconds()
            if round >= 2 { times.append(end - start) }
            if round == 0, case .value(let value) = result { length = value.text().utf8.count }
        }
        times.sort()
        print("\(name)\t\(Double(times[times.count / 2]) / 1e6)\t\(length)")
    } catch {
        print("\(name)\terror\t\(error)")
    }
}

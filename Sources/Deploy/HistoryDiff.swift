import JSON

/// Two histories of one machine, event by event.
package enum HistoryDiff {
    package struct Difference: Sendable, Equatable, CustomStringConvertible {
        /// Of the first history's event; nil: only the second has it.
        package var id: Int64?
        package var type: String
        /// JSON Pointer into the event; empty: the event as a whole.
        package var pointer: String
        package var left: JSONValue?
        package var right: JSONValue?

        package var description: String {
            "#\(id.map(String.init) ?? "-") \(type)\(pointer): \(left?.text() ?? "nothing") | \(right?.text() ?? "nothing")"
        }
    }

    /// Members that differ from one run to the next.
    private static let volatile: Set<String> = [
        "timestamp", "executionArn", "stateMachineArn", "roleArn", "region", "mapRunArn", "taskToken", "requestId", "RequestId", "SdkHttpMetadata",
        "SdkResponseMetadata", "ExecutionArn", "StartDate", "StopDate", "stateMachineVersionArn", "stateMachineAliasArn", "workerName",
    ]

    package static func differences(_ left: [JSONValue], _ right: [JSONValue]) -> [Difference] {
        var result: [Difference] = []
        var pairs = MadeUpIDs()
        for index in 0..<max(left.count, right.count) {
            let a: JSONValue? = index < left.count ? left[index] : nil
            let b: JSONValue? = index < right.count ? right[index] : nil
            let type = (a ?? b)?["type"]?.string ?? "?"
            guard let a, let b, a["type"] == b["type"] else {
                result.append(
                    Difference(id: a?["id"]?.wholeNumber, type: type, pointer: "", left: a?["type"], right: b?["type"]))
                continue
            }
            compare(a, b, id: a["id"]?.wholeNumber, type: type, &pairs, &result)
        }
        return result
    }

    private static func compare(
        _ left: JSONValue, _ right: JSONValue, id: Int64?, type: String, _ pairs: inout MadeUpIDs, _ result: inout [Difference]
    ) {
        // A stack instead of recursion: the data may be nested deeply.
        var open: [(String, JSONValue?, JSONValue?)] = [("", left, right)]
        while let (pointer, a, b) = open.popLast() {
            if a == b { continue }
            switch (opened(a), opened(b)) {
            case (.object(let x)?, .object(let y)?):
                let keys = x.keys + y.keys.filter { x[$0] == nil }
                for key in keys.reversed() where !volatile.contains(key) {
                    open.append((pointer + "/" + key.replacing("~", "~0").replacing("/", "~1"), x[key], y[key]))
                }
            case (.array(let x)?, .array(let y)?):
                for index in (0..<max(x.count, y.count)).reversed() {
                    open.append(("\(pointer)/\(index)", index < x.count ? x[index] : nil, index < y.count ? y[index] : nil))
                }
            case (.string(let x)?, .string(let y)?) where type != "ExecutionStarted" && pairs.match(x, y): continue
            case (let x, let y): if x != y { result.append(Difference(id: id, type: type, pointer: pointer, left: a, right: b)) }
            }
        }
    }

    /// A text that holds an object or a list is compared as that.
    private static func opened(_ value: JSONValue?) -> JSONValue? {
        guard let text = value?.string, text.hasPrefix("{") || text.hasPrefix("["), let json = try? JSONValue(parsing: text) else { return value }
        return json
    }
}

/// UUIDs that a run made up (a MessageId, `States.UUID()`): another run has others, each in the place of one of these.
private struct MadeUpIDs {
    private var there: [String: String] = [:]
    private var here: [String: String] = [:]

    /// Whether `right` stands for `left` in the other run.
    mutating func match(_ left: String, _ right: String) -> Bool {
        guard Self.isUUID(left), Self.isUUID(right) else { return false }
        if there[left] == nil, here[right] == nil {
            there[left] = right
            here[right] = left
        }
        return there[left] == right
    }

    private static func isUUID(_ text: String) -> Bool {
        let bytes = text.utf8
        return bytes.count == 36
            && bytes.enumerated().allSatisfy { index, byte in
                switch index {
                case 8, 13, 18, 23: byte == UInt8(ascii: "-")
                default: Character(Unicode.Scalar(byte)).isHexDigit
                }
            }
    }
}

extension String {
    fileprivate func replacing(_ old: Character, _ new: String) -> String {
        contains(old) ? map { $0 == old ? new : String($0) }.joined() : self
    }
}

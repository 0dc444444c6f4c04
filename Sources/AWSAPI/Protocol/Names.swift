import JSON

/// The rules of names (asl-brief section 10; the developer guide's list of characters).
package enum Names {
    static func check(_ name: String) throws(APIError) {
        guard isAllowed(name) else { throw .invalidName(name) }
    }

    package static func isAllowed(_ name: String) -> Bool {
        !name.isEmpty && name.unicodeScalars.count <= 80 && !name.unicodeScalars.contains(where: isForbidden)
    }

    /// The order of lists of machines and activities.
    static func precedes(_ left: String, _ right: String) -> Bool { left.utf8.lexicographicallyPrecedes(right.utf8) }

    private static func isForbidden(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar {
        case "<", ">", "{", "}", "[", "]", "?", "*", "\"", "#", "%", "\\", "^", "|", "~", "`", "$", "&", ",", ";", ":", "/": true
        default: scalar.value <= 0x20 || (0x7F...0x9F).contains(scalar.value)
        }
    }
}

/// `arn:PARTITION:states:REGION:ACCOUNT:KIND:…`
enum ARN {
    /// `arn:aws:iam::123456789012:role/NAME`; nil is no role to check.
    static func checkRole(_ arn: String?) throws(APIError) {
        guard let arn else { return }
        let parts = arn.split(separator: ":", maxSplits: 5, omittingEmptySubsequences: false)
        guard parts.count == 6, parts[0] == "arn", parts[1].hasPrefix("aws"), parts[2] == "iam", parts[3].isEmpty,
            parts[4].utf8.count == 12, parts[4].utf8.allSatisfy({ (0x30...0x39).contains($0) }), parts[5].hasPrefix("role/"), parts[5].utf8.count > 5
        else { throw APIError("InvalidArn", "Invalid Role Arn: '\(arn)'") }
    }

    static func stateMachine(_ name: String, _ region: String, _ account: String) -> String {
        "arn:aws:states:\(region):\(account):stateMachine:\(name)"
    }

    /// What an ARN of Step Functions can name.
    enum Kind: String { case stateMachine, execution, express, activity, mapRun }

    /// An ARN of one of these kinds, or the service's word for what is wrong with it.
    static func check(_ arn: String, _ kinds: Kind...) throws(APIError) {
        let parts = arn.split(separator: ":", maxSplits: 5, omittingEmptySubsequences: false)
        // `arn:…`; other things are told to have no such prefix.
        guard parts.count == 6, parts[0] == "arn" else { throw .invalidARN(arn) }
        let type = parts[5].prefix { $0 != ":" }
        if type.isEmpty { throw APIError("InvalidArn", "Invalid Arn: 'Resource type can not be empty: \(arn)'") }
        guard parts[2] == "states" else { throw .invalidARN(arn) }
        guard let kind = Kind(rawValue: String(type)), kinds.contains(kind) else {
            throw APIError("InvalidArn", "Invalid Arn: 'Resource type not valid in this context: \(type)'")
        }
        let isWhole =
            switch kind {
            case .stateMachine: isStateMachine(arn)
            case .execution, .express: isExecution(arn)
            case .activity: isActivity(arn)
            case .mapRun: isMapRun(arn)
            }
        guard isWhole else { throw .invalidARN(arn) }
    }

    /// A machine, a version or an alias; `…:stateMachine:NAME/LABEL`, which names a distributed Map, is refused.
    static func checkMachine(_ arn: String) throws(APIError) {
        try check(arn, .stateMachine)
        if lastPart(arn).utf8.contains(UInt8(ascii: "/")) {
            throw .validation("The state machine ARN must not refer to a Distributed Map state: '\(arn)'", .labeledARN)
        }
    }

    private static func parts(_ arn: String) -> [Substring]? {
        let parts = arn.utf8.split(separator: UInt8(ascii: ":"), omittingEmptySubsequences: false).map(Substring.init)
        guard parts.count >= 7, parts[0] == "arn", parts[2] == "states", !parts[6].isEmpty else { return nil }
        return parts
    }

    static func isStateMachine(_ arn: String) -> Bool { parts(arn).map { $0[5] == "stateMachine" && $0.count <= 8 } ?? false }
    static func isExecution(_ arn: String) -> Bool { parts(arn).map { $0[5] == "execution" || $0[5] == "express" } ?? false }
    static func isActivity(_ arn: String) -> Bool { parts(arn).map { $0[5] == "activity" && $0.count == 7 } ?? false }
    static func isMapRun(_ arn: String) -> Bool { parts(arn).map { $0[5] == "mapRun" } ?? false }
    static func lastPart(_ arn: String) -> String { parts(arn).map { String($0[6]) } ?? "" }

    /// A machine's ARN and the version or alias behind it; nil: there is none.
    static func qualified(_ arn: String) -> (machine: String, qualifier: String)? {
        guard let parts = parts(arn), parts.count == 8, parts[5] == "stateMachine" else { return nil }
        return (parts[..<7].joined(separator: ":"), String(parts[7]))
    }
}

/// Tags of a request: at most 50, keys 1 to 128, values up to 256 characters.
enum Tags {
    static func read(_ value: JSONValue?, of arn: String) throws(APIError) -> [(String, String)] {
        let tags = value?.array ?? []
        guard tags.count <= 50 else { throw APIError.tooManyTags(arn) }
        var result: [(String, String)] = []
        for tag in tags { result.append((tag["key"]?.string ?? "", tag["value"]?.string ?? "")) }
        return result
    }
}

/// A page of a list: its length, and where the page before ended. A token is opaque and belongs to one kind of list.
struct Page {
    let limit: Int
    let position: Int64?
    private let kind: String

    init(_ parameters: Parameters, kind: String, most: Int = 1000) throws(APIError) {
        let asked = parameters.int("maxResults") ?? 0
        limit = asked <= 0 ? min(100, most) : min(asked, most)
        self.kind = kind
        guard let token = parameters.text("nextToken") else {
            position = nil
            return
        }
        let parts = token.split(separator: "-")
        guard parts.count == 3, parts[0] == "sfn", parts[1] == Substring(Self.code(kind)), let position = Int64(parts[2], radix: 36) else {
            throw APIError("InvalidToken", "Invalid Token: 'Invalid token'")
        }
        self.position = position
    }

    /// More than any account has.
    static let most = 1_000_000

    /// This page of a whole list, and the token of the next one; the position is an index.
    func slice<Element>(_ all: [Element]) -> (page: ArraySlice<Element>, next: String?) {
        let start = Int(clamping: min(max(0, position ?? 0), Int64(all.count)))
        let end = min(all.count, start + limit)
        return (all[start..<end], end < all.count ? token(Int64(end)) : nil)
    }

    func token(_ position: Int64) -> String { "sfn-\(Self.code(kind))-\(String(position, radix: 36))" }

    private static func code(_ kind: String) -> String {
        String(kind.utf8.reduce(UInt32(5381)) { ($0 &<< 5) &+ $0 &+ UInt32($1) }, radix: 36)
    }
}

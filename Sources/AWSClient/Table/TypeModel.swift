import JSON

/// The scalars of the table, by their numbers there.
enum ScalarType: Int, Sendable {
    case string = 0
    case boolean = 1
    case integer = 2
    case float = 3
    case blob = 4
    case timestamp = 5
    case document = 6
}

/// A type of a service; other types are named by their number.
enum TypeModel: Sendable {
    case structure(Structure)
    case list(element: Int, name: String?, isFlat: Bool)
    case map(key: Int, value: Int, keyName: String?, valueName: String?, isFlat: Bool)
    case scalar(ScalarType, MemberTraits)

    struct Structure: Sendable {
        /// The member that is the body.
        let payload: String?
        let members: [Member]

        /// The member that a key means: as the model or as Step Functions spells it, else without regard to case.
        func member(_ key: String) -> Member? {
            if let exact = members.first(where: { $0.name == key }) { return exact }
            let lower = key.lowercased()
            return members.first { $0.name.lowercased() == lower }
        }
    }

    struct Member: Sendable {
        let name: String
        let type: Int
        let traits: MemberTraits
    }

    init(_ json: JSONValue) {
        func flag(_ index: Int) -> Bool { json[index]?.wholeNumber == 1 }
        func number(_ index: Int) -> Int { json[index]?.wholeNumber.flatMap { Int(exactly: $0) } ?? 6 }
        switch json[0]?.wholeNumber {
        case 1:
            var members: [Member] = []
            var index = 2
            while let part = json[index] {
                index += 1
                if let name = part.string {
                    let type = json[index]
                    index += 1
                    let pair = type?.array
                    members.append(
                        Member(
                            name: name, type: Int((pair?.first ?? type)?.wholeNumber ?? 6),
                            traits: MemberTraits(pair.flatMap { $0.count > 1 ? $0[1] : nil })))
                }
            }
            self = .structure(Structure(payload: json[1]?.string, members: members))
        case 2: self = .list(element: number(1), name: json[2]?.string, isFlat: flag(3))
        case 3:
            self = .map(
                key: number(1), value: number(2), keyName: json[3]?.string, valueName: json[4]?.string, isFlat: flag(5))
        default: self = .scalar(ScalarType(rawValue: number(1)) ?? .document, MemberTraits(json[2]))
        }
    }
}

/// How a member travels.
struct MemberTraits: Sendable {
    enum Location: String, Sendable {
        case path = "u"
        case query = "q"
        case header = "h"
        case headerPrefix = "H"
        case status = "s"
    }

    var location: Location?
    var name: String?
    var queryName: String?
    var timestampFormat: String?
    var isAttribute = false
    var isIdempotencyToken = false
    var isStreamed = false
    var isJSONText = false
    var isHostLabel = false
    var namespace: (prefix: String, uri: String)?
    /// Every answer has it.
    var isRequired = false
    var rules: ValueRules?

    init(_ json: JSONValue? = nil) {
        guard let json, json.object != nil else { return }
        location = json["l"]?.string.flatMap(Location.init(rawValue:))
        name = json["n"]?.string
        queryName = json["q"]?.string
        timestampFormat = json["f"]?.string
        isAttribute = json["a"] != nil
        isIdempotencyToken = json["i"] != nil
        isStreamed = json["s"] != nil
        isJSONText = json["j"] != nil
        isHostLabel = json["w"] != nil
        isRequired = json["R"] != nil
        if json["E"] != nil || json["m"] != nil || json["M"] != nil {
            rules = ValueRules(allowed: json["E"]?.array?.compactMap(\.string), least: json["m"]?.number, most: json["M"]?.number)
        }
        if let uri = json["x"]?[1]?.string { namespace = (json["x"]?[0]?.string ?? "", uri) }
    }
}

/// What a scalar of an answer keeps to: a number's value, a text's length.
struct ValueRules: Sendable {
    let allowed: [String]?
    let least: Double?
    let most: Double?
}

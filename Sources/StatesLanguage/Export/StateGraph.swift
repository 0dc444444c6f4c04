import JSON

/// A machine as a drawing: nodes, edges and the boxes around branches.
public struct StateGraph: Sendable {
    public struct Node: Sendable {
        public let id: String
        public let name: String
        /// `Task`, `Choice` …; empty where the definition names none.
        public let type: String
        /// What stands under the name: a task's function or service, a wait's length.
        public let detail: String?
    }

    public struct Edge: Sendable {
        public enum Kind: Sendable { case next, choice, otherwise, caught }
        public let from: String
        public let to: String
        public let kind: Kind
        public let label: String?
    }

    /// The root machine, a Parallel's branch or a Map's processor.
    public struct Box: Sendable {
        public let id: String
        public let title: String
        public var nodes: [Node] = []
        public var boxes: [Box] = []
        public var start: String?
        /// Nodes after which the box ends.
        public var ends: [String] = []
    }

    public private(set) var root: Box
    public private(set) var edges: [Edge] = []
    private var nodeCount = 0
    private var boxCount = 0

    public init(_ definition: JSONValue) {
        root = Box(id: "root", title: "")
        root = box(definition, id: "root", title: "")
    }

    private mutating func box(_ workflow: JSONValue, id: String, title: String) -> Box {
        var result = Box(id: id, title: title)
        guard let states = workflow["States"]?.object else { return result }
        var ids = JSONObject()
        for name in states.keys {
            ids[name] = .string("s\(nodeCount)")
            nodeCount += 1
        }
        result.start = workflow["StartAt"]?.string.flatMap { ids[$0]?.string }
        for (name, state) in states {
            guard let from = ids[name]?.string else { continue }
            let type = state["Type"]?.string ?? ""
            result.nodes.append(Node(id: from, name: name, type: type, detail: Self.detail(of: state, type)))
            if state["End"]?.bool == true || type == "Succeed" || type == "Fail" { result.ends.append(from) }
            addEdges(of: state, from: from, ids)
            for (index, branch) in (state["Branches"]?.array ?? []).enumerated() {
                let title = branch["Name"]?.string ?? "\(name), branch \(index + 1)"
                result.boxes.append(inner(branch, title, of: from))
            }
            if let processor = state["ItemProcessor"] ?? state["Iterator"] {
                result.boxes.append(inner(processor, "\(name), each item", of: from))
            }
        }
        return result
    }

    private mutating func inner(_ workflow: JSONValue, _ title: String, of owner: String) -> Box {
        boxCount += 1
        let result = box(workflow, id: "b\(boxCount)", title: title)
        if let start = result.start { edges.append(Edge(from: owner, to: start, kind: .otherwise, label: nil)) }
        return result
    }

    private mutating func addEdges(of state: JSONValue, from: String, _ ids: JSONObject) {
        func id(_ name: JSONValue?) -> String? { name?.string.flatMap { ids[$0]?.string } }
        if let to = id(state["Next"]) { edges.append(Edge(from: from, to: to, kind: .next, label: nil)) }
        for rule in state["Choices"]?.array ?? [] {
            if let to = id(rule["Next"]) { edges.append(Edge(from: from, to: to, kind: .choice, label: ConditionText.of(rule))) }
        }
        if let to = id(state["Default"]) { edges.append(Edge(from: from, to: to, kind: .choice, label: "otherwise")) }
        for catcher in state["Catch"]?.array ?? [] {
            let errors = (catcher["ErrorEquals"]?.array ?? []).compactMap(\.string).joined(separator: ", ")
            if let to = id(catcher["Next"]) { edges.append(Edge(from: from, to: to, kind: .caught, label: errors)) }
        }
    }

    private static func detail(of state: JSONValue, _ type: String) -> String? {
        switch type {
        case "Task":
            guard let resource = state["Resource"]?.string else { return nil }
            let arguments = state["Parameters"] ?? state["Arguments"]
            if let function = arguments?["FunctionName"]?.string { return function }
            return resource.split(separator: ":").suffix(resource.hasPrefix("arn:aws:states:::") ? 2 : 1).joined(separator: ":")
        case "Wait":
            if let seconds = state["Seconds"] { return "\(seconds.text()) s" }
            return (state["SecondsPath"] ?? state["Timestamp"] ?? state["TimestampPath"])?.string
        case "Fail": return (state["Error"] ?? state["ErrorPath"])?.string
        default: return nil
        }
    }
}

/// A Choice rule in a few words: `$.amount > 100`.
enum ConditionText {
    static func of(_ rule: JSONValue, depth: Int = 0) -> String {
        guard depth < 8 else { return "…" }
        if let condition = rule["Condition"] {
            let text = condition.string ?? condition.text()
            return text.hasPrefix("{%") && text.hasSuffix("%}") ? String(text.dropFirst(2).dropLast(2)).trimmingSpaces : text
        }
        for (field, word) in [("And", " and "), ("Or", " or ")] {
            if let parts = rule[field]?.array {
                return parts.map { part in
                    let text = of(part, depth: depth + 1)
                    return part["And"] != nil || part["Or"] != nil ? "(\(text))" : text
                }.joined(separator: word)
            }
        }
        if let inner = rule["Not"] { return "not (\(of(inner, depth: depth + 1)))" }
        guard let variable = rule["Variable"]?.string, let object = rule.object else { return "" }
        let known: Set<String> = ["Variable", "Next", "Comment", "Assign", "Output"]
        guard let (name, value) = object.first(where: { !known.contains($0.key) }) else { return variable }
        let operand = value.string.map { name.hasSuffix("Path") ? $0 : "'\($0)'" } ?? value.text()
        return "\(variable) \(sign(name)) \(operand)"
    }

    private static func sign(_ name: String) -> String {
        let base = name.hasSuffix("Path") ? String(name.dropLast(4)) : name
        for (suffix, sign) in [("GreaterThanEquals", ">="), ("LessThanEquals", "<="), ("GreaterThan", ">"), ("LessThan", "<"), ("Equals", "=")]
        where base.hasSuffix(suffix) {
            return sign
        }
        return base
    }
}

extension String {
    var trimmingSpaces: String {
        let isSpace = { (character: Character) in character == " " || character == "\n" || character == "\t" || character == "\r" }
        let head = drop(while: isSpace)
        return String(head.reversed().drop(while: isSpace).reversed())
    }
}

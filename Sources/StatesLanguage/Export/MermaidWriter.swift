/// A graph as a Mermaid flowchart.
public struct MermaidWriter {
    private var lines: [String] = []

    public static func text(_ graph: StateGraph) -> String {
        var writer = MermaidWriter()
        writer.lines.append("flowchart TD")
        writer.lines.append("  begin((start))")
        writer.write(graph.root, indent: "  ")
        if let start = graph.root.start { writer.lines.append("  begin --> \(start)") }
        for edge in graph.edges { writer.lines.append("  " + line(edge)) }
        if !graph.root.ends.isEmpty {
            writer.lines.append("  finish((end))")
            for end in graph.root.ends { writer.lines.append("  \(end) --> finish") }
        }
        return writer.lines.joined(separator: "\n") + "\n"
    }

    private mutating func write(_ box: StateGraph.Box, indent: String) {
        for node in box.nodes { lines.append(indent + Self.shape(node)) }
        for inner in box.boxes {
            lines.append("\(indent)subgraph \(inner.id)[\"\(Self.escape(inner.title))\"]")
            write(inner, indent: indent + "  ")
            lines.append("\(indent)end")
        }
    }

    private static func shape(_ node: StateGraph.Node) -> String {
        var text = escape(node.name)
        if let detail = node.detail { text += "<br/><small>\(escape(detail))</small>" }
        switch node.type {
        case "Choice": return "\(node.id){\"\(text)\"}"
        case "Wait": return "\(node.id)(\"\(text)\")"
        case "Succeed", "Fail": return "\(node.id)([\"\(text)\"])"
        case "Parallel", "Map": return "\(node.id)[[\"\(text)\"]]"
        default: return "\(node.id)[\"\(text)\"]"
        }
    }

    private static func line(_ edge: StateGraph.Edge) -> String {
        let label = edge.label.map { "|\"\(escape($0))\"|" } ?? ""
        switch edge.kind {
        case .next, .choice: return "\(edge.from) -->\(label) \(edge.to)"
        case .otherwise: return "\(edge.from) -.- \(edge.to)"
        case .caught: return "\(edge.from) -.->\(label) \(edge.to)"
        }
    }

    private static func escape(_ text: String) -> String {
        var result = ""
        for character in text.unicodeScalars {
            switch character {
            case "\"": result += "#quot;"
            case "<": result += "#lt;"
            case ">": result += "#gt;"
            case "#": result += "#35;"
            case "\n", "\r": result += " "
            default: result.unicodeScalars.append(character)
            }
        }
        return result
    }
}

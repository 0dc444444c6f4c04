/// A graph in Graphviz's DOT.
public struct DotWriter {
    private var lines: [String] = []

    public static func text(_ graph: StateGraph) -> String {
        var writer = DotWriter()
        writer.lines.append("digraph machine {")
        writer.lines.append("  node [shape=box, style=rounded, fontname=\"Helvetica\"];")
        writer.lines.append("  begin [label=\"start\", shape=circle];")
        writer.write(graph.root, indent: "  ")
        if let start = graph.root.start { writer.lines.append("  begin -> \(start);") }
        for edge in graph.edges { writer.lines.append("  " + line(edge)) }
        if !graph.root.ends.isEmpty {
            writer.lines.append("  finish [label=\"end\", shape=doublecircle];")
            for end in graph.root.ends { writer.lines.append("  \(end) -> finish;") }
        }
        writer.lines.append("}")
        return writer.lines.joined(separator: "\n") + "\n"
    }

    private mutating func write(_ box: StateGraph.Box, indent: String) {
        for node in box.nodes { lines.append("\(indent)\(node.id) [\(Self.attributes(node))];") }
        for inner in box.boxes {
            lines.append("\(indent)subgraph cluster_\(inner.id) {")
            lines.append("\(indent)  label=\"\(Self.escape(inner.title))\";")
            write(inner, indent: indent + "  ")
            lines.append("\(indent)}")
        }
    }

    private static func attributes(_ node: StateGraph.Node) -> String {
        let label = escape(node.name) + (node.detail.map { "\\n" + escape($0) } ?? "")
        let shape =
            switch node.type {
            case "Choice": ", shape=diamond"
            case "Succeed", "Fail": ", shape=oval"
            case "Parallel", "Map": ", peripheries=2"
            default: ""
            }
        return "label=\"\(label)\"\(shape)"
    }

    private static func line(_ edge: StateGraph.Edge) -> String {
        var attributes: [String] = []
        if let label = edge.label { attributes.append("label=\"\(escape(label))\"") }
        switch edge.kind {
        case .next, .choice: break
        case .otherwise: attributes.append("style=dashed, arrowhead=none")
        case .caught: attributes.append("style=dashed, color=red")
        }
        return "\(edge.from) -> \(edge.to)" + (attributes.isEmpty ? ";" : " [\(attributes.joined(separator: ", "))];")
    }

    private static func escape(_ text: String) -> String {
        var result = ""
        for character in text.unicodeScalars {
            switch character {
            case "\"", "\\":
                result += "\\"
                result.unicodeScalars.append(character)
            case "\n", "\r": result += " "
            default: result.unicodeScalars.append(character)
            }
        }
        return result
    }
}

import StatesLanguage

/// A machine as an SVG picture: layers from top to bottom, branches and items in frames of their own.
///
/// Boxes are measured from the inside out, then drawn from the outside in.
struct StateDrawing {
    let graph: StateGraph
    /// The class and the note of a state, by its name.
    let mark: (String) -> (className: String, note: String)

    private struct Measured {
        struct Item {
            let node: StateGraph.Node
            var x = 0.0
            var y = 0.0
            var width: Double
            var height: Double
            var inner: [(box: Measured, x: Double, y: Double)] = []
        }
        var items: [Item] = []
        var width = 0.0
        var height = 0.0
        let title: String
    }

    private struct Rectangle {
        let x: Double
        let y: Double
        let width: Double
        let height: Double
        let layer: Double
    }

    /// More states than anyone would look at.
    static let limit = 800
    private static let (nodeHeight, gapX, gapY, padding) = (40.0, 24.0, 34.0, 14.0)
    private static let widest = 1500.0

    /// nil: there are too many states for a picture.
    var svg: String? {
        guard Self.count(graph.root) <= Self.limit else { return nil }
        let root = measure(graph.root)
        var frames: [String] = []
        var nodes: [String] = []
        var places: [String: Rectangle] = [:]
        draw(root, 10, 10, &frames, &nodes, &places)
        var width = root.width + 20
        let edges = graph.edges.compactMap { edge -> String? in
            // A frame stands inside its state, so no line leads there.
            guard let from = places[edge.from], let to = places[edge.to], edge.kind != .otherwise else { return nil }
            let (path, right) = Self.path(from, to)
            width = max(width, right)
            let label =
                edge.label.map { text in
                    // Nearer to where the line goes: the lines of one Choice begin at one point.
                    let x = 0.15 * (from.x + from.width / 2) + 0.85 * (to.x + to.width / 2)
                    let y = to.y > from.y ? to.y - 9 : (from.y + to.y) / 2
                    return
                        "<text class=\"edge\" text-anchor=\"middle\" x=\"\(HTML.at(x))\" y=\"\(HTML.at(y))\">\(HTML.escape(HTML.short(text, 24)))<title>\(HTML.escape(text))</title></text>"
                } ?? ""
            return "<path class=\"\(edge.kind == .caught ? "caught" : "next")\" d=\"\(path)\" marker-end=\"url(#arrow)\"/>\(label)"
        }
        let height = root.height + 20
        return """
            <svg class="graph" viewBox="0 0 \(HTML.at(width)) \(HTML.at(height))" style="max-width:\(HTML.at(width))px" role="img" aria-label="the states and their order">
            <defs><marker id="arrow" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto"><path d="M0 0L8 4L0 8z"/></marker></defs>
            \((frames + edges + nodes).joined(separator: "\n"))
            </svg>
            """
    }

    // Boxes nest as deep as the definition's JSON, which its reader bounds; so here and below.
    private static func count(_ box: StateGraph.Box) -> Int { box.nodes.count + box.boxes.reduce(0) { $0 + count($1) } }

    // MARK: measuring

    /// `owner`: the name of the state that the box stands in, which its title need not say again.
    private func measure(_ box: StateGraph.Box, inside owner: String = "") -> Measured {
        let prefix = owner + ", "
        var result = Measured(title: box.title.hasPrefix(prefix) ? String(box.title.dropFirst(prefix.count)) : box.title)
        let ids = Set(box.nodes.map(\.id))
        let edges = graph.edges.filter { ids.contains($0.from) && ids.contains($0.to) && $0.kind != .otherwise && $0.from != $0.to }
        var owners: [String: String] = [:]
        for edge in graph.edges where edge.kind == .otherwise { owners[edge.to] = edge.from }
        result.items = box.nodes.map { node in
            let text = max(7.2 * Double(node.name.unicodeScalars.count), 5.8 * Double(detail(node).unicodeScalars.count))
            let width = min(260, max(90, text + 24))
            var item = Measured.Item(node: node, width: width, height: Self.nodeHeight)
            let inner = box.boxes.filter { $0.start.flatMap { owners[$0] } == node.id }
            if !inner.isEmpty { Self.arrange(inner.map { measure($0, inside: node.name) }, in: &item) }
            return item
        }
        let layers = Self.layers(of: box, edges)
        var y = box.title.isEmpty ? 0 : 22 + Self.padding / 2
        let layerWidths = layers.map { layer in layer.reduce(-Self.gapX) { $0 + result.items[$1].width + Self.gapX } }
        let width = max(layerWidths.max() ?? 0, 7 * Double(result.title.unicodeScalars.count) + 10)
        for (layer, own) in zip(layers, layerWidths) {
            var x = (width - own) / 2 + (box.title.isEmpty ? 0 : Self.padding)
            var tallest = 0.0
            for index in layer {
                result.items[index].x = x
                result.items[index].y = y
                x += result.items[index].width + Self.gapX
                tallest = max(tallest, result.items[index].height)
            }
            y += tallest + Self.gapY
        }
        let margin = box.title.isEmpty ? 0 : Self.padding
        result.width = width + 2 * margin
        result.height = max(0, y - Self.gapY) + margin
        return result
    }

    /// Branches beside each other, in rows where they are many.
    private static func arrange(_ boxes: [Measured], in item: inout Measured.Item) {
        var (x, y, row, right) = (padding, nodeHeight, 0.0, 0.0)
        for box in boxes {
            if x > padding, x + box.width > widest {
                (x, y, row) = (padding, y + row + padding, 0)
            }
            item.inner.append((box, x, y))
            x += box.width + padding
            row = max(row, box.height)
            right = max(right, x)
        }
        item.width = max(item.width, right)
        item.height = y + row + padding
    }

    /// The nodes of a box by their longest way from a node without predecessors, ways back aside.
    private static func layers(of box: StateGraph.Box, _ edges: [StateGraph.Edge]) -> [[Int]] {
        let index = Dictionary(box.nodes.enumerated().map { ($1.id, $0) }, uniquingKeysWith: { first, _ in first })
        var next: [[Int]] = Array(repeating: [], count: box.nodes.count)
        for edge in edges {
            if let from = index[edge.from], let to = index[edge.to] { next[from].append(to) }
        }
        // Depth first without recursion; an edge to a node on the way is a way back.
        var state = Array(repeating: 0, count: box.nodes.count)
        var order: [Int] = []
        var backwards: Set<[Int]> = []
        let starts = [box.start.flatMap { index[$0] }].compactMap { $0 } + Array(box.nodes.indices)
        for start in starts where state[start] == 0 {
            var stack = [(node: start, position: 0)]
            state[start] = 1
            while let top = stack.last {
                if top.position < next[top.node].count {
                    stack[stack.count - 1].position += 1
                    let to = next[top.node][top.position]
                    if state[to] == 0 {
                        state[to] = 1
                        stack.append((to, 0))
                    } else if state[to] == 1 {
                        backwards.insert([top.node, to])
                    }
                } else {
                    state[top.node] = 2
                    order.append(top.node)
                    stack.removeLast()
                }
            }
        }
        var depth = Array(repeating: 0, count: box.nodes.count)
        for node in order.reversed() {
            for to in next[node] where !backwards.contains([node, to]) { depth[to] = max(depth[to], depth[node] + 1) }
        }
        var layers: [[Int]] = Array(repeating: [], count: (depth.max() ?? -1) + 1)
        for node in order.reversed() { layers[depth[node]].append(node) }
        return layers
    }

    // MARK: drawing

    /// The second line: `Task · f · 4 times`
    private func detail(_ node: StateGraph.Node) -> String {
        [node.type, Self.short(node.detail ?? ""), mark(node.name).note].filter { !$0.isEmpty }.joined(separator: " · ")
    }

    private func draw(_ box: Measured, _ x: Double, _ y: Double, _ frames: inout [String], _ nodes: inout [String], _ places: inout [String: Rectangle]) {
        if !box.title.isEmpty {
            frames.append(
                "<rect class=\"frame\" x=\"\(HTML.at(x))\" y=\"\(HTML.at(y))\" width=\"\(HTML.at(box.width))\" height=\"\(HTML.at(box.height))\" rx=\"6\"/>")
            frames.append("<text class=\"frame\" x=\"\(HTML.at(x + 8))\" y=\"\(HTML.at(y + 16))\">\(HTML.escape(HTML.short(box.title, 60)))</text>")
        }
        for item in box.items {
            let place = Rectangle(x: x + item.x, y: y + item.y, width: item.width, height: item.height, layer: item.y)
            places[item.node.id] = place
            let className = mark(item.node.name).className
            let round = item.node.type == "Choice" ? 14 : item.node.type == "Succeed" || item.node.type == "Fail" ? 20 : 5
            let rectangle =
                "<rect class=\"node \(className)\" x=\"\(HTML.at(place.x))\" y=\"\(HTML.at(place.y))\" width=\"\(HTML.at(place.width))\" height=\"\(HTML.at(place.height))\" rx=\"\(round)\"/>"
            let middle = HTML.at(place.x + place.width / 2)
            let detail = detail(item.node)
            let texts = """
                <text text-anchor="middle" x="\(middle)" y="\(HTML.at(place.y + 17))">\(HTML.escape(HTML.short(item.node.name, Int(place.width / 7.2))))</text>\
                <text class="detail" text-anchor="middle" x="\(middle)" y="\(HTML.at(place.y + 32))">\(HTML.escape(HTML.short(detail, Int(place.width / 5.8))))</text>
                """
            let text = "<g><title>\(HTML.escape("\(item.node.name): \(detail)"))</title>\(item.inner.isEmpty ? rectangle : "")\(texts)</g>"
            if item.inner.isEmpty {
                nodes.append(text)
            } else {
                frames.append(rectangle)
                nodes.append(text)
                for inner in item.inner { draw(inner.box, place.x + inner.x, place.y + inner.y, &frames, &nodes, &places) }
            }
        }
    }

    /// A function's ARN as the function's name.
    private static func short(_ detail: String) -> String {
        let words = detail.split(separator: ":")
        guard detail.hasPrefix("arn:aws:lambda:"), words.count >= 7, words[5] == "function" else { return detail }
        return "lambda \(words[6])"
    }

    /// The line between two states, and how far right it goes.
    private static func path(_ from: Rectangle, _ to: Rectangle) -> (String, Double) {
        let (x1, y1) = (from.x + from.width / 2, from.y + from.height)
        let (x2, y2) = (to.x + to.width / 2, to.y)
        if y2 >= y1 {
            let bend = max(12, (y2 - y1) / 2)
            // Past the layers between, not through them.
            let bow = y2 - y1 > gapY * 1.5 && abs(x1 - x2) < 60 ? max(from.width, to.width) / 2 + 26 : 0
            return (
                "M\(HTML.at(x1)) \(HTML.at(y1))C\(HTML.at(x1 + bow)) \(HTML.at(y1 + bend)) \(HTML.at(x2 + bow)) \(HTML.at(y2 - bend)) \(HTML.at(x2)) \(HTML.at(y2 - 1))",
                x1 + bow + 10
            )
        }
        let right = max(from.x + from.width, to.x + to.width)
        let side = right + 28
        let (fromY, toY) = (from.y + from.height / 2, to.y + to.height / 2)
        return (
            "M\(HTML.at(from.x + from.width)) \(HTML.at(fromY))C\(HTML.at(side)) \(HTML.at(fromY)) \(HTML.at(side)) \(HTML.at(toY)) \(HTML.at(to.x + to.width + 1)) \(HTML.at(toY))",
            side + 6
        )
    }
}

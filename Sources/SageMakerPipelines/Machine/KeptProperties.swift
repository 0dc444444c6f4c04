/// Which properties of a step's result are referred to later, as a tree: only they are kept in its variable.
struct KeptProperties {
    private struct Node {
        var children: [(key: String, component: PropertyPath.Component, node: Int)] = []
        var isWhole = false
    }
    private var nodes = [Node()]

    var isEmpty: Bool { nodes[0].children.isEmpty && !nodes[0].isWhole }

    mutating func keep(_ path: PropertyPath) {
        var current = 0
        for component in path.components {
            let key = Self.key(component)
            if let found = nodes[current].children.first(where: { $0.key == key }) {
                current = found.node
            } else {
                nodes.append(Node())
                nodes[current].children.append((key, component, nodes.count - 1))
                current = nodes.count - 1
            }
        }
        nodes[current].isWhole = true
    }

    /// What a member of a list or map is called in the variable: `Outputs['train']` → `Outputs.train`, `[0]` → `` `[0]` ``.
    private static func key(_ component: PropertyPath.Component) -> String {
        switch component {
        case .name(let name), .key(let name): name
        case .index(let index): "[\(index)]"
        }
    }

    /// The object to assign: `{'ModelArtifacts': {'S3ModelArtifacts': value(path)}}`.
    func construction(value: (PropertyPath) -> String) -> String { construction(0, [], value) }

    // As deep as the paths that the pipeline's author wrote have components.
    private func construction(_ node: Int, _ path: [PropertyPath.Component], _ value: (PropertyPath) -> String) -> String {
        if nodes[node].isWhole { return value(PropertyPath(path)) }
        let members = nodes[node].children.map { child in
            "\(ExpressionText.literal(child.key)): \(construction(child.node, path + [child.component], value))"
        }
        return "{\(members.joined(separator: ", "))}"
    }

    /// How a kept property is read from the variable; the rest of a path below a value that was kept whole is read by `rest`.
    func reading(_ path: PropertyPath, rest: ([PropertyPath.Component], PropertyPath) -> String) -> String {
        var text = ""
        var current = 0
        for (position, component) in path.components.enumerated() {
            if nodes[current].isWhole {
                return text + rest(Array(path.components[..<position]), PropertyPath(Array(path.components[position...])))
            }
            let key = Self.key(component)
            guard let next = nodes[current].children.first(where: { $0.key == key }) else { return text }
            text += ExpressionText.field(key)
            current = next.node
        }
        return text
    }
}

/// How a path is read from the response of a service.
enum ResponsePath {
    /// Lists whose elements are named, and the member that holds the name (spec section 5).
    private static let nameMembers = [
        "Outputs": "OutputName", "ProcessingInputs": "InputName", "FinalMetricDataList": "MetricName", "InputDataConfig": "ChannelName",
    ]

    /// `.ProcessingOutputConfig.Outputs[OutputName='train'].S3Output.S3Uri`. `before`: the components that lead here.
    static func text(_ path: PropertyPath, after before: [PropertyPath.Component] = []) -> String {
        var text = ""
        var last = before.last
        for component in path.components {
            switch component {
            case .name(let name): text += ExpressionText.field(name)
            case .index(let index): text += "[\(index)]"
            case .key(let key):
                if case .name(let list)? = last, let member = nameMembers[list] {
                    text += "[\(member)=\(ExpressionText.literal(key))]"
                } else {
                    text += ExpressionText.field(key)
                }
            }
            last = component
        }
        return text
    }
}

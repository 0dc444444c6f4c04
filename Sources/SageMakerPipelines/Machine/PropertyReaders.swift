/// Who reads what: the properties of each step that something refers to, and where from.
struct PropertyReaders {
    private(set) var kept: [Int: KeptProperties] = [:]
    private(set) var readers: [VariableTable.Reader] = []

    init(graph: StepGraph, plan: Plan) {
        for (id, sequence) in plan.sequences.enumerated() {
            for (index, item) in sequence.items.enumerated() {
                switch item {
                case .step(let node): collect(graph, node, id)
                case .guarded(let literals, _): literals.forEach { outcome($0.condition, id) }
                case .arms(let condition, _, _):
                    if index == 0 { outcome(condition, id) } else if case .step(condition) = sequence.items[index - 1] {} else { outcome(condition, id) }
                case .parallel, .network: break
                }
            }
        }
    }

    private mutating func outcome(_ condition: Int, _ sequence: Plan.SequenceID) {
        kept[condition, default: KeptProperties()].keep(PropertyPath([.name("Outcome")]))
        readers.append(VariableTable.Reader(node: condition, sequence: sequence))
    }

    private mutating func collect(_ graph: StepGraph, _ node: Int, _ sequence: Plan.SequenceID) {
        let own = graph.nodes[node]
        let inBody = Set(own.body.map(\.step.name))
        for (step, pointer) in [(own.step, own.pointer)] + own.body.map({ ($0.step, $0.pointer) }) {
            for found in step.expressions(at: pointer).found {
                guard let name = found.expression.stepRead, !inBody.contains(name), let target = graph.index[name] else { continue }
                switch found.expression {
                case .get(.step(_, let path)): keep(path, of: target, sequence)
                case .jsonGet(.propertyFile(_, let file), _):
                    guard let path = graph.nodes[target].step.outputPath(ofFile: file) else { continue }
                    keep(path, of: target, sequence)
                default: break
                }
            }
        }
    }

    private mutating func keep(_ path: PropertyPath, of node: Int, _ sequence: Plan.SequenceID) {
        kept[node, default: KeptProperties()].keep(path)
        readers.append(VariableTable.Reader(node: node, sequence: sequence))
    }
}

extension PipelineStep {
    /// The property that says where the output that holds a property file is; nil: no such file is declared.
    func outputPath(ofFile name: String) -> PropertyPath? {
        guard let file = propertyFiles.first(where: { $0.name == name }) else { return nil }
        return PropertyPath([.name("ProcessingOutputConfig"), .name("Outputs"), .key(file.outputName), .name("S3Output"), .name("S3Uri")])
    }
}

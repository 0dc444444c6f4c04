import JSON

/// Why a selection of steps cannot run. The text is for the user.
public struct SelectionError: Error, Equatable, Sendable, CustomStringConvertible {
    public let description: String
    public init(description: String) { self.description = description }
}

/// Some steps of a pipeline, run again with what an earlier execution left for the others (spec 2.6).
public struct SelectiveExecution: Sendable, Equatable {
    /// The selected steps, in the order in which they may start.
    public let selected: [String]
    /// Steps that are not run and whose results the selected ones need, from the reference execution.
    public let reused: [String]

    /// `limit`: SageMaker's, nil: none. `hasReference`: an earlier execution is at hand.
    public init(_ definition: PipelineDefinition, selecting names: [String], hasReference: Bool, atMost limit: Int? = 50) throws(SelectionError) {
        let graph = StepGraph(definition)
        guard !names.isEmpty, limit.map({ names.count <= $0 }) ?? true else {
            throw SelectionError(description: "found \(names.count) selected steps, expected 1 to 50")
        }
        for name in names where graph.index[name] == nil {
            throw SelectionError(description: "The selected step '\(name)' is not in the pipeline")
        }
        let chosen = Set(names.compactMap { graph.index[$0] })
        var needed: Set<Int> = []
        for node in chosen {
            for from in graph.predecessors(of: node) where !chosen.contains(from) { needed.insert(from) }
        }
        if !needed.isEmpty, !hasReference {
            let list = { (nodes: Set<Int>) in nodes.sorted().map { graph.nodes[$0].step.name }.joined(separator: ", ") }
            throw SelectionError(
                description: "Invalid SourcePipelineExecutionArn: null. The selected steps [\(list(chosen))] have dependencies on [\(list(needed))]")
        }
        guard Self.isConnected(chosen, graph) else {
            throw SelectionError(description: "The selected steps [\(names.joined(separator: ", "))] are not one connected piece of the pipeline")
        }
        let order = graph.topologicalOrder()
        selected = order.filter { chosen.contains($0) }.map { graph.nodes[$0].step.name }
        reused = order.filter { needed.contains($0) }.map { graph.nodes[$0].step.name }
    }

    /// Every step that follows from `step`, and it: for `--from-step`.
    public static func steps(from step: String, in definition: PipelineDefinition) -> [String] {
        let graph = StepGraph(definition)
        guard let start = graph.index[step] else { return [] }
        var reached: Set<Int> = [start]
        let order = graph.topologicalOrder()
        for node in order where graph.predecessors(of: node).contains(where: { reached.contains($0) }) { reached.insert(node) }
        return order.filter { reached.contains($0) }.map { graph.nodes[$0].step.name }
    }

    private static func isConnected(_ nodes: Set<Int>, _ graph: StepGraph) -> Bool {
        guard let first = nodes.first else { return true }
        var neighbours: [Int: [Int]] = [:]
        for node in nodes {
            for from in graph.predecessors(of: node) where nodes.contains(from) {
                neighbours[node, default: []].append(from)
                neighbours[from, default: []].append(node)
            }
        }
        var seen: Set<Int> = [first]
        var pending = [first]
        while let next = pending.popLast() {
            for other in neighbours[next] ?? [] where seen.insert(other).inserted { pending.append(other) }
        }
        return seen.count == nodes.count
    }
}

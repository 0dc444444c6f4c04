import JSON

/// A step and its place in the document.
public struct PlacedStep: Sendable {
    public let step: PipelineStep
    /// JSON Pointer to the step.
    public let pointer: String
    /// The index, in the same list, of the Condition or ForEach whose branch or body holds the step.
    public let parent: Int?
    /// Which list of the parent: `IfSteps`, `ElseSteps` or `ForEachBody`.
    public let branch: String?
}

/// Visits steps inside steps without recursion: real pipelines nest Conditions 31 deep, ours may nest thousands.
enum StepWalk {
    static let branches = ["IfSteps", "ElseSteps", "ForEachBody"]

    static func steps(of list: JSONValue?) -> [PlacedStep] {
        struct Pending {
            let value: JSONValue
            let pointer: String
            let parent: Int?
            let branch: String?
        }
        var found: [PlacedStep] = []
        var pending: [Pending] = []
        func push(_ list: JSONValue?, pointer: String, parent: Int?, branch: String?) {
            let elements = list?.array ?? []
            for (index, element) in elements.enumerated().reversed() {
                pending.append(Pending(value: element, pointer: "\(pointer)/\(index)", parent: parent, branch: branch))
            }
        }
        push(list, pointer: "/Steps", parent: nil, branch: nil)
        while let next = pending.popLast() {
            guard case .object(let document) = next.value else { continue }
            let index = found.count
            let step = PipelineStep(document: document)
            found.append(PlacedStep(step: step, pointer: next.pointer, parent: next.parent, branch: next.branch))
            guard step.typeName == "Condition" || step.typeName == "ForEach" else { continue }
            for branch in branches.reversed() {
                push(step.arguments[branch], pointer: "\(next.pointer)/Arguments/\(branch)", parent: index, branch: branch)
            }
        }
        return found
    }
}

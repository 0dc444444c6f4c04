import JSON
import SageMakerPipelines

/// A random DAG of Lambda steps, Conditions and Fail steps with references, triggers, failures and durations.
struct RandomPipeline {
    struct Random: RandomNumberGenerator {
        var state: UInt64
        mutating func next() -> UInt64 {
            state &+= 0x9E37_79B9_7F4A_7C15
            var z = state
            z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
            z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
            return z ^ (z >> 31)
        }
        mutating func chance(_ percent: Int) -> Bool { Int.random(in: 0..<100, using: &self) < percent }
    }

    var definition = PipelineDefinition(document: JSONObject())
    /// Milliseconds, by step.
    var durations: [String: Int64] = [:]
    var failing: Set<String> = []
    var outcomes: [String: Bool] = [:]

    private struct Draft {
        let name: String
        let kind: String
        var parent: (condition: Int, outcome: Bool)?
        var reads: [Int] = []
        var waits: [(Int, String)] = []
    }

    init(seed: UInt64, triggers: Bool = true, failures: Bool = true) {
        var random = Random(state: seed)
        let count = Int.random(in: 2...14, using: &random)
        let density = Int.random(in: 10...60, using: &random)
        let failureRate = failures && random.chance(50) ? Int.random(in: 5...30, using: &random) : 0
        let triggerRate = triggers && random.chance(40) ? 25 : 0
        var drafts: [Draft] = []
        for index in 0..<count {
            let roll = Int.random(in: 0..<100, using: &random)
            let kind = roll < 18 ? "Condition" : roll < 22 && failures ? "Fail" : "Lambda"
            var draft = Draft(name: "\(kind == "Condition" ? "C" : kind == "Fail" ? "F" : "S")\(index)", kind: kind)
            let conditions = drafts.indices.filter { drafts[$0].kind == "Condition" }
            if let condition = conditions.randomElement(using: &random), random.chance(55) { draft.parent = (condition, random.chance(60)) }
            for other in drafts.indices where random.chance(density / max(1, index / 3)) && drafts[other].kind != "Fail" {
                if random.chance(triggerRate), kind != "Fail" {
                    draft.waits.append((other, ["Failed", "Any", "Stopped", "Succeeded"].randomElement(using: &random) ?? "Any"))
                } else if drafts[other].kind == "Lambda", random.chance(60) || kind == "Fail" {
                    draft.reads.append(other)
                } else if kind != "Fail" {
                    draft.waits.append((other, "Succeeded"))
                }
            }
            drafts.append(draft)
            durations[draft.name] = Int64.random(in: 1000...1_000_000_000, using: &random)
            if kind == "Lambda", random.chance(failureRate) { failing.insert(draft.name) }
            if kind == "Condition" { outcomes[draft.name] = random.chance(60) }
        }
        var parameters: [JSONValue] = []
        for (name, outcome) in outcomes.sorted(by: { $0.key < $1.key }) {
            parameters.append(["Name": .string(name), "Type": "Integer", "DefaultValue": outcome ? 1 : 0])
        }
        var steps = drafts.indices.map { Self.json(drafts, $0) }
        for index in drafts.indices.reversed() where drafts[index].kind == "Condition" {
            var object = steps[index].object ?? JSONObject()
            var arguments = object["Arguments"]?.object ?? JSONObject()
            for (key, outcome) in [("IfSteps", true), ("ElseSteps", false)] {
                let inner = drafts.indices.filter { drafts[$0].parent.map { $0.condition == index && $0.outcome == outcome } ?? false }
                arguments[key] = .array(inner.map { steps[$0] })
            }
            object["Arguments"] = .object(arguments)
            steps[index] = .object(object)
        }
        let top = drafts.indices.filter { drafts[$0].parent == nil }.map { steps[$0] }
        definition = PipelineDefinition(
            document: JSONObject([
                ("Version", JSONValue.string("2020-12-01")), ("Parameters", JSONValue.array(parameters)), ("Steps", JSONValue.array(top)),
            ]))
    }

    private static func json(_ drafts: [Draft], _ index: Int) -> JSONValue {
        let draft = drafts[index]
        var step = JSONObject([("Name", JSONValue.string(draft.name)), ("Type", JSONValue.string(draft.kind))])
        func read(_ other: Int) -> JSONValue { ["Get": .string("Steps.\(drafts[other].name).OutputParameters['v']")] }
        switch draft.kind {
        case "Condition":
            // What it reads is always there, so the outcome stays what was drawn.
            var conditions: [JSONValue] = [["Type": "Equals", "LeftValue": ["Get": .string("Parameters.\(draft.name)")], "RightValue": 1]]
            conditions += draft.reads.map { ["Type": "Not", "Condition": ["Type": "Equals", "LeftValue": read($0), "RightValue": "never"]] }
            step["Arguments"] = ["Conditions": .array(conditions), "IfSteps": [], "ElseSteps": []]
        case "Fail":
            let values: [JSONValue] = [.string(draft.name)] + draft.reads.map(read)
            step["Arguments"] = ["ErrorMessage": ["Std:Join": ["On": ",", "Values": .array(values)]]]
        default:
            var arguments = JSONObject([("me", JSONValue.string(draft.name))])
            for (position, other) in draft.reads.enumerated() { arguments["a\(position)"] = read(other) }
            step["Arguments"] = .object(arguments)
            step["FunctionArn"] = .string("arn:aws:lambda:us-east-1:123456789012:function:\(draft.name)")
            step["OutputParameters"] = [["OutputName": "v", "OutputType": "String"]]
        }
        if !draft.waits.isEmpty {
            step["DependsOn"] = .array(
                draft.waits.map { wait in
                    wait.1 == "Succeeded" ? .string(drafts[wait.0].name) : ["Step": .string(drafts[wait.0].name), "Trigger": .string(wait.1)]
                })
        }
        return .object(step)
    }

    /// What the function of a step returns.
    static func result(_ payload: JSONValue) -> String {
        let text = payload.text()
        // Short, so that values of long chains stay small.
        return "\(payload["me"]?.string ?? "?")#\(text.utf8.reduce(UInt32(7)) { $0 &* 31 &+ UInt32($1) })"
    }
}

import JSON
import StatesLanguage

/// Random machines of every state type, nested Maps and Parallels, retries, catches, waits and variables; one seed, one machine.
///
/// Every state keeps `$.n` (a number) and `$.items` (an array) in its output, so that any state can follow any other. There
/// are no loops: a machine ends whatever its tasks answer, if they answer.
package struct MachineGenerator {
    /// The extension fields of Parallel too.
    package var usesExtensions = false
    /// For engines, which can do more than the driver: distributed Maps, JSONata tasks, jitter, activities that time out.
    package var usesEverything = false
    /// Fail states, at the ends of Choices.
    package var failsItself = true

    private var numbers: SeededNumbers
    private var states = 0
    private var variables = 0
    /// In an Express child nothing may wait for anybody.
    private var isExpress = false

    package init(seed: UInt64) { numbers = SeededNumbers(seed: seed) }

    /// What a generated machine is to be started with.
    package static let input: JSONValue = ["n": 1, "items": [1, 2, 3]]

    package mutating func definition() -> JSONValue {
        var machine = workflow(depth: 0, outer: [])
        if numbers.percent(20) { machine["TimeoutSeconds"] = 100_000 }
        return .object(machine)
    }

    // MARK: workflows

    private mutating func workflow(depth: Int, outer: [String]) -> JSONObject {
        let count = numbers.number(1...(depth == 0 ? 7 : 4))
        let names = (0..<count).map { _ in name() }
        var visible = outer
        var members = JSONObject()
        for (index, name) in names.enumerated() {
            // A variable that the first state assigns is there in all that follow.
            var assigned: String?
            if index == 0, numbers.percent(60) {
                variables += 1
                assigned = "v\(variables)"
            }
            let following = Array(names[(index + 1)...])
            members[name] = .object(state(depth: depth, following: following, visible: visible, assigned: assigned, members: &members))
            if let assigned { visible.append(assigned) }
        }
        var workflow = JSONObject()
        workflow["StartAt"] = .string(names[0])
        workflow["States"] = .object(members)
        return workflow
    }

    private mutating func name() -> String {
        states += 1
        return "S\(states)"
    }

    private mutating func state(
        depth: Int, following: [String], visible: [String], assigned: String?, members: inout JSONObject
    ) -> JSONObject {
        var state: JSONObject
        if assigned != nil {
            state = pass(visible)
        } else {
            switch numbers.number(0...99) {
            case 0..<18: state = pass(visible)
            case 18..<26: state = queryPass(visible)
            case 26..<36: state = wait()
            case 36..<48 where !following.isEmpty: return choice(following, &members)
            case 48..<54 where following.isEmpty: return JSONObject([("Type", "Succeed")])
            case 54..<70 where depth < 3: state = parallel(depth, visible)
            case 70..<85 where depth < 3: state = map(depth, visible)
            default: state = task(visible)
            }
        }
        if let assigned { state["Assign"] = [assigned: .integer(Int64(numbers.number(0...9)))] }
        if let next = following.first { state["Next"] = .string(next) } else { state["End"] = true }
        if let type = state["Type"]?.string, ["Task", "Map", "Parallel"].contains(type) { addErrorHandling(&state, following) }
        return state
    }

    // MARK: state types

    private mutating func pass(_ visible: [String]) -> JSONObject {
        var state = JSONObject()
        state["Type"] = "Pass"
        switch numbers.number(0...3) {
        case 0:
            state["Result"] = ["a": .integer(Int64(numbers.number(0...5)))]
            state["ResultPath"] = "$.p"
        case 1:
            var parameters = JSONObject()
            parameters["n.$"] = "States.MathAdd($.n, 1)"
            parameters["items.$"] = "$.items"
            if let variable = visible.last { parameters["v.$"] = .string("$\(variable)") }
            state["Parameters"] = .object(parameters)
        case 2: state["Parameters"] = ["n.$": "$.n", "items": ["x", "y"], "state.$": "$$.State.Name"]
        default: break
        }
        return state
    }

    private mutating func queryPass(_ visible: [String]) -> JSONObject {
        var state = JSONObject()
        state["Type"] = "Pass"
        state["QueryLanguage"] = "JSONata"
        let addend = visible.last.map { "$\($0)" } ?? "2"
        state["Output"] = ["n": .string("{% $states.input.n + \(addend) %}"), "items": "{% $states.input.items %}"]
        return state
    }

    private mutating func wait() -> JSONObject {
        JSONObject([("Type", "Wait"), ("Seconds", .integer(Int64(numbers.number(0...20))))])
    }

    private mutating func choice(_ following: [String], _ members: inout JSONObject) -> JSONObject {
        var rules: [JSONValue] = []
        for _ in 0..<numbers.number(1...2) {
            rules.append([
                "Variable": "$.n", "NumericLessThan": .integer(Int64(numbers.number(0...4))), "Next": .string(numbers.pick(following)),
            ])
        }
        if failsItself, numbers.percent(15) {
            let name = name()
            members[name] = ["Type": "Fail", "Error": .string(numbers.pick(["E1", "E9"])), "Cause": "so it was written"]
            rules.append(["Variable": "$.n", "NumericGreaterThan": 5, "Next": .string(name)])
        }
        var state = JSONObject()
        state["Type"] = "Choice"
        state["Choices"] = .array(rules)
        // The next one, so that every state can be reached.
        state["Default"] = .string(following[0])
        return state
    }

    private mutating func task(_ visible: [String]) -> JSONObject {
        var state = JSONObject()
        state["Type"] = "Task"
        state["Resource"] = .string(
            numbers.pick([
                "arn:aws:lambda:us-east-1:111111111111:function:f", "arn:aws:states:::lambda:invoke",
                "arn:aws:states:::sqs:sendMessage.waitForTaskToken", "arn:aws:states:::states:startExecution.sync:2",
                "arn:aws:states:us-east-1:111111111111:activity:a",
            ]))
        state["Parameters"] = ["n.$": "$.n", "of.$": "$$.State.Name"]
        if usesEverything {
            if isExpress { state["Resource"] = "arn:aws:states:::lambda:invoke" }
            if state["Resource"]?.string?.contains(":activity:") == true {
                // A worker may die with its task.
                state["TimeoutSeconds"] = 300
            }
            if numbers.percent(25) {
                state["Parameters"] = nil
                state["QueryLanguage"] = "JSONata"
                state["Arguments"] = ["n": "{% $states.input.n %}", "of": "{% $states.context.State.Name %}"]
                state["Output"] = "{% $merge([$states.input, {'t': $states.result}]) %}"
                return state
            }
        }
        state["ResultPath"] = "$.t"
        if numbers.percent(30) { state["ResultSelector"] = ["of.$": "$.of"] }
        if numbers.percent(40) {
            state["TimeoutSeconds"] = .integer(Int64(numbers.number(30...90)))
            if numbers.percent(40) { state["HeartbeatSeconds"] = .integer(Int64(numbers.number(5...25))) }
        }
        return state
    }

    private mutating func parallel(_ depth: Int, _ visible: [String]) -> JSONObject {
        var branches: [JSONValue] = []
        for index in 0..<numbers.number(1...3) {
            var branch = workflow(depth: depth + 1, outer: visible)
            if usesExtensions {
                branch["Name"] = .string("B\(index)")
                if index > 0, numbers.percent(40) { branch["DependsOn"] = [.string("B\(numbers.number(0...(index - 1)))")] }
            }
            branches.append(.object(branch))
        }
        var state = JSONObject()
        state["Type"] = "Parallel"
        state["Branches"] = .array(branches)
        state["ResultPath"] = "$.b"
        if usesExtensions, numbers.percent(40) { state["MaxConcurrency"] = .integer(Int64(numbers.number(1...2))) }
        if usesExtensions, numbers.percent(40) { state["OnFailure"] = "FinishRunning" }
        return state
    }

    private mutating func map(_ depth: Int, _ visible: [String]) -> JSONObject {
        if usesEverything, !isExpress, depth < 2, numbers.percent(35) { return distributedMap(depth) }
        var processor = workflow(depth: depth + 1, outer: visible)
        processor["ProcessorConfig"] = ["Mode": "INLINE"]
        return map(over: processor)
    }

    private mutating func map(over processor: JSONObject) -> JSONObject {
        var state = JSONObject()
        state["Type"] = "Map"
        state["ItemsPath"] = "$.items"
        state["ItemSelector"] = ["n.$": "$$.Map.Item.Index", "items.$": "$.items"]
        state["ItemProcessor"] = .object(processor)
        state["ResultPath"] = "$.m"
        if numbers.percent(60) { state["MaxConcurrency"] = .integer(Int64(numbers.number(1...3))) }
        return state
    }

    /// Its children are executions of their own and see no variable.
    private mutating func distributedMap(_ depth: Int) -> JSONObject {
        isExpress = numbers.percent(30)
        var processor = workflow(depth: max(2, depth + 1), outer: [])
        processor["ProcessorConfig"] = ["Mode": "DISTRIBUTED", "ExecutionType": isExpress ? "EXPRESS" : "STANDARD"]
        isExpress = false
        var state = map(over: processor)
        if numbers.percent(40) { state["ToleratedFailureCount"] = .integer(Int64(numbers.number(1...3))) }
        return state
    }

    // MARK: errors

    /// Never for `Boom`, the error that tests raise to let an execution fail.
    private mutating func addErrorHandling(_ state: inout JSONObject, _ following: [String]) {
        if numbers.percent(40) {
            state["Retry"] = [
                [
                    "ErrorEquals": [.string(numbers.pick(["E1", "States.Timeout"]))], "IntervalSeconds": .integer(Int64(numbers.number(1...5))),
                    "MaxAttempts": .integer(Int64(numbers.number(0...3))), "BackoffRate": 1.5,
                ]
            ]
            if usesEverything, numbers.percent(30), case .array(let retriers)? = state["Retry"], case .object(var retrier)? = retriers.first {
                retrier["JitterStrategy"] = "FULL"
                state["Retry"] = [.object(retrier)]
            }
        }
        guard numbers.percent(40), !following.isEmpty else { return }
        if state["QueryLanguage"]?.string == "JSONata" {
            state["Catch"] = [
                [
                    "ErrorEquals": [.string(numbers.pick(["E1", "E2"])), "States.Timeout"], "Next": .string(numbers.pick(following)),
                    "Output": "{% $merge([$states.input, {'caught': $states.errorOutput}]) %}",
                ]
            ]
            return
        }
        state["Catch"] = [
            [
                "ErrorEquals": [.string(numbers.pick(["E1", "E2"])), "States.Timeout"], "Next": .string(numbers.pick(following)),
                "ResultPath": "$.caught",
            ]
        ]
    }
}

import AWSClient
import JSON
import StatesLanguage

/// The least that the machine's role must be allowed, with the states that need each line.
package struct IAMPolicy: Sendable, Equatable {
    package struct Line: Sendable, Equatable {
        package var actions: [String]
        package var resources: [String]
        /// `{"StringEquals": {…}}`
        package var condition: JSONValue?
        /// Names of the states that need it.
        package var states: [String]
    }

    package private(set) var lines: [Line] = []

    /// `machineARN`: of the machine itself, which a distributed Map starts.
    package init(definition: JSONValue, machineARN: String = "arn:aws:states:*:*:stateMachine:*") {
        for state in DefinitionWalk.states(definition) {
            var needs = PolicyNeeds(state: state, machineARN: machineARN)
            needs.collect()
            for need in needs.found { add(need, state.name) }
        }
    }

    /// Lines with the same resources and condition become one.
    private mutating func add(_ need: PolicyNeeds.Need, _ state: String) {
        if let index = lines.firstIndex(where: { $0.resources == need.resources && $0.condition == need.condition && $0.actions == need.actions }) {
            if !lines[index].states.contains(state) { lines[index].states.append(state) }
        } else {
            lines.append(Line(actions: need.actions, resources: need.resources, condition: need.condition, states: [state]))
        }
    }

    /// The policy document.
    package var document: JSONValue {
        [
            "Version": "2012-10-17",
            "Statement": .array(
                lines.enumerated().map { index, line in
                    var statement = JSONObject()
                    statement["Sid"] = .string("Line\(index + 1)")
                    statement["Effect"] = "Allow"
                    statement["Action"] = .array(line.actions.map(JSONValue.string))
                    statement["Resource"] = .array(line.resources.map(JSONValue.string))
                    if let condition = line.condition { statement["Condition"] = condition }
                    return .object(statement)
                }),
        ]
    }

    /// Who may assume the role.
    package static let trust: JSONValue = [
        "Version": "2012-10-17",
        "Statement": [
            ["Effect": "Allow", "Principal": ["Service": "states.amazonaws.com"], "Action": "sts:AssumeRole"]
        ],
    ]
}

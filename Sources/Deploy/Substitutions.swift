import AWSClient
import JSON

/// A definition in which what differs from account to account is a placeholder, `${Name}`, as CloudFormation's
/// `DefinitionSubstitutions` and its relatives expect it.
package struct Substitutions: Sendable, Equatable {
    package var definition: JSONValue
    /// Name, present value and kind (`Table`) of each placeholder, in their order.
    package var values: [(name: String, value: String, kind: String)]

    package static func == (left: Substitutions, right: Substitutions) -> Bool {
        left.definition == right.definition && left.values.elementsEqual(right.values, by: ==)
    }

    private static let fields: [String: String] = [
        "FunctionName": "Function", "QueueUrl": "Queue", "TopicArn": "Topic", "TargetArn": "Topic", "TableName": "Table",
        "StateMachineArn": "StateMachine", "Cluster": "Cluster", "TaskDefinition": "TaskDefinition", "JobQueue": "JobQueue",
        "JobDefinition": "JobDefinition", "RoleArn": "Role", "ExecutionRoleArn": "Role", "ConnectionArn": "Connection", "Bucket": "Bucket",
        "EventBusName": "EventBus", "ProjectName": "Project",
    ]

    package init(_ definition: JSONValue) {
        self.definition = .null
        values = []
        self.definition = replaced(definition, field: nil, depth: 0)
    }

    /// The service in the ARNs of what a placeholder of this kind names.
    static let services: [String: String] = [
        "Function": "lambda", "Queue": "sqs", "Topic": "sns", "Table": "dynamodb", "StateMachine": "states", "Activity": "states",
        "TaskDefinition": "ecs", "JobQueue": "batch", "JobDefinition": "batch", "Role": "iam", "Connection": "events", "Bucket": "s3",
        "EventBus": "events", "Project": "codebuild",
    ]

    private mutating func replaced(_ value: JSONValue, field: String?, depth: Int) -> JSONValue {
        // A definition that Step Functions takes is not nested this deeply.
        guard depth < 500 else { return value }
        switch value {
        case .object(let object):
            var result = JSONObject()
            for (key, member) in object { result[key] = replaced(member, field: key, depth: depth + 1) }
            return .object(result)
        case .array(let array): return .array(array.map { replaced($0, field: nil, depth: depth + 1) })
        case .string(let text):
            guard let field, let kind = kind(text, field) else { return value }
            return .string("${\(placeholder(text, kind))}")
        default: return value
        }
    }

    private func kind(_ text: String, _ field: String) -> String? {
        guard !text.isEmpty, !text.hasPrefix("{%"), !text.hasPrefix("$"), !text.hasPrefix("${") else { return nil }
        if field == "Resource" {
            if text.hasPrefix("arn:aws:lambda:") { return "Function" }
            // arn:aws:states:REGION:ACCOUNT:activity:NAME
            return text.contains(":activity:") ? "Activity" : nil
        }
        return Self.fields[field]
    }

    private mutating func placeholder(_ text: String, _ kind: String) -> String {
        if let known = values.first(where: { $0.value == text && $0.kind == kind }) { return known.name }
        let last = text.split(whereSeparator: { $0 == ":" || $0 == "/" }).last { $0 != "$LATEST" } ?? "Value"
        var base = Naming.pascalCase(String(last)) + (Naming.pascalCase(String(last)).hasSuffix(kind) ? "" : kind)
        if let first = base.first, first.isNumber { base = "P" + base }
        var name = base
        var number = 2
        while values.contains(where: { $0.name == name }) {
            name = base + String(number)
            number += 1
        }
        values.append((name, text, kind))
        return name
    }
}

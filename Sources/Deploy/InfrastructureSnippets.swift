import AWSClient
import JSON

/// A machine for infrastructure tools: CloudFormation, SAM, Terraform, CDK. Each snippet stands alone, with a role that
/// may do what the definition needs and no more.
package struct InfrastructureSnippets: Sendable {
    package let name: String
    package let isExpress: Bool
    private let substitutions: Substitutions
    private let policy: JSONValue

    package init(name: String, definition: JSONValue, isExpress: Bool = false) {
        self.name = name
        self.isExpress = isExpress
        substitutions = Substitutions(definition)
        policy = IAMPolicy(definition: definition).document
    }

    /// The policy with each resource that a placeholder stands for written by `reference`, so that who changes a value
    /// changes what the role may do. Placeholders are written `${Name}` in its argument.
    private func policy(referring reference: (String) -> JSONValue) -> JSONValue {
        var document = policy.object ?? JSONObject()
        document["Statement"] = .array(
            (policy["Statement"]?.array ?? []).map { statement in
                guard var members = statement.object, let resources = members["Resource"]?.array else { return statement }
                members["Resource"] = .array(
                    resources.map { resource in
                        guard let text = resource.string, let placed = placed(text) else { return resource }
                        return reference(placed)
                    })
                return .object(members)
            })
        return .object(document)
    }

    /// `arn:aws:lambda:*:*:function:price:*` with price → `arn:aws:lambda:*:*:function:${PriceFunction}:*`; nil: as it is.
    private func placed(_ resource: String) -> String? {
        let service = resource.split(separator: ":", omittingEmptySubsequences: false).dropFirst(2).first.map(String.init)
        for (name, value, kind) in substitutions.values {
            // A table and a topic may have the same name.
            if let its = Substitutions.services[kind], its != service { continue }
            if resource == value { return "${\(name)}" }
            if value.hasPrefix("arn:") {
                if resource.hasPrefix(value), let next = resource.dropFirst(value.count).first, ":/".contains(next) {
                    return "${\(name)}" + resource.dropFirst(value.count)
                }
                continue
            }
            // A name is a whole part of an ARN.
            for mark in [":", "/"] {
                guard let range = resource.firstRange(of: mark + value) else { continue }
                let rest = resource[range.upperBound...]
                if rest.first.map({ ":/".contains($0) }) ?? true { return "\(resource[..<range.lowerBound])\(mark)${\(name)}\(rest)" }
            }
        }
        return nil
    }

    private var cloudFormationPolicy: JSONValue { policy { ["Fn::Sub": .string($0)] } }

    private var type: String { isExpress ? "EXPRESS" : "STANDARD" }
    private var logicalName: String {
        let name = Naming.pascalCase(name)
        return name.isEmpty || name.first?.isNumber == true ? "Machine" + name : name
    }
    private var needsRights: Bool { policy["Statement"]?.array?.isEmpty == false }

    // MARK: CloudFormation and SAM

    private var parameters: JSONValue {
        .object(
            JSONObject(
                substitutions.values.map { ($0.name, ["Type": "String", "Default": .string($0.value)] as JSONValue) }))
    }

    private var references: JSONValue {
        .object(JSONObject(substitutions.values.map { ($0.name, ["Ref": .string($0.name)] as JSONValue) }))
    }

    /// A template in JSON.
    package var cloudFormation: JSONValue {
        var role = JSONObject([("AssumeRolePolicyDocument", IAMPolicy.trust)])
        if needsRights {
            let inline: JSONValue = ["PolicyName": .string(logicalName + "Policy"), "PolicyDocument": cloudFormationPolicy]
            role["Policies"] = .array([inline])
        }
        let roleARN: JSONValue = ["Fn::GetAtt": [.string(logicalName + "Role"), "Arn"]]
        var machine = JSONObject([
            ("StateMachineName", .string(name)), ("StateMachineType", .string(type)),
            ("RoleArn", roleARN), ("Definition", substitutions.definition),
        ])
        if !substitutions.values.isEmpty { machine["DefinitionSubstitutions"] = references }
        return template(
            transform: nil,
            [
                (logicalName + "Role", "AWS::IAM::Role", role), (logicalName, "AWS::StepFunctions::StateMachine", machine),
            ])
    }

    package var sam: JSONValue {
        var machine = JSONObject([
            ("Name", .string(name)), ("Type", .string(type)), ("Definition", substitutions.definition),
        ])
        if !substitutions.values.isEmpty { machine["DefinitionSubstitutions"] = references }
        if needsRights { machine["Policies"] = .array([cloudFormationPolicy]) }
        return template(transform: "AWS::Serverless-2016-10-31", [(logicalName, "AWS::Serverless::StateMachine", machine)])
    }

    private func template(transform: String?, _ resources: [(String, String, JSONObject)]) -> JSONValue {
        var result = JSONObject([("AWSTemplateFormatVersion", "2010-09-09")])
        if let transform { result["Transform"] = .string(transform) }
        if !substitutions.values.isEmpty { result["Parameters"] = parameters }
        result["Resources"] = .object(
            JSONObject(resources.map { ($0.0, ["Type": .string($0.1), "Properties": .object($0.2)] as JSONValue) }))
        result["Outputs"] = ["StateMachineArn": ["Value": ["Ref": .string(logicalName)]]]
        return .object(result)
    }

    // MARK: Terraform

    package var terraform: String {
        let label = Self.snakeCase(name)
        var text = ""
        for (name, value, _) in substitutions.values {
            text += "variable \"\(Self.snakeCase(name))\" {\n  type    = string\n  default = \(Self.hclString(value))\n}\n\n"
        }
        text += "resource \"aws_iam_role\" \"\(label)\" {\n  assume_role_policy = <<-JSON\n"
        text += indented(Self.hclEscaped(IAMPolicy.trust.text(.pretty)), 4) + "\n  JSON\n}\n\n"
        if needsRights {
            text += "resource \"aws_iam_role_policy\" \"\(label)\" {\n  role   = aws_iam_role.\(label).id\n  policy = <<-JSON\n"
            text += indented(hclReferring(policy { .string($0) }), 4) + "\n  JSON\n}\n\n"
        }
        let definition = hclReferring(substitutions.definition)
        text += "resource \"aws_sfn_state_machine\" \"\(label)\" {\n  name       = \(Self.hclString(name))\n"
        text += "  type       = \"\(type)\"\n  role_arn   = aws_iam_role.\(label).arn\n  definition = <<-JSON\n"
        text += indented(definition, 4) + "\n  JSON\n}\n"
        return text
    }

    /// HCL in which the placeholders are variables.
    private func hclReferring(_ value: JSONValue) -> String {
        var text = Self.hclEscaped(value.text(.pretty))
        for (name, _, _) in substitutions.values {
            text = text.replacingAll("$${\(name)}", with: "${var.\(Self.snakeCase(name))}")
        }
        return text
    }

    /// `${` and `%{` begin a template in HCL.
    private static func hclEscaped(_ text: String) -> String {
        text.replacingAll("${", with: "$${").replacingAll("%{", with: "%%{")
    }

    private static func hclString(_ text: String) -> String { hclEscaped(JSONValue.string(text).text()) }

    private static func snakeCase(_ name: String) -> String {
        var result = ""
        for character in name {
            if character.isUppercase, let last = result.last, last != "_" { result += "_" }
            result += character.isLetter || character.isNumber ? character.lowercased() : result.last == "_" || result.isEmpty ? "" : "_"
        }
        if result.isEmpty || result.first?.isNumber == true { result = "machine_" + result }
        return result
    }

    private func indented(_ text: String, _ spaces: Int) -> String {
        let blanks = String(repeating: " ", count: spaces)
        return text.split(separator: "\n", omittingEmptySubsequences: false).map { blanks + $0 }.joined(separator: "\n")
    }

    // MARK: CDK

    package var cdkTypeScript: String {
        let values = substitutions.values.map { "        \($0.name): \(JSONValue.string($0.value).text()),\n" }.joined()
        return """
            import { Stack, StackProps } from 'aws-cdk-lib';
            import * as iam from 'aws-cdk-lib/aws-iam';
            import * as sfn from 'aws-cdk-lib/aws-stepfunctions';
            import { Construct } from 'constructs';

            export class \(logicalName)Stack extends Stack {
              constructor(scope: Construct, id: string, props?: StackProps) {
                super(scope, id, props);

                const machine = new sfn.StateMachine(this, '\(logicalName)', {
                  stateMachineName: \(JSONValue.string(name).text()),
                  stateMachineType: sfn.StateMachineType.\(type),
                  definitionBody: sfn.DefinitionBody.fromString(JSON.stringify(definition)),
                  definitionSubstitutions: {
            \(values)      },
                });
                for (const statement of policy.Statement) {
                  machine.addToRolePolicy(iam.PolicyStatement.fromJson(statement));
                }
              }
            }

            const definition = \(substitutions.definition.text(.pretty));

            const policy = \(policy.text(.pretty));

            """
    }

    package var cdkPython: String {
        let values = substitutions.values.map { "                \(JSONValue.string($0.name).text()): \(JSONValue.string($0.value).text()),\n" }.joined()
        return """
            import json

            from aws_cdk import Stack
            from aws_cdk import aws_iam as iam
            from aws_cdk import aws_stepfunctions as sfn
            from constructs import Construct

            DEFINITION = json.loads(\(Self.pythonText(substitutions.definition)))

            POLICY = json.loads(\(Self.pythonText(policy)))


            class \(logicalName)Stack(Stack):
                def __init__(self, scope: Construct, construct_id: str, **kwargs) -> None:
                    super().__init__(scope, construct_id, **kwargs)
                    machine = sfn.StateMachine(
                        self,
                        "\(logicalName)",
                        state_machine_name=\(JSONValue.string(name).text()),
                        state_machine_type=sfn.StateMachineType.\(type),
                        definition_body=sfn.DefinitionBody.from_string(json.dumps(DEFINITION)),
                        definition_substitutions={
            \(values)            },
                    )
                    for statement in POLICY["Statement"]:
                        machine.add_to_role_policy(iam.PolicyStatement.from_json(statement))

            """
    }

    /// A raw text in three quotes, so that the JSON can be read.
    private static func pythonText(_ value: JSONValue) -> String {
        let text = value.text(.pretty)
        return text.contains("'''") ? JSONValue.string(text).text() : "r'''\(text)'''"
    }
}

extension String {
    fileprivate func replacingAll(_ old: String, with new: String) -> String {
        var result = ""
        var rest = Substring(self)
        while let range = rest.firstRange(of: old) {
            result += rest[..<range.lowerBound] + new
            rest = rest[range.upperBound...]
        }
        return result + rest
    }
}

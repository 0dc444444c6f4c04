import JSON
import JSONPath

extension StateReader {
    func choice() -> ChoiceState? {
        guard let value = reader["Choices"] else {
            reader.required("Choices")
            return nil
        }
        if value.array?.isEmpty == true { reader.schema("Value cannot be empty", at: "Choices") }
        let rules = reader.elements("Choices").compactMap(rule)
        return ChoiceState(rules: rules, defaultNext: reader.has("Default") ? target("Default", in: reader) : nil)
    }

    private func rule(_ element: FieldReader) -> ChoiceRule? {
        let assign = element.assignment(visibility: .none)
        element.onlyFor(.jsonata, "Output")
        let output = element.language == .jsonata ? element.template("Output") : nil
        let condition = element.language == .jsonata ? queryCondition(element) : ConditionReader(reader: element, isTop: true).condition()
        guard let next = target("Next", in: element), let condition else { return nil }
        return ChoiceRule(condition: Condition(root: condition), next: next, assign: assign, output: output)
    }

    private func queryCondition(_ element: FieldReader) -> Condition.Node? {
        for field in element.object.keys where !["Condition", "Next", "Assign", "Output", "Comment"].contains(field) {
            if ConditionReader.isJSONPathField(field) {
                element.refuseLanguage(field, .jsonPath)
            } else {
                session.schema("Field '\(field)' is not supported", element.place)
            }
        }
        guard let value = element["Condition"] else {
            ConditionReader.needsOneForm(element)
            return nil
        }
        if let flag = value.bool { return .literal(flag) }
        guard let text = value.string else {
            element.schema("Expected value of type [BOOLEAN, STRING]", at: "Condition")
            return nil
        }
        guard let query = element.query(text, "Condition", .none) else {
            if QueryExpression.source(of: text) == nil {
                element.schema("Value must be a boolean or a JSONata expression", at: "Condition")
            }
            return nil
        }
        return .query(query)
    }
}

/// Reads the comparisons of a JSONPath rule.
struct ConditionReader {
    let reader: FieldReader
    /// `Next`, `Assign` and `Comment` stand on top alone.
    let isTop: Bool

    static func isJSONPathField(_ name: String) -> Bool {
        ["Variable", "And", "Or", "Not"].contains(name) || Comparator(rawValue: name) != nil
    }

    static func needsOneForm(_ reader: FieldReader) {
        reader.session.schema("The object must have only one of the following fields, [And, Or, Not, Variable, Condition]", reader.place)
    }

    // The recursion is bounded by the depth of the definition.
    func condition() -> Condition.Node? {
        let operators = reader.object.keys.filter { !["Variable", "Next", "Assign", "Comment", "Output"].contains($0) }
        if !isTop {
            for field in ["Next", "Assign", "Output"] where reader.has(field) {
                reader.session.schema("Field '\(field)' is not supported", reader.place)
            }
        }
        var known: [String] = []
        for name in operators {
            if name == "Condition" {
                reader.refuseLanguage(name, .jsonata)
            } else if Self.isJSONPathField(name) {
                known.append(name)
            } else {
                reader.session.schema("Field '\(name)' is not supported", reader.place)
            }
        }
        guard known.count == 1, let name = known.first else {
            if known.count != operators.count && known.isEmpty { return nil }
            let comparators = known.filter { Comparator(rawValue: $0) != nil }
            if comparators.count != known.count || !reader.has("Variable") {
                Self.needsOneForm(reader)
            } else if known.isEmpty {
                reader.none(of: Comparator.names)
            } else {
                reader.tooMany(Comparator.names)
            }
            return nil
        }
        switch name {
        case "And": return combination(name).map(Condition.Node.and)
        case "Or": return combination(name).map(Condition.Node.or)
        case "Not":
            refuseVariable()
            guard let inner = reader.nested(name), let node = ConditionReader(reader: inner, isTop: false).condition() else { return nil }
            return .not(node)
        default: return comparison(name)
        }
    }

    private func combination(_ name: String) -> [Condition.Node]? {
        refuseVariable()
        // One element may stand without its array (recorded by LocalStack: singleton_composite).
        let parts: [FieldReader]
        if case .object? = reader[name] {
            parts = reader.nested(name).map { [$0] } ?? []
        } else {
            parts = reader.elements(name)
            if reader[name]?.array?.isEmpty == true { reader.schema("Value cannot be empty", at: name) }
        }
        let nodes = parts.compactMap { ConditionReader(reader: $0, isTop: false).condition() }
        return nodes.count == parts.count && !nodes.isEmpty ? nodes : nil
    }

    private func refuseVariable() {
        if reader.has("Variable") { Self.needsOneForm(reader) }
    }

    private func comparison(_ name: String) -> Condition.Node? {
        guard reader.has("Variable") else {
            Self.needsOneForm(reader)
            return nil
        }
        let variable = reader.path("Variable")
        guard let comparator = Comparator(rawValue: name), let test = test(comparator), let variable else { return nil }
        return .compare(Comparison(variable: variable, test: test))
    }

    private func test(_ comparator: Comparator) -> Comparison.Test? {
        let name = comparator.rawValue
        switch comparator.family {
        case .isNull: return reader.bool(name).map(Comparison.Test.isNull)
        case .isPresent: return reader.bool(name).map(Comparison.Test.isPresent)
        case .isNumeric: return reader.bool(name).map(Comparison.Test.isNumeric)
        case .isString: return reader.bool(name).map(Comparison.Test.isString)
        case .isBoolean: return reader.bool(name).map(Comparison.Test.isBoolean)
        case .isTimestamp: return reader.bool(name).map(Comparison.Test.isTimestamp)
        case .stringMatches: return reader.string(name).map { .matches(Wildcard($0)) }
        case .boolean: return operand(comparator).map(Comparison.Test.boolean)
        case .numeric(let order): return operand(comparator).map { .numeric(order, $0) }
        case .string(let order): return operand(comparator).map { .string(order, $0) }
        case .timestamp(let order): return operand(comparator).map { .timestamp(order, $0) }
        }
    }

    private func operand(_ comparator: Comparator) -> Comparison.Operand? {
        let name = comparator.rawValue
        if comparator.isPath { return reader.path(name).map(Comparison.Operand.path) }
        guard let value = reader[name] else { return nil }
        switch comparator.family {
        case .boolean: return reader.bool(name).map { .literal(.bool($0)) }
        case .numeric:
            guard value.isNumber else {
                reader.schema("Expected value of type [NUMBER]", at: name)
                return nil
            }
        case .timestamp:
            guard let text = reader.string(name) else { return nil }
            guard Instant(text) != nil else {
                reader.schema("String does not match RFC3339 timestamp", at: name)
                return nil
            }
        default: guard reader.string(name) != nil else { return nil }
        }
        return .literal(value)
    }
}

/// One of the 39 operators, taken apart.
struct Comparator {
    let rawValue: String
    let family: Family
    let isPath: Bool

    enum Family {
        case boolean
        case numeric(Comparison.Order)
        case string(Comparison.Order)
        case timestamp(Comparison.Order)
        case stringMatches, isNull, isPresent, isNumeric, isString, isBoolean, isTimestamp
    }

    init?(rawValue: String) {
        guard let found = Self.all[rawValue] else { return nil }
        self = found
    }

    private init(_ name: String, _ family: Family, isPath: Bool = false) {
        rawValue = name
        self.family = family
        self.isPath = isPath
    }

    /// In the order in which AWS lists them (tiny-asl-machine's recording of a rule without comparison).
    static let names = [
        "StringEquals", "IsBoolean", "StringLessThan", "IsNumeric", "BooleanEquals", "StringLessThanEqualsPath", "NumericLessThan",
        "NumericGreaterThan", "NumericLessThanPath", "StringMatches", "TimestampLessThanEqualsPath", "NumericEquals",
        "TimestampGreaterThan", "StringGreaterThanEqualsPath", "TimestampGreaterThanEqualsPath", "TimestampLessThanEquals",
        "NumericLessThanEqualsPath", "TimestampEquals", "BooleanEqualsPath", "IsTimestamp", "StringLessThanEquals",
        "NumericLessThanEquals", "StringLessThanPath", "TimestampGreaterThanPath", "StringGreaterThan", "StringGreaterThanPath",
        "IsString", "StringEqualsPath", "TimestampEqualsPath", "TimestampLessThan", "StringGreaterThanEquals",
        "NumericGreaterThanPath", "NumericGreaterThanEquals", "NumericEqualsPath", "TimestampLessThanPath", "IsNull", "IsPresent",
        "TimestampGreaterThanEquals", "NumericGreaterThanEqualsPath",
    ]

    private static let all: [String: Comparator] = {
        var list: [Comparator] = [
            Comparator("StringMatches", .stringMatches), Comparator("IsNull", .isNull), Comparator("IsPresent", .isPresent),
            Comparator("IsNumeric", .isNumeric), Comparator("IsString", .isString), Comparator("IsBoolean", .isBoolean),
            Comparator("IsTimestamp", .isTimestamp), Comparator("BooleanEquals", .boolean),
            Comparator("BooleanEqualsPath", .boolean, isPath: true),
        ]
        for order in Comparison.Order.allCases {
            for (prefix, family) in [("Numeric", Family.numeric(order)), ("String", .string(order)), ("Timestamp", .timestamp(order))] {
                list.append(Comparator(prefix + order.rawValue, family))
                list.append(Comparator(prefix + order.rawValue + "Path", family, isPath: true))
            }
        }
        return Dictionary(uniqueKeysWithValues: list.map { ($0.rawValue, $0) })
    }()
}

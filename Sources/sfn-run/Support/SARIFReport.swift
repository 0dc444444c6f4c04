import JSON

/// Problems in SARIF 2.1.0, which code review tools read.
enum SARIFReport {
    static func document(_ problems: [Problem]) -> JSONValue {
        var codes: [String] = []
        for problem in problems where !codes.contains(problem.code) { codes.append(problem.code) }
        let rules = codes.map { code -> JSONValue in ["id": .string(code)] }
        return [
            "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
            "version": "2.1.0",
            "runs": [
                [
                    "tool": ["driver": ["name": "sfn-run", "version": .string(SfnRun.version), "rules": .array(rules)]],
                    "results": .array(problems.map(result)),
                ]
            ],
        ]
    }

    private static func result(_ problem: Problem) -> JSONValue {
        [
            "ruleId": .string(problem.code),
            "level": .string(problem.severity.rawValue),
            "message": ["text": .string(problem.message)],
            "locations": [
                [
                    "physicalLocation": [
                        "artifactLocation": ["uri": .string(problem.file)],
                        "region": ["startLine": .integer(Int64(problem.line))],
                    ],
                    "logicalLocations": [["fullyQualifiedName": .string(problem.pointer)]],
                ]
            ],
        ]
    }
}

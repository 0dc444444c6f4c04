import ArgumentParser
import JSON

/// `sfn-run eval EXPRESSION`
struct EvalCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "eval",
        abstract: "Evaluates an expression: JSONata, JSONPath or an intrinsic function.",
        discussion: """
            sfn-run eval '$sum(items.price)' --input order.json
            sfn-run eval '$.items[?(@.price > 10)]' --input order.json          JSONPath: begins with $. or $[
            sfn-run eval "States.Format('{} items', States.ArrayLength($.items))" --input order.json
            sfn-run eval --batch < lines.jsonl                                 one answer line for each line

            A batch line is {"expr", "data", "bindings", "language"}; its answer is {"result"}, {"undefined": true} or \
            {"error": {"code", "message", "position"}}.
            """)

    @Argument(help: "The expression.")
    var expression: String?

    @Option(help: "What it works on: JSON, a file, or - for standard input.")
    var input: String?

    @Option(help: "An object of variables: JSON or a file.")
    var bindings: String?

    @Option(help: "jsonata, jsonpath or intrinsic; without it the expression's beginning decides.")
    var language: ExpressionLanguage?

    @Flag(help: "Read JSON lines from standard input, write JSON lines.")
    var batch = false

    @Flag(help: "Write the result on one line.")
    var compact = false

    func validate() throws {
        if batch == (expression != nil) {
            throw ValidationError(batch ? "--batch takes its expressions from standard input" : "what is to be evaluated? Give an expression, or --batch")
        }
    }

    func run() throws {
        try Refusal.reporting {
            if batch { return try BatchEvaluation.run(defaultLanguage: language ?? .jsonata) }
            guard let expression else { return }
            let data = try input.map { try InputArgument.read($0, name: "--input") }
            let bound = try bindings.map { try InputArgument.read($0, name: "--bindings") }
            guard bound == nil || bound?.object != nil else { throw Refusal("--bindings: expected an object of variables", .wrongUsage) }
            let answer = Evaluation(
                expression: expression, data: data, bindings: bound?.object ?? JSONObject(),
                language: language ?? ExpressionLanguage.guess(expression)
            ).answer()
            switch answer {
            case .result(let value): printOutput(value.text(compact ? .compact : .pretty))
            case .undefined: printNote("undefined: nothing matched")
            case .error(let code, let message, let position):
                let place = position.map { " (position \($0))" } ?? ""
                printNote([code, message].compactMap { $0 }.joined(separator: ": ") + place)
                throw ExitCode.executionFailed
            }
        }
    }
}

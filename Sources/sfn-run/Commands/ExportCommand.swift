import ArgumentParser
import Deploy
import JSON
import LocalJobs
import SageMakerPipelines
import StatesLanguage

/// `sfn-run export FILE`
struct ExportCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "export",
        abstract: "Writes a machine as strict Step Functions JSON, canonical and stable.",
        discussion: """
            The machine alone goes to standard output; what an extension of sfn-run loses on the way is told on \
            standard error. Exporting what was exported changes nothing.

            Where a pipeline's steps have to wait for more than they need, because Step Functions knows no other form, \
            the durations of its runs in the store choose where that costs least.
            """)

    @Argument(help: "The definition; - is standard input.")
    var file: String

    @Option(
        help: """
            step-functions, sagemaker (a pipeline's own definition), mermaid, dot, iam-policy, cloudformation, sam, terraform, \
            cdk-typescript or cdk-python.
            """)
    var to: Target = .stepFunctions

    @Option(name: .shortAndLong, help: "Write to this file instead of standard output.")
    var output: String?

    @Flag(help: "A pipeline's retries as wider Retry fields instead of exact loops.")
    var simple = false

    @Option(help: "Write the IAM policy that a pipeline's machine needs to this file.")
    var policy: String?

    @OptionGroup var place: StorePlace

    enum Target: String, ExpressibleByArgument, CaseIterable {
        case stepFunctions = "step-functions"
        case sagemaker, mermaid, dot, cloudformation, sam, terraform
        case iamPolicy = "iam-policy"
        case cdkTypeScript = "cdk-typescript"
        case cdkPython = "cdk-python"
    }

    func run() throws {
        try Refusal.reporting {
            let file = try DefinitionFile.read(file)
            let problems = Examination.problems(of: file)
            if problems.contains(where: { $0.severity == .error }) {
                problems.forEach { printNote($0.text) }
                throw ExitCode.invalidDefinition
            }
            let text = try file.content == .pipeline ? pipelineText(file) : machineText(file)
            if let output {
                try NamedFile.write(Array(text.utf8), to: output)
            } else {
                printText(text)
            }
        }
    }

    private func machineText(_ file: DefinitionFile) throws -> String {
        switch to {
        case .sagemaker: throw Refusal("\(file.path) is a state machine; only a pipeline can be written as a SageMaker definition")
        case .mermaid: return MermaidWriter.text(StateGraph(file.definition))
        case .dot: return DotWriter.text(StateGraph(file.definition))
        case .stepFunctions: return try strictText(file)
        case .iamPolicy, .cloudformation, .sam, .terraform, .cdkTypeScript, .cdkPython:
            return infrastructureText(name: file.name, definition: try JSONValue(parsing: try strictText(file)))
        }
    }

    /// For infrastructure tools; the states that need each line of a policy are told on standard error.
    private func infrastructureText(name: String, definition: JSONValue) -> String {
        let snippets = InfrastructureSnippets(name: name, definition: definition)
        switch to {
        case .cloudformation: return snippets.cloudFormation.text(.pretty) + "\n"
        case .sam: return snippets.sam.text(.pretty) + "\n"
        case .terraform: return snippets.terraform
        case .cdkTypeScript: return snippets.cdkTypeScript
        case .cdkPython: return snippets.cdkPython
        case .iamPolicy, .stepFunctions, .sagemaker, .mermaid, .dot:
            let policy = IAMPolicy(definition: definition)
            for (index, line) in policy.lines.enumerated() {
                printNote("Line\(index + 1): \(line.actions.joined(separator: ", ")) for \(line.states.joined(separator: ", "))")
            }
            return policy.document.text(.pretty) + "\n"
        }
    }

    private func strictText(_ file: DefinitionFile) throws -> String {
        let strict = StrictDefinition(file.definition)
        for note in strict.notes {
            printNote("\(file.path):\(file.line(of: note.pointer)): \(note.isRefusal ? "error" : "note") at \(note.pointer): \(note.message)")
        }
        if strict.notes.contains(where: \.isRefusal) { throw ExitCode.invalidDefinition }
        return CanonicalDefinition(strict.definition).text
    }

    private func pipelineText(_ file: DefinitionFile) throws -> String {
        let pipeline = try PipelineFile.definition(of: file)
        switch to {
        case .sagemaker: return pipeline.json.text(.pretty) + "\n"
        case .mermaid: return MermaidWriter.text(StateGraph(pipeline.compile(CompileOptions(name: file.name)).machine))
        case .dot: return DotWriter.text(StateGraph(pipeline.compile(CompileOptions(name: file.name)).machine))
        case .stepFunctions:
            let exported = exported(pipeline, file)
            exported.losses.forEach { printNote("note: \($0)") }
            if let policy { try NamedFile.write(exported.policy.bytes(.pretty) + [0x0A], to: policy) }
            return CanonicalDefinition(exported.machine).text
        case .iamPolicy, .cloudformation, .sam, .terraform, .cdkTypeScript, .cdkPython:
            let exported = exported(pipeline, file)
            exported.losses.forEach { printNote("note: \($0)") }
            return infrastructureText(name: file.name, definition: exported.machine)
        }
    }

    private func exported(_ pipeline: PipelineDefinition, _ file: DefinitionFile) -> ExportedPipeline {
        let options = CompileOptions(name: file.name)
        let first = pipeline.exportToStepFunctions(options, isSimple: simple)
        guard first.hasBarriers, let seconds = measured(file), !seconds.isEmpty else { return first }
        return pipeline.exportToStepFunctions(options, isSimple: simple, durations: seconds)
    }

    /// How long each step took in the mean of the latest successes, where there is a store that has some.
    private func measured(_ file: DefinitionFile) -> [String: Double]? {
        let folder = file.path == "-" ? "." : Files.parent(file.path)
        guard let store = try? place.open(from: folder).store,
            let rows = try? StoredStory.rows(ofMachine: ExecutionName.sanitized(file.name, limit: 80), in: store, limit: 20)
        else { return nil }
        var sums: [String: (seconds: Double, count: Double)] = [:]
        for row in rows.filter({ $0.status == .succeeded }).prefix(5) {
            guard let told = try? StoredStory(row, in: store) else { continue }
            // What the cache gave took no time that says anything.
            for visit in told.story.visits where visit.reusedFrom == nil {
                guard let left = visit.left, visit.status == .succeeded else { continue }
                let known = sums[visit.state] ?? (0, 0)
                sums[visit.state] = (known.seconds + Double(left.milliseconds - visit.entered.milliseconds) / 1000, known.count + 1)
            }
        }
        return sums.mapValues { max(0.001, $0.seconds / $0.count) }
    }
}

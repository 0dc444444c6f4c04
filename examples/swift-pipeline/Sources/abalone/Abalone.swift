import JSON
import LocalPipelines
import SageMakerPipelines

/// `abalone definition` writes the definition; `abalone [Name=Value …]` runs the pipeline in ../abalone.
@main struct Abalone {
    static func main() async throws {
        let pipeline = abalonePipeline()
        let words = Array(CommandLine.arguments.dropFirst())
        if words.first == "definition" { return print(pipeline.definition().json.text(.pretty)) }

        var parameters: [String: JSONValue] = [:]
        for word in words {
            let parts = word.split(separator: "=", maxSplits: 1).map(String.init)
            if parts.count == 2 { parameters[parts[0]] = .string(parts[1]) }
        }
        let local = try LocalPipelineSession(folder: "examples/abalone")
        for step in pipeline.stepsInfo() { print("\(step.name): \(step.type) after \(step.dependsOn.joined(separator: ", "))") }
        let (execution, status) = try await pipeline.execute(on: local, parameters: parameters)
        for step in try await execution.listSteps().reversed() {
            print("\(step["StepStatus"]?.string ?? "?")  \(step["StepName"]?.string ?? "?")  \(step["Metadata"]?.text() ?? "")")
        }
        print("\(execution.arn): \(status)")
        await local.close()
    }
}

import Foundation
import JSON
import SageMakerPipelines
import Testing

@testable import abalone

@Suite struct AbaloneDefinitionTests {
    @Test func theSwiftPipelineIsWhatThePythonSDKWrote() throws {
        let file = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../examples/abalone/pipeline.json")
        let written = try JSONValue(parsing: Array(Data(contentsOf: file)))
        #expect(abalonePipeline().definition().json == written)
    }

    @Test func dependenciesFollowFromWhatStepsUse() {
        let info = Dictionary(uniqueKeysWithValues: abalonePipeline().stepsInfo().map { ($0.name, $0.dependsOn) })
        #expect(info["AbaloneTrain"] == ["AbaloneProcess"])
        #expect(info["RecordModelName"]?.contains("AbaloneCreate-CreateModel") == true)
    }
}

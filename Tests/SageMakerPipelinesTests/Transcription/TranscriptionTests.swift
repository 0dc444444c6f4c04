import JSON
import SageMakerPipelines
import Testing

/// Every definition of the corpus that the DSL can say, said in it.
@Suite struct TranscriptionTests {
    /// What is there, without what the SDK's own classes do not write: templates of other programs, functions' internals.
    private static let entries = Corpus.entries.filter { $0.record["expected"] == nil }

    @Test(.enabled(if: Corpus.folder != nil)) func theDSLWritesWhatThePythonSDKWrites() throws {
        var said = 0
        var unsayable: [String] = []
        for entry in Self.entries {
            let json = try entry.read()
            let pipeline: Pipeline
            do {
                pipeline = try DSLTranscription(json).pipeline()
            } catch let reason as DSLTranscription.Unsayable {
                unsayable.append("\(entry.file): \(reason)")
                continue
            }
            said += 1
            let written = pipeline.definition().json
            let differences = CacheKey.differences(written, json)
            #expect(written == json, "\(entry.file): \(differences.map(\.pointer).joined(separator: ", "))")
        }
        // The rest no class of the SDK wrote (evaluation templates, fixtures with loose ends), but for tuning of several algorithms.
        #expect(said * 10 >= Self.entries.count * 8, "not sayable:\n\(unsayable.joined(separator: "\n"))")
    }
}

import Glibc
import Testing

@testable import sfn_cases

/// The case tables as tests; without the folder of the cases there is nothing to run.
@Suite(.enabled(if: CaseFiles(isVerbose: false).text("asl/micro.jsonl") != nil))
struct CasesTests {
    let files = CaseFiles(isVerbose: true)

    @Test func everyExpressionThatAWSRecordedGivesWhatAWSGave() {
        let result = MicroCases(files: files).run()
        #expect(result.total > 0)
        #expect(Double(result.passed) >= 0.99 * Double(result.total))
    }

    /// The rest are two published samples that are broken, and mistakes that AWS finds only at run time or not at all.
    @Test func definitionsAreAcceptedAndRefusedAsAWSDoes() {
        let result = DefinitionCases(files: files).run()
        #expect(result.total > 0)
        #expect(Double(result.passed) >= 0.98 * Double(result.total))
    }
}

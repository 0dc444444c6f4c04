import Testing

@testable import sfn_pipelines

/// Error class × policy × time (spec 2.4), as `sfn-pipelines --retries` prints it.
@Suite struct RetryTableTests {
    @Test(arguments: RetryCase.all.indices) func attemptsAreMadeWhenThePolicySays(_ index: Int) throws {
        let own = RetryCase.all[index]
        let run = try #require(own.run(), "\(own.what)")
        #expect(run.attempts == own.attempts, "\(own.what)")
        #expect(own.scheduled() == own.attempts, "\(own.what)")
        #expect(run.hasOwnNames, "\(own.what): a retried job gets a new name")
    }
}

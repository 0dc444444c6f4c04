import ArgumentParser

/// How `sfn-run` ends; part of what scripts rely on.
extension ExitCode {
    static let executionFailed = ExitCode(1)
    static let executionTimedOut = ExitCode(2)
    static let executionAborted = ExitCode(3)
    static let wrongUsage = ExitCode(64)
    /// A definition, pipeline or input that cannot be read or is not valid.
    static let invalidDefinition = ExitCode(65)
    static let interrupted = ExitCode(130)
}

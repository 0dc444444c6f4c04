/// Why a job, a reader or a bucket failed, in the words that a state machine can catch.
package struct JobFailure: Error, Sendable, Equatable, CustomStringConvertible {
    /// `States.ItemReaderFailed`, `S3.NoSuchKeyException`, `SageMaker.ResourceNotFoundException`, …
    package let error: String
    package let cause: String

    package init(_ error: String, _ cause: String) {
        self.error = error
        self.cause = cause
    }

    package var description: String { "\(error): \(cause)" }
}

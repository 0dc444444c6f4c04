import JSON

/// What one call of a function came to.
package struct FunctionOutcome: Sendable, Equatable {
    package enum Result: Sendable, Equatable {
        /// The bytes that Lambda would send as the payload.
        case payload([UInt8])
        /// `FunctionError: Unhandled`, with the error as Lambda reports it.
        case failed(FunctionError)
    }
    package let requestID: String
    package let result: Result
}

/// A function's error as Lambda reports it.
package struct FunctionError: Error, Sendable, Equatable {
    package let errorType: String
    /// The payload: `{"errorMessage", "errorType", "requestId", "stackTrace"}`.
    package let payload: JSONValue
    /// The payload as the runtime wrote it, which is the cause where a function's ARN is the Resource.
    package let text: String

    package init(errorType: String, payload: JSONValue, text: String? = nil) {
        self.errorType = errorType
        self.payload = payload
        self.text = text ?? payload.text()
    }

    /// As a Python runtime writes it.
    static func reported(_ type: String, _ message: String, requestID: String) -> FunctionError {
        FunctionError(
            errorType: type,
            payload: [
                "errorMessage": .string(message), "errorType": .string(type), "requestId": .string(requestID), "stackTrace": [],
            ])
    }

    /// As the service itself writes what it saw of a process: `{"errorType", "errorMessage"}`.
    private static func observed(_ type: String, _ message: String, requestID: String) -> FunctionError {
        FunctionError(
            errorType: type,
            payload: ["errorType": .string(type), "errorMessage": .string("RequestId: \(requestID) Error: \(message)")])
    }

    /// `Task timed out after 3.00 seconds`
    static func timedOut(after seconds: Double, requestID: String) -> FunctionError {
        let hundredths = Int64((seconds * 100).rounded())
        let fraction = hundredths % 100
        let text = "\(hundredths / 100).\(fraction < 10 ? "0" : "")\(fraction)"
        return observed("Sandbox.Timedout", "Task timed out after \(text) seconds", requestID: requestID)
    }

    static func ended(_ exit: ProcessExit, requestID: String) -> FunctionError {
        let message = exit == .exited(0) ? "Runtime exited without providing a reason" : "Runtime exited with error: \(exit.description)"
        return observed("Runtime.ExitError", message, requestID: requestID)
    }

    static func unstartable(_ error: SpawnError, requestID: String) -> FunctionError {
        observed("Runtime.InvalidEntrypoint", error.message, requestID: requestID)
    }
}

/// One call of a function.
struct FunctionCall: Sendable {
    let requestID: String
    let payload: JSONValue
    /// With account and qualifier.
    let arn: String
    let version: String
    /// `{"custom", "env", "client"}`, decoded.
    let clientContext: JSONValue?
    let log: @Sendable (_ line: [UInt8]) -> Void
}

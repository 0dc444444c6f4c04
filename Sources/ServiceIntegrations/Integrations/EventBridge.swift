import JSON
import StatesLanguage

/// `arn:aws:states:::events:putEvents`; one entry that fails fails the state.
extension OptimizedService {
    package static let eventBridge = OptimizedService(
        "events", service: "eventbridge",
        ErrorNaming(prefix: "EventBridge", base: "AmazonEventBridgeException", label: "AmazonEventBridge"),
        [
            "putEvents": OptimizedAction("putEvents").with {
                $0.addsMetadata = false
                $0.prepare = { (input, request) throws(Failure) in withResources(input, request) }
                $0.finish = { (output) throws(Failure) in
                    guard let failed = output["FailedEntryCount"]?.wholeNumber, failed > 0 else { return output }
                    throw Failure("EventBridge.FailedEntry", output.text())
                }
            }
        ])

    /// Step Functions names the execution and its machine in each entry's `Resources`.
    private static func withResources(_ input: JSONValue, _ request: TaskRequest) -> JSONValue {
        guard var object = input.object, let entries = object["Entries"]?.array else { return input }
        // arn:aws:states:REGION:ACCOUNT:execution:MACHINE:NAME
        let parts = request.executionARN.split(separator: ":").map(String.init)
        guard parts.count >= 8 else { return input }
        let machine = (parts[0..<5] + ["stateMachine", parts[6]]).joined(separator: ":")
        object["Entries"] = .array(
            entries.map { entry in
                guard var members = entry.object else { return entry }
                let own = members["Resources"]?.array ?? []
                members["Resources"] = .array(own + [.string(machine), .string(request.executionARN)])
                return .object(members)
            })
        return .object(object)
    }
}

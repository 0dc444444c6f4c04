import Engine
import JSON
import StatesLanguage

/// The event of a status change as EventBridge delivers it.
enum EventBridgeEvent {
    /// Input and output together beyond this are left out, as AWS leaves them out.
    private static let dataLimit = 248 << 10

    static func json(_ change: StatusChange, region: String, account: String) -> JSONValue {
        var event = JSONObject()
        event["version"] = "0"
        event["id"] = .string(SecureRandom.uuid())
        event["detail-type"] = "Step Functions Execution Status Change"
        event["source"] = "aws.states"
        event["account"] = .string(account)
        let time = (change.stoppedAt ?? change.redrivenAt ?? change.startedAt).iso8601
        event["time"] = .string(String(time.prefix(19)) + "Z")
        event["region"] = .string(region)
        event["resources"] = [.string(change.arn)]
        event["detail"] = detail(change)
        return .object(event)
    }

    private static func detail(_ change: StatusChange) -> JSONValue {
        var detail = JSONObject()
        func set(_ name: String, _ text: String?) { detail[name] = text.map { .string($0) } ?? .null }
        let input = change.input.text()
        let output = change.output?.text()
        let isIncluded = input.utf8.count + (output?.utf8.count ?? 0) <= dataLimit
        set("executionArn", change.arn)
        set("stateMachineArn", change.stateMachineARN)
        set("name", change.name)
        set("status", change.status.rawValue)
        detail["startDate"] = .integer(change.startedAt.milliseconds)
        detail["stopDate"] = change.stoppedAt.map { .integer($0.milliseconds) } ?? .null
        set("input", isIncluded ? input : nil)
        detail["inputDetails"] = ["included": .bool(isIncluded)]
        set("output", isIncluded ? output : nil)
        detail["outputDetails"] = output == nil ? .null : ["included": .bool(isIncluded)]
        set("error", change.error)
        set("cause", change.cause)
        set("stateMachineVersionArn", change.versionARN)
        set("stateMachineAliasArn", change.aliasARN)
        detail["redriveCount"] = .integer(Int64(change.redriveCount))
        detail["redriveDate"] = change.redrivenAt.map { .integer($0.milliseconds) } ?? .null
        let (status, reason) = redriveStatus(change)
        set("redriveStatus", status)
        set("redriveStatusReason", reason)
        return .object(detail)
    }

    private static func redriveStatus(_ change: StatusChange) -> (String, String?) {
        switch change.status {
        case .running, .succeeded: ("NOT_REDRIVABLE", "Execution is \(change.status.rawValue) and cannot be redriven")
        case .failed, .timedOut, .aborted: (change.isMapChild ? "REDRIVABLE_BY_MAP_RUN" : "REDRIVABLE", nil)
        }
    }
}

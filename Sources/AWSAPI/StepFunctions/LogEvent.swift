import Engine
import JSON
import StatesLanguage

/// An event of an execution as Step Functions writes it to CloudWatch Logs.
///
/// `{"id": "2", "type": "PassStateEntered", "details": {…}, "previous_event_id": "0", "event_timestamp": "1700000000000",
/// "execution_arn", "redrive_count": "0"}`: the members of a history event's details, all else as texts.
package enum LogEvent {
    package enum Level: String, Sendable { case all = "ALL", error = "ERROR", fatal = "FATAL", off = "OFF" }

    /// The events that the configuration's level lets through, with their time in milliseconds since 1970.
    package static func written(_ logged: LoggedEvents, region: String) -> [(milliseconds: Int64, json: JSONValue)] {
        let level = Level(rawValue: logged.configuration["level"]?.string ?? "") ?? .off
        let includesData = logged.configuration["includeExecutionData"]?.bool ?? false
        return logged.events.compactMap { event in
            guard let type = event.type(in: logged.machine), isWritten(type, level),
                let shown = event.awsJSON(in: logged.machine, region: region, includesData: includesData)?.object
            else { return nil }
            var details = shown.first { $0.0.hasSuffix("EventDetails") }?.1.object ?? JSONObject()
            if !includesData { for name in ["parameters", "assignedVariables", "assignedVariablesDetails"] { details[name] = nil } }
            var json = JSONObject()
            json["id"] = .string(String(event.id))
            json["type"] = .string(type)
            json["details"] = .object(details)
            json["previous_event_id"] = .string(String(event.previousEventID))
            json["event_timestamp"] = .string(String(event.timestamp.milliseconds))
            json["execution_arn"] = .string(logged.arn)
            json["redrive_count"] = .string(String(logged.redriveCount))
            return (event.timestamp.milliseconds, .object(json))
        }
    }

    /// The table of the developer guide, "Log levels for Step Functions execution events".
    private static func isWritten(_ type: String, _ level: Level) -> Bool {
        switch level {
        case .all: return true
        case .off: return false
        case .fatal: return fatal.contains(type)
        case .error:
            return fatal.contains(type) || type == "FailStateEntered" || type == "EvaluationFailed"
                || ["Failed", "TimedOut", "Aborted"].contains { type.hasSuffix($0) }
        }
    }

    private static let fatal: Set<String> = ["ExecutionAborted", "ExecutionFailed", "ExecutionTimedOut"]
}

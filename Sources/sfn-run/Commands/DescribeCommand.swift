import ArgumentParser
import JSON
import StatesLanguage
import Store

/// `sfn-run describe EXECUTION`
struct DescribeCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "describe", abstract: "Shows one execution: status, input, output, error and cause, as DescribeExecution gives it.")

    @OptionGroup var place: StorePlace

    @Argument(help: "Its name or ARN.")
    var execution: String

    func run() throws {
        try Refusal.reporting {
            let store = try place.open().store
            let row = try StoredExecution.find(execution, in: store)
            let payload = try store.read { tx in try tx.payload(of: row.id) }
            var object = JSONObject()
            object["executionArn"] = .string(row.arn)
            object["stateMachineArn"] = .string(row.stateMachineARN)
            object["name"] = .string(row.name)
            object["status"] = .string(row.status.rawValue)
            object["startDate"] = .double(Double(row.startMilliseconds) / 1000)
            if let stop = row.stopMilliseconds { object["stopDate"] = .double(Double(stop) / 1000) }
            object["input"] = payload.map { .string($0.input) }
            object["inputDetails"] = ["included": true]
            if let output = payload?.output {
                object["output"] = .string(output)
                object["outputDetails"] = ["included": true]
            }
            object["error"] = row.error.map { .string($0) }
            object["cause"] = row.cause.map { .string($0) }
            object["redriveCount"] = .integer(Int64(row.redriveCount))
            if let redriven = row.redriveMilliseconds { object["redriveDate"] = .double(Double(redriven) / 1000) }
            object["mapRunArn"] = row.mapRunARN.map { .string($0) }
            printOutput(JSONValue.object(object).text(.pretty))
        }
    }
}

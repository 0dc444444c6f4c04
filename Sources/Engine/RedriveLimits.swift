import Store

/// Until when an execution can be redriven, and the service's words where it cannot (DescribeExecution's redriveStatusReason).
package enum RedriveLimits {
    /// A history must have room for ExecutionRedriven and one event more.
    package static let events: Int64 = 24_999
    package static let periodExceeded = "Execution redrivable period exceeded"
    package static let historyExceeded = "Execution history event limit exceeded"

    /// Fourteen days after its end.
    package static func isPast(_ row: ExecutionRow, at now: Int64) -> Bool {
        guard let stop = row.stopMilliseconds else { return false }
        return now - stop > 14 * 86_400_000
    }
}

import Glibc

/// Ends the process with SIGKILL at a chosen commit, for the torture command and the tests.
///
/// `SFN_RUN_KILL_AT_COMMIT=n` kills at the n-th commit (from 1) that changes something, just before it;
/// with `SFN_RUN_KILL_MOMENT=after` just after it has become durable.
package final class CommitKillSwitch: @unchecked Sendable {
    // Sendable: the count is touched only by the writer, under its lock.
    private let target: Int
    private let isAfter: Bool
    private var count = 0

    package init(atCommit target: Int, isAfter: Bool) {
        self.target = target
        self.isAfter = isAfter
    }

    static var fromEnvironment: CommitKillSwitch? {
        guard let text = getenv("SFN_RUN_KILL_AT_COMMIT"), let target = Int(String(cString: text)) else { return nil }
        let moment = getenv("SFN_RUN_KILL_MOMENT").map { String(cString: $0) }
        return CommitKillSwitch(atCommit: target, isAfter: moment == "after")
    }

    func commitBegins() {
        count += 1
        if count == target && !isAfter { kill(getpid(), SIGKILL) }
    }

    func commitEnded() {
        if count == target && isAfter { kill(getpid(), SIGKILL) }
    }
}

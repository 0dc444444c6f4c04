import Curl
import Synchronization

/// The SDKs' standard mode: throttling and transient errors are retried with exponential back-off and full jitter
/// as long as a bucket of tokens, shared by all calls, is not empty.
package final class RetryQuota: Sendable {
    private let tokens = Mutex(RetryQuota.capacity)
    private static let capacity = 500
    private static let cost = 5
    private static let timeoutCost = 10
    private static let refund = 1
    private static let maximumDelaySeconds = 20.0

    package init() {}

    package var left: Int { tokens.withLock { $0 } }

    /// What to pay for a retry of this failure; nil: it is not one to retry.
    static func cost(_ failure: AWSFailure) -> Int? {
        switch failure {
        case .service(let error): error.isThrottling || error.isTransient ? cost : nil
        case .transport(let failure):
            switch failure.kind {
            case .cannotResolve, .cannotConnect, .closedEarly, .other: cost
            case .connectTimeout, .totalTimeout, .stalled: timeoutCost
            case .cancelled, .invalidRequest, .tls, .bodyTooLarge, .headersTooLarge, .tooManyRedirects: nil
            }
        default: nil
        }
    }

    func take(_ cost: Int) -> Bool {
        tokens.withLock { tokens in
            guard tokens >= cost else { return false }
            tokens -= cost
            return true
        }
    }

    func giveBack(_ cost: Int) { tokens.withLock { $0 = min(Self.capacity, $0 + max(cost, Self.refund)) } }

    /// Before attempt `attempt` + 1; `draw` in 0..<1.
    package static func delaySeconds(afterAttempt attempt: Int, draw: Double) -> Double {
        draw * min(maximumDelaySeconds, Double(1 << min(max(0, attempt - 1), 10)))
    }
}

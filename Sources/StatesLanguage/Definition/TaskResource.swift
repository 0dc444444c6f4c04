/// What a Task's `Resource` says.
public struct TaskResource: Sendable, Equatable {
    /// As it stands in the definition.
    public let arn: String
    public let kind: Kind
    public let pattern: Pattern

    public enum Kind: Sendable, Equatable {
        /// `arn:aws:lambda:R:A:function:NAME[:QUALIFIER]`: LambdaFunction… events.
        case lambdaFunction
        /// `arn:aws:states:R:A:activity:NAME`: Activity… events.
        case activity
        /// `arn:aws:states:::SERVICE:ACTION`: Task… events, whose `resourceType` is `service` (`aws-sdk:dynamodb` for SDK calls)
        /// and whose `resource` is `action` with its pattern's suffix.
        case service(service: String, action: String)
    }
    public enum Pattern: Sendable, Equatable {
        case requestResponse
        case sync
        case sync2
        case waitForTaskToken
    }

    /// nil: no resource that Step Functions knows the form of.
    public init?(_ arn: String) {
        let parts = arn.split(separator: ":", maxSplits: 5, omittingEmptySubsequences: false).map(String.init)
        guard parts.count == 6, parts[0] == "arn", parts[1].hasPrefix("aws"), !parts[5].isEmpty else { return nil }
        self.arn = arn
        switch parts[2] {
        case "lambda":
            guard parts[5].hasPrefix("function:") else { return nil }
            kind = .lambdaFunction
            pattern = .requestResponse
        case "states" where parts[5].hasPrefix("activity:"):
            kind = .activity
            pattern = .requestResponse
        case "states":
            let pieces = parts[5].split(separator: ":", omittingEmptySubsequences: false).map(String.init)
            let isSDK = pieces[0] == "aws-sdk"
            guard pieces.count >= (isSDK ? 3 : 2) else { return nil }
            let service = isSDK ? "aws-sdk:" + pieces[1] : pieces[0]
            let whole = pieces[(isSDK ? 2 : 1)...].joined(separator: ":")
            guard !whole.isEmpty else { return nil }
            let suffixes: [(String, Pattern)] = [(".sync:2", .sync2), (".sync", .sync), (".waitForTaskToken", .waitForTaskToken)]
            let found = suffixes.first { whole.hasSuffix($0.0) }
            pattern = found?.1 ?? .requestResponse
            kind = .service(service: service, action: String(whole.dropLast(found?.0.count ?? 0)))
        default: return nil
        }
    }

    /// `lambda`, `aws-sdk:dynamodb`: what Task… events call `resourceType`.
    public var resourceType: String {
        switch kind {
        case .lambdaFunction: "lambda"
        case .activity: "activity"
        case .service(let service, _): service
        }
    }

    /// `invoke.waitForTaskToken`: what Task… events call `resource`.
    public var resource: String {
        switch kind {
        case .lambdaFunction, .activity: return arn
        case .service(_, let action):
            switch pattern {
            case .requestResponse: return action
            case .sync: return action + ".sync"
            case .sync2: return action + ".sync:2"
            case .waitForTaskToken: return action + ".waitForTaskToken"
            }
        }
    }
}

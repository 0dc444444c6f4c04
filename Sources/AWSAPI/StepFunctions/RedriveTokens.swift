import JSON
import Synchronization

/// What redrives were answered, by their client token: a client that lost the answer asks again with the same token.
/// The last ten tokens of an execution hold for fifteen minutes, as on AWS; here only as long as this process lives.
final class RedriveTokens: Sendable {
    private struct Answer {
        let token: String
        let answer: JSONValue
        let at: Int64
    }
    private let answers = Mutex<[String: [Answer]]>([:])
    private static let lifeMilliseconds: Int64 = 15 * 60_000
    private static let tokensOfOne = 10

    func answer(_ execution: String, _ token: String?, at now: Int64) -> JSONValue? {
        guard let token else { return nil }
        return answers.withLock { answers in
            answers[execution]?.first { $0.token.isSameText(as: token) && now - $0.at < Self.lifeMilliseconds }?.answer
        }
    }

    func keep(_ answer: JSONValue, _ execution: String, _ token: String?, at now: Int64) {
        guard let token else { return }
        answers.withLock { answers in
            if answers.count > 10_000 { answers = answers.filter { _, known in known.contains { now - $0.at < Self.lifeMilliseconds } } }
            var known = answers[execution] ?? []
            known.append(Answer(token: token, answer: answer, at: now))
            answers[execution] = Array(known.suffix(Self.tokensOfOne))
        }
    }
}

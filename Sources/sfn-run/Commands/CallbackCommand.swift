import AWSClient
import ArgumentParser
import Engine
import JSON
import StatesLanguage

/// `sfn-run callback success|failure|heartbeat TOKEN`
struct CallbackCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "callback",
        abstract: "Answers a task that waits for its token, from anywhere.",
        discussion: """
            sfn-run callback success TOKEN --output '{"approved": true}'
            sfn-run callback failure TOKEN --error Rejected --cause 'too dear'
            sfn-run callback heartbeat TOKEN

            With --remote the token is one of Step Functions itself, or of any server with its API.
            """)

    enum Kind: String, ExpressibleByArgument, CaseIterable { case success, failure, heartbeat }

    @Argument(help: "success, failure or heartbeat.")
    var kind: Kind

    @Argument(help: "The token that the task was given.")
    var token: String

    @Flag(help: "A task of Step Functions instead of one of this store.")
    var remote = false

    @OptionGroup var place: StorePlace

    @OptionGroup var remotePlace: RemotePlace

    @Option(help: "The task's result: JSON, a file or -.")
    var output: String?

    @Option(help: "The error's name.")
    var error: String?

    @Option(help: "What happened.")
    var cause: String?

    func validate() throws {
        if kind != .success, output != nil { throw ValidationError("--output goes with success") }
        if kind != .failure, error != nil || cause != nil { throw ValidationError("--error and --cause go with failure") }
    }

    func run() async throws {
        try await RemotePlace.reporting {
            if remote { return try await answerRemote() }
            let outcome: TokenOutcome
            switch kind {
            case .success: outcome = .success(try output.map { try InputArgument.read($0, name: "--output") } ?? .object(JSONObject()))
            case .failure: outcome = .failure(error: error, cause: cause)
            case .heartbeat: outcome = .heartbeat
            }
            var options = EngineOptions.named("callback")
            options.isPassingBy = true
            let engine = try ExecutionEngine(store: try place.open().store, options: options)
            try await engine.completeTask(token: token, outcome)
            await engine.shutDown()
        }
    }

    private func answerRemote() async throws {
        let service = try remotePlace.open(place.location().configuration)
        switch kind {
        case .success: try await service.succeed(token, try output.map { try InputArgument.read($0, name: "--output") } ?? .object(JSONObject()))
        case .failure: try await service.fail(token, error: error, cause: cause)
        case .heartbeat: try await service.heartbeat(token)
        }
    }
}

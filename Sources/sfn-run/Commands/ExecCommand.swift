import ArgumentParser
import Glibc
import LocalJobs

/// `sfn-run exec -- COMMAND`
struct ExecCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "exec",
        abstract: "Runs a command whose boto3 finds this machine's buckets, parameters, queues and models.",
        discussion: """
            sfn-run exec -- python build_pipeline.py           the SageMaker SDK uploads code to local buckets
            sfn-run exec -- python -c 'import boto3; print(boto3.client("s3").list_buckets()["Buckets"])'
            eval "$(sfn-run exec)"                             the same for this shell

            Python's boto3 and whatever is built on it, such as the SageMaker SDK, are answered in the process itself: \
            nothing is sent, no credentials are needed. Services that sfn-run.json sends elsewhere go there.
            """)

    @Option(help: "The configuration (else the nearest sfn-run.json).")
    var config: String?

    @Argument(parsing: .captureForPassthrough, help: "The command and its arguments.")
    var command: [String] = []

    func run() throws {
        try Refusal.reporting {
            let location = StoreLocation.find(store: nil, configuration: config, from: ".")
            let services = LocalServices(try ConfigurationFile.read(config ?? location.configuration, folder: "."))
            services.install()
            let variables = services.shellEnvironment
            let words = command.first == "--" ? Array(command.dropFirst()) : command
            guard let program = words.first else {
                for (name, value) in variables { printOutput("export \(name)=\(ShellWord.quoted(value))") }
                return
            }
            for (name, value) in variables { setenv(name, value, 1) }
            var arguments: [UnsafeMutablePointer<CChar>?] = words.map { strdup($0) } + [nil]
            execvp(program, &arguments)
            throw Refusal("\(program): \(String(cString: strerror(errno)))", .wrongUsage)
        }
    }
}

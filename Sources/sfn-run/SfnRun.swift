import ArgumentParser

@main
struct SfnRun: AsyncParsableCommand {
    static let version = "0.1.0"

    static let configuration = CommandConfiguration(
        commandName: "sfn-run",
        abstract: "Runs AWS Step Functions state machines and SageMaker pipelines on this machine, durably.",
        discussion: """
            sfn-run machine.asl.json --input '{"rows": 442}'   runs a machine (`run` may be left out)
            sfn-run list                                       what has run, and how it ended
            sfn-run resume NAME                                goes on after a crash, a failure, a stop
            sfn-run history NAME                               every event, as Step Functions records it

            What a machine's tasks call is mapped in sfn-run.json beside it: functions in Python, Node or any \
            command, HTTP services, activities. Executions are kept in .sfn-run/sfn.db in the folder of the \
            nearest sfn-run.json, else in the current one; --store or SFN_RUN_STORE name another file.

            Exit codes: 0 succeeded, 1 failed, 2 timed out, 3 aborted, 64 wrong usage, 65 invalid definition, \
            130 interrupted.

            Shell completions: sfn-run --generate-completion-script bash|zsh|fish
            """,
        version: version,
        subcommands: [
            RunCommand.self,
            ResumeCommand.self,
            ListCommand.self,
            DescribeCommand.self,
            HistoryCommand.self,
            LogsCommand.self,
            ReportCommand.self,
            ExperimentsCommand.self,
            LineageCommand.self,
            StepsCommand.self,
            ExplainCommand.self,
            StopCommand.self,
            ServeCommand.self,
            DeleteCommand.self,
            PruneCommand.self,
            BackupCommand.self,
            CallbackCommand.self,
            WorkerCommand.self,
            ValidateCommand.self,
            TestCommand.self,
            ExportCommand.self,
            GraphCommand.self,
            EvalCommand.self,
            ExecCommand.self,
            CompileCommand.self,
            DeployCommand.self,
            PullCommand.self,
            StartCommand.self,
            DiffCommand.self,
            CostCommand.self,
        ],
        defaultSubcommand: RunCommand.self
    )
}

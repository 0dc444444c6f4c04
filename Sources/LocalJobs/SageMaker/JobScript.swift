import Glibc
import JSON

/// The two shell scripts of a job. They need nothing of this program: a job runs to its end, and its results are packed and
/// put in their place, whether or not an engine lives.
struct JobScript: Sendable {
    var arguments: [String]
    var environment: [String: String]
    /// Seen from inside: `/opt/ml/code`.
    var workingDirectory: String?
    var timeoutSeconds: Int?
    /// Shell lines, run with `set -e` after the job ended well; `$ML` is the job's /opt/ml.
    var finishing: [String] = []
    /// Shell lines, run after the job ended in any way.
    var always: [String] = []

    /// Writes `job.sh` and `run.sh`.
    func write(to directory: JobDirectory, container: ContainerPaths) throws(JobFailure) {
        try directory.write(runScript(directory, container), "run.sh", mode: 0o755)
        try directory.write(supervisorScript(directory), "job.sh", mode: 0o755)
    }

    private func runScript(_ directory: JobDirectory, _ container: ContainerPaths) -> String {
        let inside = container.inside(directory)
        let variables = environment.sorted { $0.key < $1.key }.map { Self.quoted("\($0.key)=\(inside($0.value))") }
        let words = arguments.map { Self.quoted(inside($0)) }
        var lines = ["#!/bin/sh", "# What the job runs. /opt/ml is \(directory.ml)."]
        let folder = workingDirectory.map { "cd \(Self.quoted(inside($0))) && " } ?? ""
        let command = "\(folder)exec env \(variables.joined(separator: " ")) \\\n  \(words.joined(separator: " "))"
        lines += container.wrapped(command, directory)
        return lines.joined(separator: "\n") + "\n"
    }

    private func supervisorScript(_ directory: JobDirectory) -> String {
        let timer = timeoutSeconds.map { seconds in
            """
            setsid sh -c 'sleep \(seconds); printf MaxRuntimeExceeded > reason; kill -TERM -$0; sleep 120; kill -KILL -$0' "$job" </dev/null >/dev/null 2>&1 &
            timer=$!
            """
        }
        let lines = [
            "#!/bin/sh",
            "# Supervises \(directory.kind.noun) \(directory.name); started by sfn-run, lives without it.",
            "cd \(Self.quoted(directory.path)) || exit 1",
            "umask 022",
            // Two engines may both believe that they start the job: the first one does.
            "set -C",
            "echo \"$$ $(sed 's/.*) //' /proc/$$/stat | cut -d' ' -f20)\" 2>/dev/null > supervisor || exit 9",
            "set +C",
            "ML=$PWD/ml",
            "date +%s%3N > started",
            "setsid sh ./run.sh </dev/null >>log 2>&1 &",
            "job=$!",
            "echo $job > process.part && mv process.part process",
            timer ?? "timer=",
            "wait $job",
            "status=$?",
            // What it left running, and the clock.
            "kill -KILL -$job 2>/dev/null",
            "[ -n \"$timer\" ] && kill -KILL -$timer 2>/dev/null",
            "date +%s%3N > ended",
            "finished=0",
            "(\nset -e\n:\n\(always.joined(separator: "\n"))\n) >>log 2>&1 || finished=1",
            "if [ $status = 0 ] || [ -f reason ]; then",
            "(\nset -e\n:\n\(finishing.joined(separator: "\n"))\n) >>log 2>&1 || finished=1",
            "fi",
            "echo $finished > finished",
            "echo $status > exit.part && mv exit.part exit",
        ]
        return lines.joined(separator: "\n") + "\n"
    }

    static func quoted(_ text: String) -> String { ItemFormat.quoted(text) }
}

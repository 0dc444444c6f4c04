import Glibc

/// A command whose output is wanted, run by the shell on a thread of its own.
enum ShellCommand {
    private static let maximumBytes = 1 << 20

    /// nil: it could not be started or ended with an error.
    static func output(of command: String) async -> [UInt8]? {
        await withCheckedContinuation { continuation in
            let box = Unmanaged.passRetained(Job(command, continuation))
            var thread = pthread_t()
            let code = pthread_create(
                &thread, nil,
                { context in
                    guard let context else { return nil }
                    let job = Unmanaged<Job>.fromOpaque(context).takeRetainedValue()
                    job.continuation.resume(returning: ShellCommand.run(job.command))
                    return nil
                }, box.toOpaque())
            guard code == 0 else {
                box.release()
                continuation.resume(returning: nil)
                return
            }
            pthread_detach(thread)
        }
    }

    private final class Job {
        let command: String
        let continuation: CheckedContinuation<[UInt8]?, Never>
        init(_ command: String, _ continuation: CheckedContinuation<[UInt8]?, Never>) {
            self.command = command
            self.continuation = continuation
        }
    }

    private static func run(_ command: String) -> [UInt8]? {
        guard let pipe = popen(command, "re") else { return nil }
        var output: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 4096)
        while true {
            let count = fread(&buffer, 1, buffer.count, pipe)
            if count == 0 { break }
            if output.count < maximumBytes { output.append(contentsOf: buffer[..<count]) }
        }
        return pclose(pipe) == 0 ? output : nil
    }
}

import CProcess
import Glibc
import JSON
import Synchronization

/// Starts, follows and stops the process of a job that does not belong to this engine's life.
enum JobSupervision {
    /// Starts `job.sh`, detached, with nothing of this process open.
    static func start(_ directory: JobDirectory) async throws(JobFailure) {
        let result: Result<pid_t, SpawnError> = await withCheckedContinuation { continuation in
            Reactor.shared.submit { continuation.resume(returning: spawn(directory)) }
        }
        if case .failure(let error) = result { throw .internalError(error.message) }
        // Until the supervisor has written its name, a second look would think it had never been.
        while !directory.hasSupervisorsName {
            guard case .success(let pid) = result, kill(pid, 0) == 0, JobDirectory.startTime(pid) != nil else { break }
            await pause(milliseconds: 5)
        }
    }

    private static func spawn(_ directory: JobDirectory) -> Result<pid_t, SpawnError> {
        let arguments = ["/bin/sh", directory.file("job.sh")]
        var pid: pid_t = 0
        var pointers: [UnsafeMutablePointer<CChar>?] = arguments.map { strdup($0) } + [nil]
        var variables: [UnsafeMutablePointer<CChar>?] = Executable.environment.map { strdup("\($0.key)=\($0.value)") } + [nil]
        defer { for pointer in pointers + variables { free(pointer) } }
        let descriptors: [Int32] = [-1, -1, -1]
        let status = pointers.withUnsafeMutableBufferPointer { words in
            variables.withUnsafeMutableBufferPointer { values in
                descriptors.withUnsafeBufferPointer { files in
                    directory.path.withCString { folder in
                        "/bin/sh".withCString { path in
                            var launch = cprocess_launch(
                                path: path, arguments: words.baseAddress, environment: values.baseAddress, directory: folder,
                                descriptors: files.baseAddress, descriptor_count: 3, dies_with_parent: 0, data_limit: 0)
                            return cprocess_spawn(&launch, &pid)
                        }
                    }
                }
            }
        }
        return status == 0 ? .success(pid) : .failure(SpawnError(message: "cannot start job.sh: \(errorText(status))", code: status))
    }

    /// Waits for the job's end; its log goes to `log` as it grows. Cancelled: stops the job, unless `leavesRunning` says that
    /// this engine is only going away. True: the job is over.
    static func follow(
        _ directory: JobDirectory, leavesRunning: @escaping @Sendable () -> Bool, log: @escaping @Sendable ([UInt8]) -> Void
    ) async -> Bool {
        var tail = LogTail(directory)
        var looksForName = 0
        while true {
            let isCancelled = Task.isCancelled
            tail.read(log)
            if directory.isOver { break }
            guard let supervisor = directory.supervisor else {
                // It may have ended between the two looks.
                if directory.isOver { continue }
                // Or another engine has started it, and its name is about to be written.
                if !directory.hasSupervisorsName, looksForName < 200 {
                    looksForName += 1
                    await pause(milliseconds: 5)
                    continue
                }
                break
            }
            if isCancelled {
                if leavesRunning() { return false }
                await stop(directory)
                break
            }
            await Ending.wait(for: supervisor, milliseconds: 200)
        }
        tail.read(log)
        tail.flush(log)
        reap(directory)
        return true
    }

    /// Ends the job as StopTrainingJob does: TERM to its group, KILL if that does not help (after 5 s; SageMaker waits 120).
    static func stop(_ directory: JobDirectory) async {
        guard !directory.isOver, directory.supervisor != nil else { return }
        try? directory.write("Stopped", "reason")
        // It may be about to start its process.
        for _ in 0..<100 where directory.text("process") == nil && directory.supervisor != nil { await pause(milliseconds: 10) }
        directory.signal(SIGTERM)
        var waited = 0
        while !directory.isOver, directory.supervisor != nil, waited < 5000 {
            await pause(milliseconds: 20)
            waited += 20
        }
        while !directory.isOver, directory.supervisor != nil {
            directory.signal(SIGKILL)
            await pause(milliseconds: 20)
        }
        reap(directory)
    }

    private static func reap(_ directory: JobDirectory) {
        guard let pid = directory.text("supervisor")?.split(separator: " ").first.flatMap({ pid_t(String($0)) }) else { return }
        Reactor.shared.submit {
            // Ours or not: of a process that is not our child this does nothing. The supervisor ends right after `exit`.
            if waitpid(pid, nil, WNOHANG) == 0 {
                _ = Reactor.shared.after(milliseconds: 500) { _ = waitpid(pid, nil, WNOHANG) }
            }
        }
    }

    /// Also when the task is cancelled.
    static func pause(milliseconds: UInt64) async {
        await withCheckedContinuation { continuation in
            _ = Reactor.shared.after(milliseconds: milliseconds) { continuation.resume() }
        }
    }
}

/// The end of a process that need not be a child, or a while, or cancellation: whatever comes first.
private enum Ending {
    static func wait(for pid: pid_t, milliseconds: UInt64) async {
        let once = Once()
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                once.arm(continuation)
                let pidfd = cprocess_pidfd(pid)
                guard pidfd >= 0 else { return once.fire() }
                let timer = Reactor.shared.after(milliseconds: milliseconds) { once.fire() }
                Reactor.shared.watch(pidfd, Int16(POLLIN)) { _ in once.fire() }
                once.onFire {
                    Reactor.shared.cancelTimer(timer)
                    Reactor.shared.submit {
                        Reactor.shared.forget(pidfd)
                        close(pidfd)
                    }
                }
            }
        } onCancel: {
            once.fire()
        }
    }

    private final class Once: Sendable {
        private struct State {
            var continuation: CheckedContinuation<Void, Never>?
            var hasFired = false
            var cleanUp: (@Sendable () -> Void)?
        }
        private let state = Mutex(State())

        func arm(_ continuation: CheckedContinuation<Void, Never>) {
            let isLate = state.withLock { state in
                if state.hasFired { return true }
                state.continuation = continuation
                return false
            }
            if isLate { continuation.resume() }
        }

        func onFire(_ cleanUp: @escaping @Sendable () -> Void) {
            let isLate = state.withLock { state in
                if state.hasFired { return true }
                state.cleanUp = cleanUp
                return false
            }
            if isLate { cleanUp() }
        }

        func fire() {
            let (continuation, cleanUp) = state.withLock { state -> (CheckedContinuation<Void, Never>?, (@Sendable () -> Void)?) in
                state.hasFired = true
                defer { (state.continuation, state.cleanUp) = (nil, nil) }
                return (state.continuation, state.cleanUp)
            }
            cleanUp?()
            continuation?.resume()
        }
    }
}

/// Hands over what a job's log gained since the last look, also the last look of an engine before this one.
struct LogTail {
    private let directory: JobDirectory
    private var offset: Int
    private var lines = LineBuffer()

    init(_ directory: JobDirectory) {
        self.directory = directory
        offset = directory.text("log.offset").flatMap { Int($0) } ?? 0
    }

    mutating func read(_ log: ([UInt8]) -> Void) {
        let descriptor = open(directory.file("log"), O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return }
        defer { close(descriptor) }
        let before = offset
        var chunk = [UInt8](repeating: 0, count: 1 << 16)
        while true {
            let count = pread(descriptor, &chunk, chunk.count, off_t(offset))
            guard count > 0 else { break }
            offset += count
            lines.add(Array(chunk[..<count]), log)
        }
        if offset != before { try? directory.write(String(offset), "log.offset") }
    }

    mutating func flush(_ log: ([UInt8]) -> Void) { lines.flush(log) }
}

import CProcess
import Glibc
import Synchronization

/// What to start: a program in a session of its own, with exactly these descriptors.
struct ProcessLaunch: Sendable {
    /// What the child's descriptor of that index is.
    enum Channel: Sendable {
        case null
        /// We write, the child reads.
        case toChild
        /// The child writes, we read.
        case fromChild
        /// A file that the caller opened and closes.
        case file(Int32)
    }

    var arguments: [String]
    var environment: [String: String]
    var directory: String?
    var channels: [Channel]
    /// Killed when this process ends in whatever way.
    var diesWithParent = true
    /// Bytes of private writable memory (RLIMIT_DATA).
    var dataLimit: UInt64?
}

/// How a process ended.
enum ProcessExit: Sendable, Equatable {
    case exited(Int32)
    case signalled(Int32)

    /// As Go's `exec.ExitError` says it, which is how Lambda does: `exit status 3`, `signal: killed`.
    var description: String {
        switch self {
        case .exited(let status): "exit status \(status)"
        case .signalled(let signal): "signal: \(Self.signalNames[signal] ?? String(signal))"
        }
    }

    private static let signalNames: [Int32: String] = [
        SIGKILL: "killed", SIGTERM: "terminated", SIGSEGV: "segmentation fault", SIGABRT: "aborted", SIGINT: "interrupt",
        SIGBUS: "bus error", SIGFPE: "floating point exception", SIGILL: "illegal instruction", SIGPIPE: "broken pipe",
        SIGHUP: "hangup", SIGQUIT: "quit", SIGXCPU: "CPU time limit exceeded", SIGTRAP: "trace/breakpoint trap",
    ]
}

/// Why a process could not be started.
struct SpawnError: Error, Sendable {
    let message: String
    let code: Int32
}

/// A running child: its pipes, its end. All callbacks come on the reactor's thread.
final class ChildProcess: Sendable {
    let pid: pid_t
    private let pidfd: Int32
    private let onBytes: @Sendable (_ channel: Int, _ bytes: [UInt8]) -> Void
    private let onExit: @Sendable (ProcessExit) -> Void

    private struct Outgoing {
        let descriptor: Int32
        var pending: [UInt8] = []
        var offset = 0
        var closes = false
        var isWatched = false
    }
    private struct State {
        var outgoing: [Int: Outgoing] = [:]
        var incoming: [Int: Int32] = [:]
        var hasEnded = false
    }
    private let state = Mutex(State())

    private init(
        pid: pid_t, outgoing: [Int: Int32], incoming: [Int: Int32],
        onBytes: @escaping @Sendable (Int, [UInt8]) -> Void, onExit: @escaping @Sendable (ProcessExit) -> Void
    ) {
        self.pid = pid
        pidfd = cprocess_pidfd(pid)
        self.onBytes = onBytes
        self.onExit = onExit
        state.withLock { state in
            state.outgoing = outgoing.mapValues { Outgoing(descriptor: $0) }
            state.incoming = incoming
        }
    }

    /// Starts `launch`. `onBytes` gets what the child writes, by its descriptor; `onExit` comes last, once.
    static func start(
        _ launch: ProcessLaunch, onBytes: @escaping @Sendable (_ channel: Int, _ bytes: [UInt8]) -> Void,
        onExit: @escaping @Sendable (ProcessExit) -> Void
    ) async -> Result<ChildProcess, SpawnError> {
        // On the reactor's thread, which never ends: "dies with parent" is about the thread that forked.
        await withCheckedContinuation { continuation in
            Reactor.shared.submit {
                continuation.resume(returning: spawn(launch, onBytes, onExit))
            }
        }
    }

    private static func spawn(
        _ launch: ProcessLaunch, _ onBytes: @escaping @Sendable (Int, [UInt8]) -> Void,
        _ onExit: @escaping @Sendable (ProcessExit) -> Void
    ) -> Result<ChildProcess, SpawnError> {
        var ours: [Int: Int32] = [:]
        var incoming: [Int: Int32] = [:]
        var outgoing: [Int: Int32] = [:]
        var theirs: [Int32] = []
        var toClose: [Int32] = []
        defer { for descriptor in toClose { Glibc.close(descriptor) } }
        for (index, channel) in launch.channels.enumerated() {
            switch channel {
            case .null: theirs.append(-1)
            case .file(let descriptor): theirs.append(descriptor)
            case .toChild, .fromChild:
                var ends: [Int32] = [-1, -1]
                let code = cprocess_pipe(&ends)
                guard code == 0 else {
                    for descriptor in ours.values { Glibc.close(descriptor) }
                    return .failure(SpawnError(message: "no pipe: \(errorText(code))", code: code))
                }
                let isOutgoing = if case .toChild = channel { true } else { false }
                let mine = isOutgoing ? ends[1] : ends[0]
                let other = isOutgoing ? ends[0] : ends[1]
                _ = fcntl(mine, F_SETFL, fcntl(mine, F_GETFL) | O_NONBLOCK)
                if isOutgoing { outgoing[index] = mine } else { incoming[index] = mine }
                ours[index] = mine
                theirs.append(other)
                toClose.append(other)
            }
        }
        var pid: pid_t = 0
        let program = launch.arguments.first ?? ""
        var status = ENOENT
        if let path = Executable.path(of: program, searchPath: launch.environment["PATH"], directory: launch.directory) {
            status = withCStrings(launch.arguments) { arguments in
                withCStrings(launch.environment.map { "\($0.key)=\($0.value)" }) { environment in
                    theirs.withUnsafeBufferPointer { descriptors in
                        path.withCString { path in
                            withOptionalCString(launch.directory) { directory in
                                var request = cprocess_launch(
                                    path: path, arguments: arguments, environment: environment, directory: directory,
                                    descriptors: descriptors.baseAddress, descriptor_count: Int32(descriptors.count),
                                    dies_with_parent: launch.diesWithParent ? 1 : 0, data_limit: launch.dataLimit ?? 0)
                                return cprocess_spawn(&request, &pid)
                            }
                        }
                    }
                }
            }
        }
        guard status == 0 else {
            for descriptor in ours.values { Glibc.close(descriptor) }
            let place = launch.directory.map { " in \($0)" } ?? ""
            return .failure(SpawnError(message: "cannot start \(program)\(place): \(errorText(status))", code: status))
        }
        let child = ChildProcess(pid: pid, outgoing: outgoing, incoming: incoming, onBytes: onBytes, onExit: onExit)
        for (channel, descriptor) in incoming {
            Reactor.shared.watch(descriptor, Int16(POLLIN)) { _ in child.drain([channel]) }
        }
        Reactor.shared.watch(child.pidfd, Int16(POLLIN)) { _ in child.end() }
        return .success(child)
    }

    /// Queues bytes for the child's descriptor `channel`; `closing` ends the stream after them.
    func send(_ bytes: [UInt8], to channel: Int, closing: Bool = false) {
        Reactor.shared.submit {
            self.state.withLock { state in
                state.outgoing[channel]?.pending.append(contentsOf: bytes)
                if closing { state.outgoing[channel]?.closes = true }
            }
            self.flush(channel)
        }
    }

    /// Sends `signal` to the child and all that it started in its session's group.
    func signalGroup(_ signal: Int32) {
        state.withLock { state in
            // Once reaped, the number may be another process's.
            if !state.hasEnded { kill(-pid, signal) }
        }
    }

    /// Asks the group to end, and ends it five seconds later.
    func terminate() {
        signalGroup(SIGTERM)
        _ = Reactor.shared.after(milliseconds: 5000) { self.signalGroup(SIGKILL) }
    }

    /// Reads what is there now. On the reactor's thread only.
    func drain(_ channels: [Int]) {
        for channel in channels {
            while let descriptor = state.withLock({ $0.incoming[channel] }) {
                let chunk = readOnce(descriptor)
                switch chunk {
                case .bytes(let bytes):
                    onBytes(channel, bytes)
                case .nothingNow: break
                case .end: close(incoming: channel)
                }
                if case .bytes = chunk { continue }
                break
            }
        }
    }

    // MARK: on the reactor's thread

    private func flush(_ channel: Int) {
        let finished = state.withLock { state -> Int32? in
            guard var out = state.outgoing[channel] else { return nil }
            defer {
                state.outgoing[channel]?.pending = out.pending
                state.outgoing[channel]?.offset = out.offset
            }
            while out.offset < out.pending.count {
                let count = out.pending.withUnsafeBytes { buffer in
                    write(out.descriptor, buffer.baseAddress.map { $0 + out.offset }, buffer.count - out.offset)
                }
                if count > 0 {
                    out.offset += count
                    continue
                }
                if count < 0, errno == EINTR { continue }
                if count < 0, errno == EAGAIN {
                    if !out.isWatched {
                        state.outgoing[channel]?.isWatched = true
                        Reactor.shared.watch(out.descriptor, Int16(POLLOUT)) { _ in self.flush(channel) }
                    }
                    return nil
                }
                // The child closed its end: what it did not read, it does not want.
                out.pending = []
                out.offset = 0
                return out.descriptor
            }
            out.pending = []
            out.offset = 0
            if out.isWatched {
                state.outgoing[channel]?.isWatched = false
                Reactor.shared.forget(out.descriptor)
            }
            return out.closes ? out.descriptor : nil
        }
        if let finished {
            Reactor.shared.forget(finished)
            _ = state.withLock { $0.outgoing.removeValue(forKey: channel) }
            Glibc.close(finished)
        }
    }

    private func close(incoming channel: Int) {
        if let descriptor = state.withLock({ $0.incoming.removeValue(forKey: channel) }) {
            Reactor.shared.forget(descriptor)
            Glibc.close(descriptor)
        }
    }

    private func end() {
        Reactor.shared.forget(pidfd)
        Glibc.close(pidfd)
        let exit = state.withLock { state -> ProcessExit in
            // The leader is a zombie until it is reaped below, so the group's number is still ours.
            kill(-pid, SIGKILL)
            state.hasEnded = true
            var status: Int32 = 0
            while waitpid(pid, &status, 0) < 0, errno == EINTR {}
            let signal = status & 0x7f
            return signal == 0 ? .exited((status >> 8) & 0xff) : .signalled(signal)
        }
        drain(Array(state.withLock { $0.incoming.keys }).sorted())
        for channel in Array(state.withLock { $0.incoming.keys }) { close(incoming: channel) }
        let outgoing = state.withLock { state in
            defer { state.outgoing = [:] }
            return state.outgoing.values.map(\.descriptor)
        }
        for descriptor in outgoing {
            Reactor.shared.forget(descriptor)
            Glibc.close(descriptor)
        }
        onExit(exit)
    }
}

private enum Chunk {
    case bytes([UInt8])
    case nothingNow
    case end
}

private func readOnce(_ descriptor: Int32) -> Chunk {
    let capacity = 65536
    var count = 0
    let bytes = [UInt8](unsafeUninitializedCapacity: capacity) { buffer, filled in
        repeat { count = read(descriptor, buffer.baseAddress, capacity) } while count < 0 && errno == EINTR
        filled = max(0, count)
    }
    if count > 0 { return .bytes(bytes) }
    if count < 0, errno == EAGAIN { return .nothingNow }
    return .end
}

func errorText(_ code: Int32) -> String {
    var buffer = [CChar](repeating: 0, count: 256)
    // glibc's strerror_r as Swift imports it (the POSIX one fills the buffer).
    if strerror_r(code, &buffer, buffer.count) == 0 {
        return String(decoding: buffer.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
    }
    return "error \(code)"
}

private func withCStrings<R>(_ strings: [String], _ body: (UnsafePointer<UnsafeMutablePointer<CChar>?>) -> R) -> R {
    var pointers: [UnsafeMutablePointer<CChar>?] = strings.map { strdup($0) }
    pointers.append(nil)
    defer { for pointer in pointers { free(pointer) } }
    // Never empty: it ends with nil.
    return pointers.withUnsafeBufferPointer { body($0.baseAddress!) }
}

private func withOptionalCString<R>(_ text: String?, _ body: (UnsafePointer<CChar>?) -> R) -> R {
    guard let text else { return body(nil) }
    return text.withCString { body($0) }
}

import Glibc
import Synchronization

/// One run of a command to its end: bytes in, bytes out, lines of what it says.
package enum CommandRun {
    package struct Output: Sendable {
        package var exit: Exit
        package var standardOutput: [UInt8] = []
        /// The end of what it wrote to its standard error, at most 16 KiB.
        package var errorTail: [UInt8] = []
    }
    package enum Exit: Sendable, Equatable {
        case exited(Int32)
        case signalled(Int32)
        case timedOut
        case cancelled
        case notStarted(String)
    }

    /// Standard output beyond this ends the command.
    static let mostOutput = 64 << 20

    /// Runs `arguments` in a session of its own and kills the whole group at the end, on a timeout and on cancellation.
    package static func run(
        _ arguments: [String], environment: [String: String], directory: String?, input: [UInt8] = [],
        timeoutSeconds: Double? = nil, memoryMiB: Int? = nil, logsOutput: Bool = false,
        log: @escaping @Sendable (_ line: [UInt8]) -> Void
    ) async -> Output {
        let running = Running(logsOutput: logsOutput, log: log)
        return await withTaskCancellationHandler {
            let launch = ProcessLaunch(
                arguments: arguments, environment: environment, directory: directory, channels: [.toChild, .fromChild, .fromChild],
                dataLimit: memoryMiB.map { UInt64($0) << 20 })
            let started = await ChildProcess.start(
                launch, onBytes: { channel, bytes in running.received(bytes, on: channel) }, onExit: { running.ended($0) })
            switch started {
            case .failure(let error): return Output(exit: .notStarted(error.message))
            case .success(let process):
                process.send(input, to: 0, closing: true)
                return await running.wait(for: process, timeoutSeconds: timeoutSeconds)
            }
        } onCancel: {
            running.stop(.cancelled)
        }
    }

    private final class Running: Sendable {
        private struct State {
            var output = Output(exit: .exited(0))
            var lines: [LineBuffer] = [LineBuffer(), LineBuffer()]
            var process: ChildProcess?
            /// Why it was stopped, where that was our doing.
            var reason: Exit?
            var hasEnded = false
            var continuation: CheckedContinuation<Output, Never>?
        }
        private let state = Mutex(State())
        private let logsOutput: Bool
        private let log: @Sendable ([UInt8]) -> Void

        init(logsOutput: Bool, log: @escaping @Sendable ([UInt8]) -> Void) {
            self.logsOutput = logsOutput
            self.log = log
        }

        func wait(for process: ChildProcess, timeoutSeconds: Double?) async -> Output {
            let timer = timeoutSeconds.map { seconds in
                Reactor.shared.after(milliseconds: UInt64((seconds * 1000).rounded(.up))) { self.stop(.timedOut) }
            }
            let output = await withCheckedContinuation { continuation in
                let (done, isUnwanted) = state.withLock { state -> (Output?, Bool) in
                    state.process = process
                    if state.hasEnded { return (state.output, false) }
                    state.continuation = continuation
                    return (nil, state.reason != nil)
                }
                if isUnwanted { process.signalGroup(SIGKILL) }
                if let done { continuation.resume(returning: done) }
            }
            if let timer { Reactor.shared.cancelTimer(timer) }
            return output
        }

        func stop(_ reason: Exit) {
            let process = state.withLock { state in
                if state.reason == nil { state.reason = reason }
                return state.process
            }
            process?.signalGroup(SIGKILL)
        }

        func received(_ bytes: [UInt8], on channel: Int) {
            let (lines, isTooMuch) = state.withLock { state -> ([[UInt8]], Bool) in
                var lines: [[UInt8]] = []
                if channel == 2 {
                    state.output.errorTail = Array((state.output.errorTail + bytes).suffix(16384))
                    state.lines[1].add(bytes) { lines.append($0) }
                } else {
                    state.output.standardOutput.append(contentsOf: bytes)
                    if logsOutput { state.lines[0].add(bytes) { lines.append($0) } }
                }
                return (lines, state.output.standardOutput.count > CommandRun.mostOutput)
            }
            for line in lines { log(line) }
            if isTooMuch { state.withLock { $0.process }?.signalGroup(SIGKILL) }
        }

        func ended(_ exit: ProcessExit) {
            let (lines, continuation, output) = state.withLock { state in
                var lines: [[UInt8]] = []
                for index in 0..<2 { state.lines[index].flush { lines.append($0) } }
                state.hasEnded = true
                switch exit {
                case .exited(let status): state.output.exit = state.reason ?? .exited(status)
                case .signalled(let signal): state.output.exit = state.reason ?? .signalled(signal)
                }
                defer { state.continuation = nil }
                return (lines, state.continuation, state.output)
            }
            for line in lines { log(line) }
            continuation?.resume(returning: output)
        }
    }
}

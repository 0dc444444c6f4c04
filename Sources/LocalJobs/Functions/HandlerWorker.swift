import JSON
import Synchronization

/// A warm process that runs one handler, one call at a time. Requests go to its descriptor 3, answers come from 4,
/// so that nothing the handler prints (1 and 2) can be taken for a result.
final class HandlerWorker: Sendable {
    enum Answer: Sendable {
        case payload([UInt8])
        case error(JSONValue, text: String)
        /// The handler's module could not be loaded: the process is of no use.
        case initError(JSONValue, text: String)
        case ended(ProcessExit)
        case timedOut
        case cancelled
        case unreadable
    }

    private struct Call {
        let id: UInt64
        let continuation: CheckedContinuation<Answer, Never>
        let log: @Sendable ([UInt8]) -> Void
        var timer: UInt64?
    }
    private struct State {
        var process: ChildProcess?
        var call: Call?
        var nextID: UInt64 = 0
        var answer: [UInt8] = []
        var lines: [LineBuffer] = [LineBuffer(), LineBuffer()]
        /// What it printed before its first call (imports), kept for that call's log.
        var early: [[UInt8]] = []
        var exit: ProcessExit?
        var cancelled: Set<UInt64> = []
    }
    private let state = Mutex(State())

    static func start(_ launch: ProcessLaunch) async -> Result<HandlerWorker, SpawnError> {
        let worker = HandlerWorker()
        let started = await ChildProcess.start(
            launch, onBytes: { channel, bytes in worker.received(bytes, on: channel) }, onExit: { worker.ended($0) })
        switch started {
        case .failure(let error): return .failure(error)
        case .success(let process):
            worker.state.withLock { $0.process = process }
            return .success(worker)
        }
    }

    var isAlive: Bool { state.withLock { $0.exit == nil } }

    /// Hands `request` (one line) to the process and waits for its answer. When cancelled or late, the whole group dies.
    func perform(_ request: [UInt8], timeoutSeconds: Double?, log: @escaping @Sendable ([UInt8]) -> Void) async -> Answer {
        let id = state.withLock { state in
            defer { state.nextID += 1 }
            return state.nextID
        }
        return await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let (process, early, atOnce): (ChildProcess?, [[UInt8]], Answer?) = state.withLock { state in
                    if state.cancelled.remove(id) != nil { return (nil, [], .cancelled) }
                    if let exit = state.exit { return (nil, [], .ended(exit)) }
                    state.call = Call(id: id, continuation: continuation, log: log)
                    state.answer = []
                    defer { state.early = [] }
                    return (state.process, state.early, nil)
                }
                for line in early { log(line) }
                if let atOnce {
                    continuation.resume(returning: atOnce)
                    return
                }
                process?.send(request, to: 3)
                if let timeoutSeconds {
                    let timer = Reactor.shared.after(milliseconds: UInt64((timeoutSeconds * 1000).rounded(.up))) {
                        self.finish(id, .timedOut, killing: true)
                    }
                    state.withLock { state in
                        if state.call?.id == id { state.call?.timer = timer } else { Reactor.shared.cancelTimer(timer) }
                    }
                }
            }
        } onCancel: {
            let isUnderWay = state.withLock { state in
                if state.call?.id == id { return true }
                state.cancelled.insert(id)
                return false
            }
            if isUnderWay { finish(id, .cancelled, killing: true) }
        }
    }

    func kill() { state.withLock { $0.process }?.signalGroup(9) }

    // MARK: on the reactor's thread

    private func received(_ bytes: [UInt8], on channel: Int) {
        switch channel {
        case 1, 2: printed(bytes, on: channel)
        default:
            let complete = state.withLock { state -> (UInt64, Answer)? in
                guard let call = state.call else { return nil }
                state.answer.append(contentsOf: bytes)
                return Self.read(state.answer).map { (call.id, $0) }
            }
            guard let (id, answer) = complete else { return }
            // What it printed before it answered is in the pipes already.
            state.withLock { $0.process }?.drain([1, 2])
            finish(id, answer)
        }
    }

    private func printed(_ bytes: [UInt8], on channel: Int) {
        let (lines, log) = state.withLock { state -> ([[UInt8]], (@Sendable ([UInt8]) -> Void)?) in
            var lines: [[UInt8]] = []
            state.lines[channel - 1].add(bytes) { lines.append($0) }
            if state.call == nil {
                state.early = Array((state.early + lines).suffix(1000))
                return ([], nil)
            }
            return (lines, state.call?.log)
        }
        if let log { for line in lines { log(line) } }
    }

    private func ended(_ exit: ProcessExit) {
        let id = state.withLock { state in
            state.exit = exit
            return state.call?.id
        }
        if let id { finish(id, .ended(exit)) }
    }

    private func finish(_ id: UInt64, _ answer: Answer, killing: Bool = false) {
        let (call, rest) = state.withLock { state -> (Call?, [[UInt8]]) in
            guard let call = state.call, call.id == id else { return (nil, []) }
            state.call = nil
            state.answer = []
            var rest: [[UInt8]] = []
            for index in 0..<2 { state.lines[index].flush { rest.append($0) } }
            return (call, rest)
        }
        guard let call else { return }
        for line in rest { call.log(line) }
        if let timer = call.timer { Reactor.shared.cancelTimer(timer) }
        if killing { kill() }
        call.continuation.resume(returning: answer)
    }

    /// A header line `KIND LENGTH\n` and that many bytes: `payload`, `error` or `init`. nil: not all of it is here.
    private static func read(_ bytes: [UInt8]) -> Answer? {
        guard let newline = bytes.firstIndex(of: UInt8(ascii: "\n")) else { return bytes.count > 64 ? .unreadable : nil }
        let header = String(decoding: bytes[..<newline], as: UTF8.self).split(separator: " ")
        guard header.count == 2, let length = Int(header[1]), length >= 0 else { return .unreadable }
        let body = bytes[(newline + 1)...]
        guard body.count >= length else { return nil }
        let content = Array(body.prefix(length))
        if header[0] == "payload" { return .payload(content) }
        guard let value = try? JSONValue(parsing: content) else { return .unreadable }
        let text = String(decoding: content, as: UTF8.self)
        return header[0] == "init" ? .initError(value, text: text) : .error(value, text: text)
    }
}

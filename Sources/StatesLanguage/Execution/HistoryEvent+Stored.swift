import JSON

/// How an event is kept: one compact JSON array, `[kind, id, previousEventId, milliseconds, frame, …]`, whose tail depends on the
/// kind. Data stands in it as JSON, not as text inside text, so nothing is escaped twice.
extension HistoryEvent {
    /// Appends the event's text.
    public func write(to out: inout [UInt8]) {
        var tail = TailWriter(out: out)
        out = []
        tail.begin(code, id, previousEventID, timestamp.milliseconds, frame.index)
        write(&tail)
        tail.end()
        swap(&out, &tail.out)
    }

    /// nil: not an event that this version knows.
    public init?(stored value: JSONValue) {
        guard case .array(let fields) = value, fields.count >= 5, let code = fields[0].string, let id = fields[1].wholeNumber,
            let previous = fields[2].wholeNumber, let milliseconds = fields[3].wholeNumber, let frame = fields[4].wholeNumber,
            frame >= 0, frame <= Int64(Int32.max)
        else { return nil }
        var reader = TailReader(fields: fields, position: 5)
        guard let kind = Kind(code: code, &reader), !reader.failed else { return nil }
        self.init(
            id: id, previousEventID: previous, timestamp: Timestamp(milliseconds: milliseconds), frame: FrameID(Int(clamping: frame)),
            kind: kind)
    }

    private var code: String {
        switch kind {
        case .executionStarted: "start"
        case .executionSucceeded: "succeed"
        case .executionFailed: "fail"
        case .executionAborted: "abort"
        case .executionTimedOut: "timeout"
        case .executionRedriven: "redrive"
        case .stateEntered: "in"
        case .stateExited: "out"
        case .stateAborted: "stateAbort"
        case .evaluationFailed: "evalFail"
        case .taskScheduled: "task"
        case .taskStarted: "taskStart"
        case .taskSubmitted: "taskSubmit"
        case .taskSucceeded: "taskOK"
        case .taskFailed: "taskFail"
        case .taskTimedOut: "taskTimeout"
        case .parallelStateStarted: "par"
        case .parallelStateSucceeded: "parOK"
        case .parallelStateFailed: "parFail"
        case .mapStateStarted: "map"
        case .mapStateSucceeded: "mapOK"
        case .mapStateFailed: "mapFail"
        case .mapIterationStarted: "iter"
        case .mapIterationSucceeded: "iterOK"
        case .mapIterationFailed: "iterFail"
        case .mapIterationAborted: "iterAbort"
        case .mapRunStarted: "run"
        case .mapRunSucceeded: "runOK"
        case .mapRunFailed: "runFail"
        case .mapRunAborted: "runAbort"
        case .mapRunRedriven: "runRedrive"
        case .note(let note):
            switch note {
            case .waiting: "n.wait"
            case .retry: "n.retry"
            case .items: "n.items"
            case .mapLimits: "n.limits"
            case .branchStarted: "n.branch"
            case .branchSkipped: "n.skip"
            case .branchHeld: "n.hold"
            case .failed: "n.fail"
            case .childFailed: "n.child"
            case .childrenFailed: "n.children"
            case .stopped: "n.stop"
            case .mapRunResult: "n.result"
            case .heartbeat: "n.beat"
            case .cacheDecided: "n.cache"
            case .parallelism: "n.parallel"
            }
        }
    }

    private func write(_ tail: inout TailWriter) {
        switch kind {
        case .executionStarted(let input, let role):
            tail.value(input)
            tail.text(role)
        case .executionSucceeded(let output): tail.value(output)
        case .executionFailed(let error, let cause), .executionAborted(let error, let cause), .executionTimedOut(let error, let cause):
            tail.failure(error, cause)
        case .executionRedriven(let count): tail.number(count)
        case .stateEntered(let state, let input):
            tail.number(state.index)
            tail.value(input)
        case .stateExited(let state, let output, let assigned, let next):
            tail.number(state.index)
            tail.number(next?.index)
            tail.value(output)
            if !assigned.isEmpty { tail.value(.object(assigned)) }
        case .stateAborted(let state): tail.number(state.index)
        case .evaluationFailed(let state, let error, let cause, let location):
            tail.number(state.index)
            tail.failure(error, cause)
            tail.text(location)
        case .taskScheduled(let state, let schedule):
            tail.number(state.index)
            tail.value(schedule.input)
            tail.number(schedule.timeoutSeconds)
            tail.number(schedule.heartbeatSeconds)
            tail.text(schedule.credentialsRoleARN)
        case .taskStarted(let state, let worker):
            tail.number(state.index)
            tail.text(worker)
        case .taskSubmitted(let state, let output), .taskSucceeded(let state, let output):
            tail.number(state.index)
            tail.value(output)
        case .taskFailed(let state, let error, let cause), .mapRunFailed(let state, let error, let cause):
            tail.number(state.index)
            tail.failure(error, cause)
        case .taskTimedOut(let state, let error, let cause):
            tail.number(state.index)
            tail.failure(error, cause)
        case .parallelStateStarted(let state), .parallelStateSucceeded(let state), .parallelStateFailed(let state),
            .mapStateSucceeded(let state), .mapStateFailed(let state), .mapRunSucceeded(let state), .mapRunAborted(let state):
            tail.number(state.index)
        case .mapStateStarted(let state, let length):
            tail.number(state.index)
            tail.number(length)
        case .mapIterationStarted(let state, let index, let input, let parent):
            tail.number(state.index)
            tail.number(index)
            tail.value(input)
            tail.number(parent.index)
        case .mapIterationSucceeded(let state, let index), .mapIterationFailed(let state, let index), .mapIterationAborted(let state, let index):
            tail.number(state.index)
            tail.number(index)
        case .mapRunStarted(let state, let arn):
            tail.number(state.index)
            tail.text(arn)
        case .mapRunRedriven(let state, let arn, let count):
            tail.number(state.index)
            tail.text(arn)
            tail.number(count)
        case .note(let note): write(note, &tail)
        }
    }

    private func write(_ note: Note, _ tail: inout TailWriter) {
        switch note {
        case .waiting(let until): tail.long(until.milliseconds)
        case .retry(let retrier, let at):
            tail.number(retrier)
            tail.long(at.milliseconds)
        case .items(let values, let keys):
            tail.value(.array(values))
            tail.value(keys.map { .array($0.map { .string($0) }) } ?? .null)
        case .mapLimits(let concurrency, let count, let percentage):
            tail.number(concurrency)
            tail.number(count)
            tail.value(percentage.map { .double($0) } ?? .null)
        case .branchStarted(let index, let input, let parent):
            tail.number(index)
            tail.value(input)
            tail.number(parent.index)
        case .branchSkipped(let index), .branchHeld(let index): tail.number(index)
        case .failed(let error, let cause, let isCatchable):
            tail.failure(error, cause)
            tail.value(.bool(isCatchable))
        case .childFailed(let index, let error, let cause, let last):
            tail.number(index)
            tail.failure(error, cause)
            tail.long(last)
        case .childrenFailed(let error, let cause, let last):
            tail.failure(error, cause)
            tail.long(last)
        case .stopped, .heartbeat: break
        case .mapRunResult(let result): tail.value(result)
        case .cacheDecided(let decision): tail.value(decision)
        case .parallelism(let limit): tail.number(limit)
        }
    }
}

/// Writes the fields of an event one after the other.
private struct TailWriter {
    var out: [UInt8]

    mutating func begin(_ code: String, _ id: Int64, _ previous: Int64, _ milliseconds: Int64, _ frame: Int) {
        out.append(UInt8(ascii: "["))
        out.append(UInt8(ascii: "\""))
        out.append(contentsOf: code.utf8)
        out.append(UInt8(ascii: "\""))
        long(id)
        long(previous)
        long(milliseconds)
        number(frame)
    }

    mutating func end() { out.append(UInt8(ascii: "]")) }

    mutating func value(_ value: JSONValue) {
        out.append(UInt8(ascii: ","))
        value.write(to: &out)
    }

    mutating func long(_ value: Int64) { self.value(.integer(value)) }
    mutating func number(_ value: Int) { self.value(.integer(Int64(value))) }
    mutating func number(_ value: Int?) { self.value(value.map { .integer(Int64($0)) } ?? .null) }
    mutating func text(_ value: String?) { self.value(value.map { .string($0) } ?? .null) }

    mutating func failure(_ error: String?, _ cause: String?) {
        text(error)
        text(cause)
    }
}

/// Takes the fields of a stored event one after the other; anything out of place makes it `failed`.
private struct TailReader {
    let fields: [JSONValue]
    var position: Int
    var failed = false

    mutating func value() -> JSONValue {
        defer { position += 1 }
        guard position < fields.count else {
            failed = true
            return .null
        }
        return fields[position]
    }

    mutating func long() -> Int64 {
        guard let number = value().wholeNumber else {
            failed = true
            return 0
        }
        return number
    }

    mutating func int() -> Int { Int(clamping: long()) }
    mutating func state() -> StateID { StateID(place()) }
    mutating func frame() -> FrameID { FrameID(place()) }

    /// An index; a negative one is out of place.
    private mutating func place() -> Int {
        let number = int()
        if number < 0 || number > Int(Int32.max) { failed = true }
        return max(0, number)
    }

    mutating func time() -> Timestamp { Timestamp(milliseconds: long()) }
    mutating func text() -> String? { value().string }
    mutating func optionalInt() -> Int? { value().wholeNumber.map(Int.init(clamping:)) }
    var isAtEnd: Bool { position >= fields.count }
}

extension HistoryEvent.Kind {
    fileprivate init?(code: String, _ read: inout TailReader) {
        switch code {
        case "start": self = .executionStarted(input: read.value(), roleARN: read.text() ?? "")
        case "succeed": self = .executionSucceeded(output: read.value())
        case "fail": self = .executionFailed(error: read.text(), cause: read.text())
        case "abort": self = .executionAborted(error: read.text(), cause: read.text())
        case "timeout": self = .executionTimedOut(error: read.text(), cause: read.text())
        case "redrive": self = .executionRedriven(redriveCount: read.int())
        case "in": self = .stateEntered(read.state(), input: read.value())
        case "out":
            let state = read.state()
            let next = read.optionalInt().map { StateID(max(-1, $0)) }
            let output = read.value()
            self = .stateExited(state, output: output, assigned: read.isAtEnd ? JSONObject() : read.value().object ?? JSONObject(), next: next)
        case "stateAbort": self = .stateAborted(read.state())
        case "evalFail":
            self = .evaluationFailed(read.state(), error: read.text() ?? "", cause: read.text() ?? "", location: read.text())
        case "task":
            let state = read.state()
            let input = read.value()
            let timeout = read.optionalInt()
            let heartbeat = read.optionalInt()
            self = .taskScheduled(
                state, TaskSchedule(input: input, timeoutSeconds: timeout, heartbeatSeconds: heartbeat, credentialsRoleARN: read.text()))
        case "taskStart": self = .taskStarted(read.state(), worker: read.text())
        case "taskSubmit": self = .taskSubmitted(read.state(), output: read.value())
        case "taskOK": self = .taskSucceeded(read.state(), output: read.value())
        case "taskFail": self = .taskFailed(read.state(), error: read.text(), cause: read.text())
        case "taskTimeout": self = .taskTimedOut(read.state(), error: read.text() ?? "", cause: read.text())
        case "par": self = .parallelStateStarted(read.state())
        case "parOK": self = .parallelStateSucceeded(read.state())
        case "parFail": self = .parallelStateFailed(read.state())
        case "map": self = .mapStateStarted(read.state(), length: read.int())
        case "mapOK": self = .mapStateSucceeded(read.state())
        case "mapFail": self = .mapStateFailed(read.state())
        case "iter": self = .mapIterationStarted(read.state(), index: read.int(), input: read.value(), parent: read.frame())
        case "iterOK": self = .mapIterationSucceeded(read.state(), index: read.int())
        case "iterFail": self = .mapIterationFailed(read.state(), index: read.int())
        case "iterAbort": self = .mapIterationAborted(read.state(), index: read.int())
        case "run": self = .mapRunStarted(read.state(), arn: read.text() ?? "")
        case "runOK": self = .mapRunSucceeded(read.state())
        case "runFail": self = .mapRunFailed(read.state(), error: read.text(), cause: read.text())
        case "runAbort": self = .mapRunAborted(read.state())
        case "runRedrive": self = .mapRunRedriven(read.state(), arn: read.text() ?? "", redriveCount: read.int())
        default:
            guard let note = HistoryEvent.Note(code: code, &read) else { return nil }
            self = .note(note)
        }
    }
}

extension HistoryEvent.Note {
    fileprivate init?(code: String, _ read: inout TailReader) {
        switch code {
        case "n.wait": self = .waiting(until: read.time())
        case "n.retry": self = .retry(retrier: read.int(), at: read.time())
        case "n.items":
            let values = read.value().array ?? []
            self = .items(values, keys: read.value().array?.compactMap(\.string))
        case "n.limits":
            self = .mapLimits(maxConcurrency: read.int(), toleratedCount: read.optionalInt(), toleratedPercentage: read.value().number)
        case "n.branch": self = .branchStarted(index: read.int(), input: read.value(), parent: read.frame())
        case "n.skip": self = .branchSkipped(index: read.int())
        case "n.hold": self = .branchHeld(index: read.int())
        case "n.fail": self = .failed(error: read.text(), cause: read.text(), isCatchable: read.value().bool ?? true)
        case "n.child": self = .childFailed(index: read.int(), error: read.text(), cause: read.text(), last: read.long())
        case "n.children": self = .childrenFailed(error: read.text(), cause: read.text(), last: read.long())
        case "n.stop": self = .stopped
        case "n.result": self = .mapRunResult(read.value())
        case "n.beat": self = .heartbeat
        case "n.cache": self = .cacheDecided(read.value())
        case "n.parallel": self = .parallelism(read.int())
        default: return nil
        }
    }
}

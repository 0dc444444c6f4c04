import JSON
import StatesLanguage

/// What a person is shown of a running execution: a pure fold over its history.
///
/// Each event may give lines that stay (all there is where standard error is no terminal); `live` is the part
/// that a terminal draws again and again.
struct ProgressModel {
    let machine: StateMachine
    let style: ProgressStyle

    private(set) var statesEntered = 0
    private(set) var attempts = 0
    /// Tasks for which an earlier success stood.
    private(set) var reused = 0
    /// The last thing that failed, whether or not it was retried or caught.
    var lastFailure: FailurePlace? { failures.last }
    /// The last ones that failed.
    private(set) var failures: [FailurePlace] = []
    private var started: Timestamp?
    private var lastEventID: Int64 = 0
    private(set) var threads: [FrameID: ProgressThread] = [:]
    /// Which line of control an attempt belongs to, by the id of its …Scheduled event.
    private var frames: [Int64: FrameID] = [:]
    /// What tasks printed before their …Scheduled event was shown.
    private var early: [Int64: [UInt8]] = [:]
    /// Passing states that were given a line.
    private var passingLines = 0

    /// Passing states get lines up to this many; a loop of thousands would hide what matters.
    static let passingLineLimit = 100
    /// From so many items on, the items of a Map have no lines of their own but for failures.
    static let itemLineLimit = 25

    init(machine: StateMachine, style: ProgressStyle = .plain) {
        self.machine = machine
        self.style = style
        threads[.root] = ProgressThread(parent: nil, label: "", isCrowded: false)
    }

    mutating func apply(_ event: HistoryEvent) -> [String] {
        let time = event.timestamp
        lastEventID = max(lastEventID, event.id)
        if started == nil { started = time }
        switch event.kind {
        case .executionRedriven: return [line(time, style.yellow("↻"), "resumed")]
        case .stateEntered(let state, _): return entered(state, event.frame, time)
        case .stateExited(let state, _, _, let next): return exited(state, event.frame, isLast: next == nil, time)
        case .taskScheduled: return scheduled(event.frame, event.id, time)
        case .taskSubmitted:
            threads[event.frame]?.doing = .submitted
            return []
        case .taskSucceeded:
            if let attempt = threads[event.frame]?.scheduled { frames[attempt] = nil }
            return []
        case .taskFailed(_, let error, let cause), .mapRunFailed(_, let error, let cause), .note(.failed(let error, let cause, _)):
            return failed(event.frame, error, cause, time)
        case .taskTimedOut(_, let error, let cause): return failed(event.frame, error, cause, time)
        case .evaluationFailed(_, let error, let cause, _): return failed(event.frame, error, cause, time)
        case .note(.waiting(let until)):
            threads[event.frame]?.doing = .waiting(until: until)
            guard let thread = threads[event.frame], !thread.isCrowded else { return [] }
            let left = ProgressStyle.duration(milliseconds: until.milliseconds - time.milliseconds)
            return [line(time, "◷", "\(title(event.frame)) waits \(left)")]
        case .note(.retry(_, let at)):
            threads[event.frame]?.doing = .retrying(at: at)
            let left = ProgressStyle.duration(milliseconds: at.milliseconds - time.milliseconds)
            return [line(time, style.yellow("↻"), "\(title(event.frame)) tries again in \(left)")]
        case .mapStateStarted(_, let length):
            threads[event.frame]?.doing = .items(done: 0, failed: 0, total: length)
            return []
        case .mapRunStarted:
            threads[event.frame]?.doing = .mapRun
            return []
        case .mapIterationStarted(let state, let index, _, let parent):
            var total = 0
            if case .items(_, _, let length)? = threads[parent]?.doing { total = length }
            threads[event.frame] = ProgressThread(
                parent: parent, label: "\(machine[state].name)[\(index)]",
                isCrowded: threads[parent]?.isCrowded == true || total >= Self.itemLineLimit)
            return []
        case .mapIterationSucceeded: return itemEnded(event.frame, hasFailed: false, time)
        case .mapIterationFailed: return itemEnded(event.frame, hasFailed: true, time)
        case .mapIterationAborted:
            threads[event.frame] = nil
            return []
        case .parallelStateStarted(let state):
            if case .parallel(let parallel) = machine[state].kind {
                threads[event.frame]?.doing = .branches(done: 0, total: parallel.branches.count)
            }
            return []
        case .note(.branchStarted(let index, _, let parent)):
            threads[event.frame] = branch(index, parent)
            return []
        case .note(.cacheDecided(let decision)):
            guard decision["Outcome"]?.string == "Hit" else { return [] }
            attempts -= 1
            reused += 1
            threads[event.frame]?.reusedFrom = decision["SourcePipelineExecutionArn"]?.string ?? ""
            return []
        case .note(.branchSkipped(let index)):
            return [line(time, style.dim("-"), "\(title(event.frame)): branch \(branchName(index, event.frame)) is skipped")]
        case .executionStarted, .executionSucceeded, .executionFailed, .executionAborted, .executionTimedOut, .stateAborted,
            .taskStarted, .parallelStateSucceeded, .parallelStateFailed, .mapStateSucceeded, .mapStateFailed,
            .mapRunSucceeded, .mapRunAborted, .mapRunRedriven, .note:
            return []
        }
    }

    /// What an attempt printed; `scheduled` is the id of its …Scheduled event.
    mutating func log(_ bytes: [UInt8], scheduled: Int64, at time: Timestamp) -> [String] {
        guard let frame = frames[scheduled] else {
            if scheduled > lastEventID, early.count < 1000 { early[scheduled, default: []] += bytes.prefix(4096) }
            return []
        }
        let complete = threads[frame]?.take(bytes) ?? []
        guard threads[frame]?.isCrowded == false else { return [] }
        let name = title(frame)
        return complete.map { line(time, style.dim("│"), style.dim("\(name): \(ProgressStyle.safe($0, limit: 400))")) }
    }

    // MARK: states

    private mutating func entered(_ id: StateID, _ frame: FrameID, _ time: Timestamp) -> [String] {
        statesEntered += 1
        threads[frame, default: ProgressThread(parent: nil, label: "", isCrowded: false)].enter(id, at: time)
        guard threads[frame]?.isCrowded == false else { return [] }
        let state = machine[id]
        switch state.kind {
        case .task, .map, .parallel, .fail: return [line(time, "▸", title(frame))]
        case .wait: return []
        case .pass, .choice, .succeed:
            passingLines += 1
            if passingLines > Self.passingLineLimit { return [] }
            if passingLines == Self.passingLineLimit {
                return [line(time, style.dim("·"), style.dim("\(title(frame)) (further Pass and Choice states are not listed)"))]
            }
            return [line(time, style.dim("·"), style.dim(title(frame)))]
        }
    }

    private mutating func exited(_ id: StateID, _ frame: FrameID, isLast: Bool, _ time: Timestamp) -> [String] {
        guard let thread = threads[frame] else { return [] }
        let name = title(frame)
        threads[frame]?.doing = .running
        if isLast, let parent = thread.parent, case .branches(let done, let total)? = threads[parent]?.doing {
            threads[parent]?.doing = .branches(done: done + 1, total: total)
            threads[frame] = nil
        }
        guard !thread.isCrowded else { return [] }
        switch machine[id].kind {
        case .pass, .choice, .succeed, .fail: return []
        case .task, .wait, .map, .parallel:
            if let source = thread.reusedFrom {
                return [line(time, style.green("="), "\(name)  \(style.dim("reused from \(Self.executionName(source))"))")]
            }
            let took = ProgressStyle.duration(milliseconds: time.milliseconds - thread.entered.milliseconds)
            return [line(time, style.green("✓"), "\(name)  \(style.dim(took))")]
        }
    }

    private mutating func scheduled(_ frame: FrameID, _ id: Int64, _ time: Timestamp) -> [String] {
        attempts += 1
        frames[id] = frame
        threads[frame]?.scheduled = id
        threads[frame]?.attempt += 1
        let attempt = threads[frame]?.attempt ?? 1
        threads[frame]?.doing = .task(attempt: attempt)
        let lines = attempt > 1 ? [line(time, "▸", "\(title(frame)), attempt \(attempt)")] : []
        guard let bytes = early.removeValue(forKey: id) else { return lines }
        return lines + log(bytes, scheduled: id, at: time)
    }

    private mutating func failed(_ frame: FrameID, _ error: String?, _ cause: String?, _ time: Timestamp) -> [String] {
        guard let thread = threads[frame], let state = thread.state else { return [] }
        let name = title(frame)
        let isRepeated = lastFailure?.state == state && lastFailure?.title == name && lastFailure?.error == error && lastFailure?.cause == cause
        if failures.count >= 64 { failures.removeFirst() }
        if isRepeated { failures.removeLast() }
        failures.append(FailurePlace(state: state, title: name, error: error, cause: cause, logTail: thread.logTail))
        // The interpreter's note of what a state ends with follows the event of the task itself.
        if isRepeated { return [] }
        let why = [error ?? "failed", cause.map { ProgressStyle.safe(FailurePlace.short($0), limit: 160) }].compactMap { $0 }
        return [line(time, style.red("✗"), "\(name): \(why.joined(separator: ": "))")]
    }

    private mutating func itemEnded(_ frame: FrameID, hasFailed: Bool, _ time: Timestamp) -> [String] {
        guard let thread = threads[frame], let parent = thread.parent else { return [] }
        threads[frame] = nil
        guard case .items(let done, let failed, let total)? = threads[parent]?.doing else { return [] }
        threads[parent]?.doing = .items(done: done + 1, failed: failed + (hasFailed ? 1 : 0), total: total)
        // A Map of many items is told in tenths.
        guard thread.isCrowded, total >= 10, threads[parent]?.isCrowded == false else { return [] }
        guard (done + 1) * 10 / total > done * 10 / total else { return [] }
        return [line(time, style.dim("·"), "\(title(parent))  \(ProgressStyle.bar(done: done + 1, total: total))")]
    }

    private func branch(_ index: Int, _ parent: FrameID) -> ProgressThread {
        ProgressThread(
            parent: parent, label: "\(stateName(parent))/\(branchName(index, parent))", isCrowded: threads[parent]?.isCrowded ?? false)
    }

    private func branchName(_ index: Int, _ parent: FrameID) -> String {
        if let state = threads[parent]?.state, case .parallel(let parallel) = machine[state].kind, parallel.branches.indices.contains(index),
            let name = parallel.branches[index].name
        {
            return name
        }
        return "\(index + 1)"
    }

    // MARK: texts

    /// The last part of an execution's ARN.
    static func executionName(_ arn: String) -> String {
        ProgressStyle.safe(arn.split(separator: ":").last.map(String.init) ?? arn, limit: 80)
    }

    private func stateName(_ frame: FrameID) -> String { threads[frame]?.state.map { machine[$0].name } ?? "" }

    /// `TrainEach[3] › Train`
    func title(_ frame: FrameID) -> String {
        var parts: [String] = [stateName(frame)]
        var current: FrameID? = frame
        while let id = current, let thread = threads[id], parts.count < 12 {
            if !thread.label.isEmpty { parts.append(thread.label) }
            current = thread.parent
        }
        return ProgressStyle.safe(parts.reversed().filter { !$0.isEmpty }.joined(separator: " › "), limit: 200)
    }

    private func line(_ time: Timestamp, _ mark: String, _ text: String) -> String {
        let elapsed = time.milliseconds - (started ?? time).milliseconds
        let seconds = "\(elapsed / 1000).\(elapsed % 1000 / 100)"
        return String(repeating: " ", count: max(0, 7 - seconds.utf8.count)) + seconds + "  \(mark) \(text)"
    }

    /// What goes on now, a line for each thing, at most `limit`.
    func live(now: Timestamp, limit: Int) -> [String] {
        let open = threads.filter { $0.value.state != nil && $0.value.doing.isWorthShowing }
            .sorted { ($0.value.entered, $0.key.index) < ($1.value.entered, $1.key.index) }
        var lines: [String] = []
        for (frame, thread) in open {
            if lines.count == limit - 1, open.count > limit {
                lines.append(style.dim("          … and \(open.count - lines.count) more"))
                break
            }
            lines.append("          " + text(of: thread, title(frame), now))
        }
        return lines
    }

    private func text(of thread: ProgressThread, _ name: String, _ now: Timestamp) -> String {
        let since = ProgressStyle.duration(milliseconds: now.milliseconds - thread.entered.milliseconds)
        func left(_ until: Timestamp) -> String { ProgressStyle.duration(milliseconds: until.milliseconds - now.milliseconds) }
        switch thread.doing {
        case .running: return "\(name)  \(style.dim(since))"
        case .task(let attempt):
            let tries = attempt > 1 ? ", attempt \(attempt)" : ""
            let last = thread.lastLogLine.map { "  " + style.dim(ProgressStyle.safe($0, limit: 60)) } ?? ""
            return "\(name)  \(style.dim(since + tries))\(last)"
        case .submitted: return "\(name)  \(style.dim("waits for its answer, \(since)"))"
        case .waiting(let until): return "◷ \(name)  \(left(until)) left"
        case .retrying(let at): return "\(style.yellow("↻")) \(name)  next attempt in \(left(at))"
        case .items(let done, let failed, let total):
            return "\(name)  \(ProgressStyle.bar(done: done, total: total))" + (failed > 0 ? style.red("  \(failed) failed") : "")
        case .branches(let done, let total): return "\(name)  \(done) of \(total) branches done"
        case .mapRun: return "\(name)  \(style.dim("distributed, \(since)"))"
        }
    }
}

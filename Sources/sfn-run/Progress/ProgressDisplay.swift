import Glibc
import LocalJobs
import SageMakerPipelines
import StatesLanguage
import Synchronization

/// Draws a `ProgressModel` on standard error: lines that stay, and on a terminal a part below them that is drawn again.
final class ProgressDisplay: Sendable {
    private struct Drawing {
        var model: ProgressModel
        /// Of a pipeline.
        var steps: PipelineExecutionSteps?
        /// Lines of the live part that stand on the screen.
        var drawn = 0
        var isClosed = false
    }

    private let drawing: Mutex<Drawing>
    private let terminal: Terminal
    let style: ProgressStyle

    init(machine: StateMachine, pipeline: PipelineDefinition? = nil, terminal: Terminal) {
        self.terminal = terminal
        style = ProgressStyle(hasColor: terminal.hasColor)
        let steps = pipeline.map { PipelineExecutionSteps(definition: $0, machine: machine) }
        drawing = Mutex(Drawing(model: ProgressModel(machine: machine, style: style), steps: steps))
    }

    func show(_ events: [HistoryEvent]) {
        drawing.withLock { drawing in
            var lines: [String] = []
            for event in events {
                lines += drawing.model.apply(event)
                drawing.steps?.apply(event)
            }
            if !lines.isEmpty { write(lines, &drawing) }
        }
    }

    /// What happened before this process: folded, not printed.
    func showPast(_ events: [HistoryEvent]) {
        drawing.withLock { drawing in
            for event in events {
                _ = drawing.model.apply(event)
                drawing.steps?.apply(event)
            }
        }
    }

    var taskLog: @Sendable ([UInt8], Int64) -> Void {
        { [self] bytes, scheduled in log(bytes, scheduled: scheduled, at: .current) }
    }

    func log(_ bytes: [UInt8], scheduled: Int64, at time: Timestamp) {
        drawing.withLock { drawing in
            let lines = drawing.model.log(bytes, scheduled: scheduled, at: time)
            if !lines.isEmpty { write(lines, &drawing) }
        }
    }

    /// Draws the live part; to be called a few times a second.
    func tick(now: Timestamp) {
        guard terminal.canRedraw else { return }
        drawing.withLock { drawing in
            guard !drawing.isClosed else { return }
            draw([], &drawing, now: now)
        }
    }

    /// Takes the live part away.
    func close() {
        drawing.withLock { drawing in
            drawing.isClosed = true
            if drawing.drawn > 0 {
                Files.writeAll(Array("\u{1B}[\(drawing.drawn)A\u{1B}[J".utf8), to: STDERR_FILENO)
                drawing.drawn = 0
            }
        }
    }

    /// The table of a pipeline's steps, as it is now.
    func stepTable(now: Timestamp) -> [String] {
        drawing.withLock { drawing in drawing.steps.map { StepTable(style: style, limit: 60).lines($0, now: now) } ?? [] }
    }

    /// Whether a pipeline's Fail step ended the execution.
    var endedInFailStep: Bool { drawing.withLock { $0.steps?.retryRefusal != nil } }

    /// What an execution failed of, among all that has failed in it.
    func failure(_ error: String?, _ cause: String?) -> FailurePlace? {
        drawing.withLock { drawing in
            drawing.model.failures.first { $0.error == error && $0.cause == cause } ?? drawing.model.lastFailure
        }
    }

    var counts: (states: Int, attempts: Int, reused: Int) { drawing.withLock { ($0.model.statesEntered, $0.model.attempts, $0.model.reused) } }

    private func write(_ lines: [String], _ drawing: inout Drawing) {
        if terminal.canRedraw, !drawing.isClosed {
            draw(lines, &drawing, now: .current)
        } else {
            Files.writeAll(Array((lines.joined(separator: "\n") + "\n").utf8), to: STDERR_FILENO)
        }
    }

    private func draw(_ lines: [String], _ drawing: inout Drawing, now: Timestamp) {
        let table = drawing.steps.map { StepTable(style: style, limit: max(4, min(24, terminal.rows - 6))).lines($0, now: now) }
        let live = (table ?? drawing.model.live(now: now, limit: 10)).map { TerminalText.cut($0, columns: terminal.columns - 1) }
        var text = drawing.drawn > 0 ? "\u{1B}[\(drawing.drawn)A\r" : "\r"
        for line in lines + live { text += line + "\u{1B}[K\n" }
        text += "\u{1B}[J"
        drawing.drawn = live.count
        Files.writeAll(Array(text.utf8), to: STDERR_FILENO)
    }
}

enum TerminalText {
    /// At most so many columns, colours not counted (every character is taken as one column).
    static func cut(_ text: String, columns: Int) -> String {
        var result = ""
        var count = 0
        var isEscape = false
        for scalar in text.unicodeScalars {
            if isEscape {
                result.unicodeScalars.append(scalar)
                if scalar == "m" { isEscape = false }
            } else if scalar == "\u{1B}" {
                isEscape = true
                result.unicodeScalars.append(scalar)
            } else if count < columns {
                result.unicodeScalars.append(scalar)
                count += 1
            }
        }
        return result
    }
}

extension Timestamp {
    /// What the system's clock says.
    static var current: Timestamp {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return Timestamp(milliseconds: Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000)
    }
}

import StatesLanguage

/// One line of control as it is shown.
struct ProgressThread {
    let parent: FrameID?
    /// `TrainEach[3]`, `Ask/2`; empty for the root.
    let label: String
    /// One of very many: only its failures are told.
    let isCrowded: Bool
    private(set) var state: StateID?
    private(set) var entered = Timestamp(milliseconds: 0)
    var attempt = 0
    /// Id of the latest attempt's …Scheduled event.
    var scheduled: Int64?
    var doing = Doing.running
    /// The execution whose success stands for the state's task.
    var reusedFrom: String?
    /// The last lines that the state's task printed.
    private(set) var logTail: [String] = []
    private var partialLine: [UInt8] = []

    static let logTailLength = 12

    enum Doing {
        case running
        case task(attempt: Int)
        case submitted
        case waiting(until: Timestamp)
        case retrying(at: Timestamp)
        case items(done: Int, failed: Int, total: Int)
        case branches(done: Int, total: Int)
        case mapRun

        var isWorthShowing: Bool {
            guard case .running = self else { return true }
            return false
        }
    }

    init(parent: FrameID?, label: String, isCrowded: Bool) {
        self.parent = parent
        self.label = label
        self.isCrowded = isCrowded
    }

    mutating func enter(_ state: StateID, at time: Timestamp) {
        self.state = state
        entered = time
        attempt = 0
        reusedFrom = nil
        doing = .running
        logTail = []
        partialLine = []
    }

    /// The lines that are complete now.
    mutating func take(_ bytes: [UInt8]) -> [String] {
        var lines: [String] = []
        for byte in bytes {
            if byte == 0x0A {
                if partialLine.last == 0x0D { partialLine.removeLast() }
                lines.append(String(decoding: partialLine, as: UTF8.self))
                partialLine.removeAll(keepingCapacity: true)
            } else if partialLine.count < 4096 {
                partialLine.append(byte)
            }
        }
        logTail = (logTail + lines).suffix(Self.logTailLength)
        return lines
    }

    var lastLogLine: String? {
        partialLine.isEmpty ? logTail.last : String(decoding: partialLine, as: UTF8.self)
    }
}

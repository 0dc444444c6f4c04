import JSON

/// One line of control.
struct Frame: Equatable, Sendable {
    let parent: FrameID?
    /// The branch's or the item's place in the parent's children.
    let index: Int
    /// AWS's `previousEventId` of what comes next here (asl-brief section 9.1).
    var chain: Int64
    /// Those assigned in this scope.
    var variables = JSONObject()
    var phase: Phase

    // The state that the frame is in.
    var state: StateID
    /// Raw.
    var input: JSONValue
    var enteredAt = Timestamp(milliseconds: 0)
    var enteredID: Int64 = 0
    /// The chain before the state was entered: where an EvaluationFailed points to.
    var chainBeforeEntered: Int64 = 0
    var firstAttemptAt = Timestamp(milliseconds: 0)
    /// How often each retrier was used; empty: none yet.
    var retries: [Int] = []
    /// ARN of the run of a distributed Map, kept for a redrive.
    var mapRun: String?

    /// Given up because something else failed; a redrive takes it up again where its phase says.
    var isStopped = false

    var retryCount: Int { retries.reduce(0, +) }

    enum Phase: Equatable, Sendable {
        /// The state is to be entered with this input.
        case enter(StateID, JSONValue)
        /// The state was entered; its work begins (again, after a redrive).
        case run
        /// Until then a Wait waits.
        case timer(Timestamp)
        /// The next attempt starts then.
        case retry(Timestamp)
        // Apart, for frames to be small: they are copied at every step.
        indirect case task(TaskProgress)
        /// A Parallel or inline Map has children under way.
        case children
        /// A distributed Map's run.
        case mapRun(started: Int64, arn: String)
        /// The work is done: the state is to be left.
        case result(JSONValue)
        /// The work failed: retry, catch, or pass it on.
        case failed(Failed)
        /// A branch or iteration, or the execution, came to its end with this output.
        case ended(JSONValue)
    }

    struct Failed: Equatable, Sendable {
        var error: String?
        var cause: String?
        var isCatchable = true
    }

    struct TaskProgress: Equatable, Sendable {
        let scheduledID: Int64
        let schedule: TaskSchedule
        var isStarted = false
        /// What the service said when it took the work.
        var submitted: JSONValue?
        var hasMissedCache = false
        let deadline: Timestamp?
        var heartbeatDeadline: Timestamp?

        var isSubmitted: Bool { submitted != nil }

        var nextDeadline: Timestamp? {
            switch (deadline, heartbeatDeadline) {
            case (let a?, let b?): min(a, b)
            case (let a, let b): a ?? b
            }
        }
    }
}

/// The branches of a Parallel or the iterations of a Map.
struct Children: Equatable, Sendable {
    enum Status: UInt8, Sendable { case pending, running, succeeded, failed, skipped }

    let startedID: Int64
    var status: [Status]
    var results: [JSONValue]
    /// The first that may still be pending.
    var next = 0
    var running = 0
    var succeeded = 0
    var failed = 0
    var skipped = 0
    var maxConcurrency = 0
    var toleratedCount: Int?
    var toleratedPercentage: Double?
    /// Chains that ended iterations left: the next iteration in the slot goes on from there.
    var slots = Slots()
    /// What the succeeded (or failed) event of the state points to.
    var last: Int64
    /// The first failure that nothing handles.
    var failure: Frame.Failed?
    /// A failure inside, or in the branch of a Parallel inside, that nothing handles: what runs ends, nothing else starts.
    var isDraining = false
    /// Variables of ended branches, for those that depend on them.
    var assigned: [Int: JSONObject] = [:]
    /// The place of each child's frame, or -1.
    private var places: [Int32]
    var items = ItemsCache()
    var starts = StartQueue()

    init(startedID: Int64, count: Int) {
        self.startedID = startedID
        status = Array(repeating: .pending, count: count)
        results = Array(repeating: .null, count: count)
        places = Array(repeating: -1, count: count)
        last = startedID
    }

    /// The frames of the children that have one, in the children's order.
    var frames: [FrameID] { places.lazy.filter { $0 >= 0 }.map { FrameID(Int($0)) } }

    func frame(of index: Int) -> FrameID? {
        guard places.indices.contains(index), places[index] >= 0 else { return nil }
        return FrameID(Int(places[index]))
    }

    mutating func setFrame(_ frame: FrameID?, of index: Int) {
        guard places.indices.contains(index) else { return }
        places[index] = frame.map { Int32(clamping: $0.index) } ?? -1
    }

    var isComplete: Bool { running == 0 && succeeded + failed + skipped == status.count }
}

/// Event ids, first in, first out.
struct Slots: Equatable, Sendable {
    private var ids: [Int64] = []
    private var head = 0

    var first: Int64? { head < ids.count ? ids[head] : nil }
    mutating func append(_ id: Int64) { ids.append(id) }

    mutating func takeFirst() {
        guard head < ids.count else { return }
        head += 1
        if head == ids.count {
            ids.removeAll(keepingCapacity: true)
            head = 0
        }
    }

    static func == (left: Slots, right: Slots) -> Bool { left.ids[left.head...] == right.ids[right.head...] }
}

/// A Map's items. Where a path names them they are found again from the input, so they do not count as state.
struct ItemsCache: Equatable, Sendable {
    var values: [JSONValue]?
    var keys: [String]?
    static func == (_: ItemsCache, _: ItemsCache) -> Bool { true }
}

/// Extension `DependsOn`: which branches have to be looked at again, so that the end of one does not cost a look at all.
/// Found again from the statuses where it is not known, so it does not count as state.
struct StartQueue: Equatable, Sendable {
    /// False: every branch has to be looked at.
    var isKnown = false
    /// Those that ended or were skipped since the last look.
    var ended: [Int] = []
    /// Those that only the limit of concurrency kept from starting.
    var held: [Int] = []

    mutating func note(ended index: Int) {
        if isKnown { ended.append(index) }
    }

    static func == (_: StartQueue, _: StartQueue) -> Bool { true }
}

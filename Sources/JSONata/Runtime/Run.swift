import Glibc
import JSON

/// One evaluation: its globals, caches, counters and limits. Not shared between threads.
final class Run {
    let options: JSONataOptions
    let limits: RuntimeLimits
    var globals: [Value] = []
    /// The names of the globals; an `$eval` adds its own.
    var globalNames: [String] = []
    /// For every name step, the shape it met last and the place of its key there.
    private var caches: UnsafeMutablePointer<ShapeCache>
    private(set) var cacheCount: Int
    /// Programs of `$eval`, kept because functions point into them.
    var programs: [Program] = []
    var bindings: [String: Value] = [:]
    var root: Value = .undefined
    var builtins: [String: Value] = [:]

    var depth = 0
    /// Calls within calls; tail calls from built-ins nest these without nesting expressions.
    private var callDepth = 0
    private var hopDepth: Int
    private var ticks = 0
    private let deadline: UInt64?
    private var allocated = 0

    /// The call that a tail call left to its caller.
    var tail: (function: Value, arguments: [Value], token: Value?, position: Int)?
    var random: RandomSource

    struct ShapeCache {
        var shape: AnyObject?
        var index = 0
    }

    init(options: JSONataOptions, cacheCount: Int) {
        self.options = options
        limits = RuntimeLimits(options)
        self.cacheCount = max(1, cacheCount)
        caches = .allocate(capacity: self.cacheCount)
        caches.initialize(repeating: ShapeCache(), count: self.cacheCount)
        hopDepth = BigStack.isCurrent ? Int.max : BigStack.comfortableDepth
        deadline = options.timeLimitMilliseconds.map { Self.clock() &+ UInt64(clamping: $0) &* 1_000_000 }
        random = RandomSource(seed: options.randomSeed)
    }

    deinit {
        caches.deinitialize(count: cacheCount)
        caches.deallocate()
    }

    /// Makes room for the caches of an `$eval`.
    func growCaches(to count: Int) {
        guard count > cacheCount else { return }
        let larger = UnsafeMutablePointer<ShapeCache>.allocate(capacity: count)
        larger.moveInitialize(from: caches, count: cacheCount)
        (larger + cacheCount).initialize(repeating: ShapeCache(), count: count - cacheCount)
        caches.deallocate()
        caches = larger
        cacheCount = count
    }

    // MARK: Bounds

    /// Counts one level of evaluation; `leaf` more are surely below.
    @inline(__always)
    func enter(_ leaf: Int = 1) throws(Failure) {
        depth &+= 1
        ticks &+= 1
        if depth &+ leaf > limits.maximumDepth || ticks & 0xFF == 0 { try checkBounds(leaf) }
    }

    @inline(__always)
    func leave() { depth &-= 1 }

    private func checkBounds(_ leaf: Int) throws(Failure) {
        if depth + leaf > limits.maximumDepth {
            depth -= 1
            throw limits.stackFailure(depth: limits.maximumDepth + 1)
        }
        if let deadline, Self.clock() >= deadline {
            depth -= 1
            throw limits.timeFailure
        }
    }

    /// Lets long loops inside one function see the deadline.
    @inline(__always)
    func tick() throws(Failure) {
        ticks &+= 1
        if ticks & 0xFF == 0, let deadline, Self.clock() >= deadline { throw limits.timeFailure }
    }

    static func clock() -> UInt64 {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return UInt64(time.tv_sec) &* 1_000_000_000 &+ UInt64(time.tv_nsec)
    }

    /// Whether the next call should go on on a larger stack.
    @inline(__always)
    var needsBigStack: Bool { depth > hopDepth || (callDepth > 12 && hopDepth != Int.max) }

    /// Counts one call within calls.
    @inline(__always)
    func enterCall() throws(Failure) {
        callDepth &+= 1
        if callDepth > BigStack.maximumCalls { throw limits.stackFailure(depth: limits.maximumDepth + 1) }
    }

    @inline(__always)
    func leaveCall() { callDepth &-= 1 }

    /// Goes on on a thread with a large stack, while this one waits.
    func onBigStack(_ body: () throws(Failure) -> Value) throws(Failure) -> Value {
        let previous = hopDepth
        hopDepth = Int.max
        defer { hopDepth = previous }
        return try BigStack.run(body)
    }

    /// Counts bytes that a value will take; refuses what is over the limit for one evaluation.
    @inline(__always)
    func allocate(_ bytes: Int) throws(Failure) {
        guard bytes > 4096 else { return }
        if bytes > limits.maximumValueBytes { throw limits.memoryFailure }
        allocated &+= bytes
        if allocated > limits.maximumTotalBytes { throw limits.memoryFailure }
    }

    /// Refuses values nested so deeply that freeing them would need a deep stack.
    @inline(__always)
    func bounded(_ value: Value) throws(Failure) -> Value {
        if value.depth > RuntimeLimits.maximumNesting { throw limits.nestingFailure }
        return value
    }

    /// How numbers become text here.
    var numberStyle: NumberStyle { options.profile == .stepFunctions ? .wholeExact : .rounded }

    // MARK: Objects

    /// The member of a JSON object, with the cache of one place in the program.
    @inline(__always)
    func member(_ object: JSONObject, _ key: String, cache: Int) -> Value {
        let shape = object.keysIdentity
        if caches[cache].shape === shape {
            let index = caches[cache].index
            return index >= 0 ? .json(object.values[index]) : .undefined
        }
        let index = object.index(of: key) ?? -1
        caches[cache] = ShapeCache(shape: shape, index: index)
        return index >= 0 ? .json(object.values[index]) : .undefined
    }
}

/// The limits of one evaluation and the words for passing them.
struct RuntimeLimits {
    /// How deep lists and objects made by an expression may nest.
    static let maximumNesting: Int32 = 400

    let maximumDepth: Int
    let maximumValueBytes: Int
    let maximumTotalBytes: Int
    let maximumRangeElements: Int
    private let code: String?

    init(_ options: JSONataOptions) {
        maximumDepth = min(options.maximumDepth, BigStack.maximumDepth)
        maximumValueBytes = options.maximumValueBytes
        maximumTotalBytes = options.maximumTotalBytes
        maximumRangeElements = options.maximumRangeElements
        // The harness of jsonata-js's own tests gives its limits this code; AWS's have none.
        code = options.profile == .javascript ? "U1001" : nil
    }

    func stackFailure(depth: Int) -> Failure {
        Failure(
            limit: code == nil
                ? "Stack overflow error: Check for non-terminating recursive function. Consider rewriting as tail-recursive. Depth=\(depth) max=\(maximumDepth)"
                : "Stack overflow error", code: code)
    }

    var timeFailure: Failure {
        Failure(limit: code == nil ? "Expression evaluation timeout: Check for infinite loop" : "timeout", code: code)
    }

    var memoryFailure: Failure {
        Failure(limit: "Expression evaluation memory limit exceeded: Check for excessive memory usage", code: code)
    }

    var nestingFailure: Failure {
        Failure(limit: "The value is nested too deeply", code: code)
    }
}

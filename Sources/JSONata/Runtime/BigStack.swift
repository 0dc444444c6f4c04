import Glibc

/// Runs deep recursion on a thread with a large stack, while the caller waits. Callers may have half a megabyte
/// only (Swift's cooperative threads), and JSONata's recursion is the expression's, not ours to bound low.
enum BigStack {
    /// Pages that are not touched cost nothing.
    private static let stackBytes = 1 << 30
    /// Levels of evaluation that are safe on any stack; a level takes up to 4 KB without optimisation.
    static let comfortableDepth = 48
    /// Levels of evaluation that the large stack holds.
    static let maximumDepth = 60_000

    /// Calls within calls that the large stack holds.
    static let maximumCalls = 20_000

    /// Whether the current thread is one of the large ones.
    static var isCurrent: Bool { pthread_getspecific(key) != nil }

    private static let key: pthread_key_t = {
        var key = pthread_key_t()
        pthread_key_create(&key, nil)
        return key
    }()

    /// Carries the work to the thread and its result back; the caller waits, so only one of them touches it at a time.
    private final class Work {
        let body: () -> Void
        init(_ body: @escaping () -> Void) { self.body = body }
    }

    static func run<T>(_ body: () throws(Failure) -> T) throws(Failure) -> T {
        if isCurrent { return try body() }
        var result: Result<T, Failure>?
        // The closure does not outlive this call: the thread is joined before it returns.
        let started = withoutActuallyEscaping(body) { body in
            start {
                do throws(Failure) {
                    result = .success(try body())
                } catch {
                    result = .failure(error)
                }
            }
        }
        guard started, let result else {
            throw Failure(limit: "No thread for a deep evaluation could be started", code: nil)
        }
        return try result.get()
    }

    private static func start(_ body: () -> Void) -> Bool {
        withoutActuallyEscaping(body) { body in
            var attributes = pthread_attr_t()
            pthread_attr_init(&attributes)
            defer { pthread_attr_destroy(&attributes) }
            pthread_attr_setstacksize(&attributes, stackBytes)
            let work = Unmanaged.passRetained(Work(body))
            var thread = pthread_t()
            let status = pthread_create(
                &thread, &attributes,
                { argument in
                    guard let argument else { return nil }
                    pthread_setspecific(BigStack.key, argument)
                    Unmanaged<Work>.fromOpaque(argument).takeUnretainedValue().body()
                    return nil
                }, work.toOpaque())
            if status == 0 { pthread_join(thread, nil) }
            work.release()
            return status == 0
        }
    }
}

import Glibc
import Synchronization

/// Ctrl-C and SIGTERM: the first stops gently and ends with 130, the second ends at once.
enum Interruption {
    private static let begun = Atomic<Bool>(false)
    /// Written once, before the handlers are set.
    nonisolated(unsafe) private static var pipe: (read: Int32, write: Int32) = (-1, -1)

    static var hasBegun: Bool { begun.load(ordering: .acquiring) }

    /// `gently` runs after the first signal; then the process ends with 130.
    static func handle(_ gently: @escaping @Sendable () async -> Void) {
        var ends: [Int32] = [-1, -1]
        guard Glibc.pipe(&ends) == 0 else { return }
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        pipe = (ends[0], ends[1])
        let reader = ends[0]
        spawnThread {
            var byte: UInt8 = 0
            while read(reader, &byte, 1) != 1 { if errno != EINTR { return } }
            begun.store(true, ordering: .releasing)
            Task {
                await gently()
                _exit(130)
            }
            while read(reader, &byte, 1) != 1 { if errno != EINTR { return } }
            _exit(130)
        }
        for number in [SIGINT, SIGTERM, SIGHUP] {
            signal(number) { _ in
                var byte: UInt8 = 1
                _ = write(Interruption.pipe.write, &byte, 1)
            }
        }
    }

    /// The gentle stop ends the process.
    static func waitForever() async -> Never {
        while true { try? await Task.sleep(nanoseconds: 60_000_000_000) }
    }

    private static func spawnThread(_ body: @escaping @Sendable () -> Void) {
        final class Box: Sendable {
            let body: @Sendable () -> Void
            init(_ body: @escaping @Sendable () -> Void) { self.body = body }
        }
        var thread = pthread_t()
        let box = Unmanaged.passRetained(Box(body))
        let status = pthread_create(
            &thread, nil,
            { argument in
                guard let argument else { return nil }
                Unmanaged<Box>.fromOpaque(argument).takeRetainedValue().body()
                return nil
            }, box.toOpaque())
        if status == 0 { pthread_detach(thread) } else { box.release() }
    }
}

import Glibc

/// Calls back when another process has something for us, without polling: a thread that sleeps in the kernel until
/// a file changes.
///
/// With `Store.watchDoorbell` the file is the engine's own lock file, which senders touch after their commit
/// (`WriteTransaction.send`, `offerActivityTask`, `wake`): commits that concern nobody else wake nobody. With
/// `Store.watchCommits` it is the WAL: any commit of any process. Where the file cannot be watched, and in case a
/// sender died between its commit and the bell, it also calls every `fallbackSeconds`.
/// `onChange` runs on the watcher's thread; it may come without a reason.
package final class ChangeWatcher: Sendable {
    /// The end of a pipe whose other end the thread watches: it closes when this goes away.
    private let life: Int32

    fileprivate init(path: String?, fallbackSeconds: Int, onChange: @escaping @Sendable () -> Void) {
        var ends: [Int32] = [-1, -1]
        if pipe(&ends) == 0 { for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) } }
        life = ends[1]
        let loop = WatchLoop(
            notify: WatchLoop.watch(path), stop: ends[0], milliseconds: Int32(clamping: fallbackSeconds) &* 1_000,
            onChange: onChange)
        loop.start()
    }

    deinit {
        if life >= 0 { close(life) }
    }
}

extension Store {
    /// Calls `onChange` when somebody has left a message for the engine, or something any engine may want.
    package func watchDoorbell(
        of engine: EngineID, fallbackSeconds: Int = 2, onChange: @escaping @Sendable () -> Void
    ) -> ChangeWatcher {
        ChangeWatcher(path: locks.doorbellPath(engine), fallbackSeconds: fallbackSeconds, onChange: onChange)
    }

    /// Calls `onChange` after commits of any process, this one included; ask `othersHaveCommitted` for others' alone.
    package func watchCommits(
        fallbackSeconds: Int = 1, onChange: @escaping @Sendable () -> Void
    ) -> ChangeWatcher {
        ChangeWatcher(path: options.isShared ? path + "-wal" : nil, fallbackSeconds: fallbackSeconds, onChange: onChange)
    }
}

/// The thread of a watcher, and what it owns.
private final class WatchLoop: Sendable {
    private let notify: Int32
    private let stop: Int32
    private let milliseconds: Int32
    private let onChange: @Sendable () -> Void

    init(notify: Int32, stop: Int32, milliseconds: Int32, onChange: @escaping @Sendable () -> Void) {
        self.notify = notify
        self.stop = stop
        self.milliseconds = milliseconds
        self.onChange = onChange
    }

    /// A descriptor that becomes readable when the file changes; -1 where that cannot be had.
    static func watch(_ path: String?) -> Int32 {
        guard let path else { return -1 }
        let descriptor = inotify_init1(Int32(IN_CLOEXEC) | Int32(IN_NONBLOCK))
        guard descriptor >= 0 else { return -1 }
        guard inotify_add_watch(descriptor, path, UInt32(IN_MODIFY)) >= 0 else {
            close(descriptor)
            return -1
        }
        return descriptor
    }

    func start() {
        let context = Unmanaged.passRetained(self)
        var thread = pthread_t()
        let code = pthread_create(
            &thread, nil,
            { context in
                if let context { Unmanaged<WatchLoop>.fromOpaque(context).takeRetainedValue().run() }
                return nil
            }, context.toOpaque())
        if code == 0 { pthread_detach(thread) } else { context.release() }
    }

    private func run() {
        var polled = [pollfd(fd: stop, events: Int16(POLLIN), revents: 0), pollfd(fd: notify, events: Int16(POLLIN), revents: 0)]
        var buffer = [UInt8](repeating: 0, count: 4_096)
        while true {
            // A negative descriptor is skipped; what remains is the fallback.
            let count = poll(&polled, 2, milliseconds)
            if count < 0 && errno == EINTR { continue }
            if count < 0 || polled[0].revents != 0 { break }
            if polled[1].revents != 0 { while read(notify, &buffer, buffer.count) > 0 {} }
            onChange()
        }
        if notify >= 0 { close(notify) }
        if stop >= 0 { close(stop) }
    }
}

import Glibc

/// Who is alive: every engine process holds a lock of its own until it ends, however it ends. The lock is also the
/// engine's doorbell: others ring it when they have left a message.
package protocol EngineLocks: Sendable {
    /// Takes the lock of `engine`; nil when somebody holds it, that is, while `engine` lives.
    func take(_ engine: EngineID) -> (any HeldEngineLock)?
    /// Wakes `engine` if it watches its doorbell.
    func ring(_ engine: EngineID)
    /// The file to watch for rings, where there is one.
    func doorbellPath(_ engine: EngineID) -> String?
}

/// A lock held until it is released or the process ends.
package protocol HeldEngineLock: Sendable {
    /// Lets go; `isForgotten` also removes what marks the engine, which will not come back.
    func release(isForgotten: Bool)
}

/// Locks as files `<db>.engine-<id>.lock`, held with `flock`, which the kernel releases when the process dies.
struct EngineLockFiles: EngineLocks {
    let storePath: String

    func path(_ engine: EngineID) -> String { "\(storePath).engine-\(engine.rawValue).lock" }
    func doorbellPath(_ engine: EngineID) -> String? { path(engine) }

    func take(_ engine: EngineID) -> (any HeldEngineLock)? {
        let path = path(engine)
        let descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else { return nil }
        while flock(descriptor, LOCK_EX | LOCK_NB) != 0 {
            if errno == EINTR { continue }
            close(descriptor)
            return nil
        }
        return Held(descriptor: descriptor, path: path)
    }

    func ring(_ engine: EngineID) {
        let descriptor = open(path(engine), O_WRONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return }
        var byte: UInt8 = 1
        pwrite(descriptor, &byte, 1, 0)
        close(descriptor)
    }

    private struct Held: HeldEngineLock {
        let descriptor: Int32
        let path: String

        func release(isForgotten: Bool) {
            if isForgotten { unlink(path) }
            close(descriptor)
        }
    }
}

/// Locks within one process: for a store in memory, and for simulations that kill engines.
package final class EngineLocksInProcess: EngineLocks, @unchecked Sendable {
    // Sendable: `held` is touched only under `lock`.
    private let lock = Lock()
    private var held: Set<EngineID> = []

    package init() {}

    package func take(_ engine: EngineID) -> (any HeldEngineLock)? {
        lock.lock()
        defer { lock.unlock() }
        return held.insert(engine).inserted ? Held(engine: engine, locks: self) : nil
    }

    package func ring(_ engine: EngineID) {}
    package func doorbellPath(_ engine: EngineID) -> String? { nil }

    /// What the death of `engine` does to its lock.
    package func drop(_ engine: EngineID) {
        lock.lock()
        held.remove(engine)
        lock.unlock()
    }

    /// What a power cut does to all of them.
    package func dropAll() {
        lock.lock()
        held.removeAll()
        lock.unlock()
    }

    private struct Held: HeldEngineLock {
        let engine: EngineID
        let locks: EngineLocksInProcess
        func release(isForgotten: Bool) { locks.drop(engine) }
    }
}

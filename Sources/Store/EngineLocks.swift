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
    /// By engine: the simulated process that holds its lock.
    private var held: [EngineID: Int] = [:]
    private let onRing: @Sendable (EngineID) -> Void

    package init(onRing: @escaping @Sendable (EngineID) -> Void = { _ in }) { self.onRing = onRing }

    package func take(_ engine: EngineID) -> (any HeldEngineLock)? { take(engine, process: 0) }

    fileprivate func take(_ engine: EngineID, process: Int) -> (any HeldEngineLock)? {
        lock.lock()
        defer { lock.unlock() }
        guard held[engine] == nil else { return nil }
        held[engine] = process
        return Held(engine: engine, locks: self)
    }

    package func ring(_ engine: EngineID) { onRing(engine) }
    package func doorbellPath(_ engine: EngineID) -> String? { nil }

    /// The locks as a simulated process takes them.
    package func of(process: Int) -> any EngineLocks { OfProcess(process: process, all: self) }

    /// What the death of `engine` does to its lock.
    package func drop(_ engine: EngineID) {
        lock.lock()
        held[engine] = nil
        lock.unlock()
    }

    /// What the death of a simulated process does to the locks it holds.
    package func drop(process: Int) {
        lock.lock()
        held = held.filter { $0.value != process }
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

    private struct OfProcess: EngineLocks {
        let process: Int
        let all: EngineLocksInProcess
        func take(_ engine: EngineID) -> (any HeldEngineLock)? { all.take(engine, process: process) }
        func ring(_ engine: EngineID) { all.ring(engine) }
        func doorbellPath(_ engine: EngineID) -> String? { nil }
    }
}

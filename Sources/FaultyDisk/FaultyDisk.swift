import CFaultyVFS
import SQLite
import Store

/// A disk in memory for simulations: a real SQLite on it meets failing writes, torn writes, a full disk, syncs that
/// lie, and power cuts that lose everything not synced. One seed decides what a power cut leaves.
///
///     let disk = FaultyDisk(seed: 7)
///     let store = try Store(path: "sfn.db", options: disk.options)
///     disk.fail(.sync, at: 3, .before)
///     …
///     disk.cutPower(.someUnsyncedWritesSurvive)   // every open store is dead
///     let reborn = try Store(path: "sfn.db", options: disk.options)
package final class FaultyDisk: @unchecked Sendable {
    // Sendable: the C side locks.
    package enum Operation: Int32, Sendable, CaseIterable { case read, write, sync }

    package enum Manner: Int32, Sendable, CaseIterable {
        /// Nothing was done.
        case before = 1
        /// It was done, and yet fails.
        case after
        /// A write: its first half was done.
        case torn
        /// A write: the disk is full.
        case full
    }

    package enum Loss: Int32, Sendable, CaseIterable {
        case everythingUnsyncedIsLost
        /// Each by a throw of the dice, some cut off at a sector.
        case someUnsyncedWritesSurvive
    }

    /// The engine locks of this disk's stores; `drop` one to let an engine die alone.
    package let locks: EngineLocksInProcess
    package let vfsName: String
    private let disk: OpaquePointer

    package init(seed: UInt64, onRing: @escaping @Sendable (EngineID) -> Void = { _ in }) {
        locks = EngineLocksInProcess(onRing: onRing)
        // Names are only for SQLite's list; the address of a fresh object makes one that no living disk has.
        vfsName = "faulty-\(UInt(bitPattern: ObjectIdentifier(locks)))"
        guard let disk = faulty_disk_create(vfsName, seed) else { preconditionFailure("out of memory") }
        self.disk = disk
    }

    deinit { faulty_disk_destroy(disk) }

    /// How to open a store on this disk.
    package var options: StoreOptions {
        var options = StoreOptions()
        options.isShared = false
        options.fileSystem = FileSystem(name: vfsName, owner: self)
        options.engineLocks = locks
        options.killSwitch = nil
        return options
    }

    /// How a simulated process opens a store that others have open too; `locks.drop(process:)` lets it die alone.
    package func options(process: Int) -> StoreOptions {
        var options = options
        options.engineLocks = locks.of(process: process)
        return options
    }

    /// The `nth` operation of a kind from now (1: the next) fails; nil cancels.
    package func fail(_ operation: Operation, at nth: Int?, _ manner: Manner) {
        faulty_disk_fail(disk, operation.rawValue, UInt64(clamping: nth ?? 0), manner.rawValue)
    }

    /// While true, syncs only say that they were done.
    package func setLying(_ isLying: Bool) { faulty_disk_set_lying(disk, isLying ? 1 : 0) }

    /// Bytes that fit on the disk; nil: no limit.
    package func setCapacity(_ bytes: Int?) { faulty_disk_set_capacity(disk, UInt64(clamping: bytes ?? 0)) }

    /// The power fails: open stores are dead, their engines' locks are gone, unsynced writes are lost.
    package func cutPower(_ loss: Loss) {
        faulty_disk_crash(disk, loss.rawValue)
        locks.dropAll()
    }

    /// How many operations of a kind there have been.
    package func count(of operation: Operation) -> Int { Int(clamping: faulty_disk_count(disk, operation.rawValue)) }
}

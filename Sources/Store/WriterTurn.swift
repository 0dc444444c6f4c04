import Glibc
import SQLite

/// Whose turn it is to write, among the processes that share a store.
///
/// SQLite's own lock is polled, so that a busy writer starves the others; the kernel's locks queue. Two bytes of the
/// file `<db>.turn` make it fair: who comes waits at the first (one at a time) for the second, so the one that has
/// just written cannot overtake the one that waits. The locks belong to the open file and vanish with the process.
final class WriterTurn: Sendable {
    private let descriptor: Int32

    init(storePath: String) throws(StoreError) {
        descriptor = open(storePath + ".turn", O_RDWR | O_CREAT | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else {
            let isReadOnly = errno == EROFS || errno == EACCES
            throw StoreError(
                isReadOnly ? .readOnly : .cannotOpen, path: storePath,
                "\(storePath): the store cannot be written: \(String(cString: strerror(errno)))")
        }
    }

    deinit { close(descriptor) }

    func take() {
        set(F_WRLCK, byte: 0)
        set(F_WRLCK, byte: 1)
        set(F_UNLCK, byte: 0)
    }

    func pass() { set(F_UNLCK, byte: 1) }

    /// Where the file system has no locks this does nothing, and SQLite's own lock with its polling still holds.
    private func set(_ type: Int32, byte: Int) {
        var request = flock(l_type: Int16(type), l_whence: Int16(SEEK_SET), l_start: byte, l_len: 1, l_pid: 0)
        let setOpenFileDescriptionLockAndWait: Int32 = 38  // F_OFD_SETLKW, which Glibc hides from Swift
        while fcntl(descriptor, setOpenFileDescriptionLockAndWait, &request) != 0 && errno == EINTR {}
    }
}

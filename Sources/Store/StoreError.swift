import Glibc
import SQLite

/// Why the store could not do what it was asked, in one sentence a user can act on.
package struct StoreError: Error, Equatable, CustomStringConvertible {
    package enum Kind: Sendable, Equatable {
        case cannotOpen, notADatabase, notAStore, newerSchema, readOnly, diskFull, inputOutput, corrupt, locked, constraint, other
    }

    package let kind: Kind
    package let path: String
    /// SQLite's own code and message, where it was SQLite that refused.
    package let cause: SQLiteError?
    package let description: String

    init(_ kind: Kind, path: String, cause: SQLiteError? = nil, _ description: String) {
        self.kind = kind
        self.path = path
        self.cause = cause
        self.description = description
    }

    /// What SQLite's refusal means for the store at `path`.
    init(_ error: SQLiteError, path: String) {
        switch error.code {
        case 8:  // SQLITE_READONLY
            self.init(.readOnly, path: path, cause: error, "\(path): the store cannot be written (read-only file or folder)")
        case 10 where error.extendedCode == 4874:  // SQLITE_IOERR_SHMSIZE: no room for the index of the write-ahead log
            self.init(.diskFull, path: path, cause: error, "\(path): the disk is full; nothing of the last step was stored")
        case 10:  // SQLITE_IOERR
            self.init(.inputOutput, path: path, cause: error, "\(path): reading or writing the store failed: \(error.message) (SQLite \(error.extendedCode))")
        case 11:  // SQLITE_CORRUPT
            self.init(.corrupt, path: path, cause: error, "\(path): the store is damaged: \(error.message); restore a backup")
        case 13:  // SQLITE_FULL
            self.init(.diskFull, path: path, cause: error, "\(path): the disk is full; nothing of the last step was stored")
        case 14 where Self.isReadOnlyFileSystem(path):  // SQLITE_CANTOPEN
            self.init(.readOnly, path: path, cause: error, "\(path): the store cannot be opened: its file system is read-only")
        case 14:
            self.init(.cannotOpen, path: path, cause: error, "\(path): the store cannot be opened: no such folder, or no permission")
        case 26:  // SQLITE_NOTADB
            self.init(.notADatabase, path: path, cause: error, "\(path): this file is not a database")
        case 5, 6:  // SQLITE_BUSY, SQLITE_LOCKED
            self.init(.locked, path: path, cause: error, "\(path): another process has held the store for minutes; is it stopped?")
        case 19:  // SQLITE_CONSTRAINT
            self.init(.constraint, path: path, cause: error, "\(path): the store refused an impossible row: \(error.message)")
        default:
            self.init(.other, path: path, cause: error, "\(path): \(error.message) (SQLite \(error.extendedCode))")
        }
    }

    private static func isReadOnlyFileSystem(_ path: String) -> Bool {
        var system = statvfs()
        let folder = path.lastIndex(of: "/").map { String(path[...$0]) } ?? "."
        return statvfs(folder, &system) == 0 && system.f_flag & UInt(ST_RDONLY) != 0
    }
}

extension StoreError {
    /// Whether it is the disk (or the file on it) that refused, not a row that was asked for: what goes on from here cannot be known.
    package static func isOfTheDisk(_ error: any Error) -> Bool {
        switch error {
        case let error as StoreError:
            switch error.kind {
            case .cannotOpen, .readOnly, .diskFull, .inputOutput, .locked: true
            case .notADatabase, .notAStore, .newerSchema, .corrupt, .constraint, .other: false
            }
        // SQLITE_BUSY, SQLITE_LOCKED, SQLITE_NOMEM, SQLITE_READONLY, SQLITE_IOERR, SQLITE_FULL, SQLITE_CANTOPEN
        case let error as SQLiteError: [5, 6, 7, 8, 10, 13, 14].contains(error.code)
        default: false
        }
    }

    /// Does `body`; whatever it throws becomes a `StoreError`.
    static func wrapping<Value>(_ path: String, _ body: () throws -> Value) throws(StoreError) -> Value {
        do {
            return try body()
        } catch {
            switch error {
            case let error as StoreError: throw error
            case let error as SQLiteError: throw StoreError(error, path: path)
            default: throw StoreError(.other, path: path, "\(path): \(error)")
            }
        }
    }
}

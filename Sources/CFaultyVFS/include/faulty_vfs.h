#ifndef SFN_FAULTY_VFS_H
#define SFN_FAULTY_VFS_H

#include <stdint.h>

/// A disk in memory, as an SQLite VFS, that loses, tears and refuses what it is told to. All functions may be called
/// from any thread.
typedef struct faulty_disk faulty_disk;

enum { FAULTY_READ = 0, FAULTY_WRITE = 1, FAULTY_SYNC = 2, FAULTY_OPERATIONS = 3 };

/// How an operation fails.
enum {
    FAULTY_BEFORE = 1,  /// nothing was done
    FAULTY_AFTER = 2,   /// it was done, and yet an error is returned
    FAULTY_TORN = 3,    /// a write: only its first half was done
    FAULTY_FULL = 4     /// a write: the disk is full
};

/// Registers the VFS `name` (copied) for a new, empty disk.
faulty_disk *faulty_disk_create(const char *name, uint64_t seed);

/// Unregisters it. All connections must have been closed.
void faulty_disk_destroy(faulty_disk *disk);

/// The `nth` operation of this kind from now (1: the next) fails as `manner` says; 0 cancels.
void faulty_disk_fail(faulty_disk *disk, int operation, uint64_t nth, int manner);

/// While 1, a sync says that it was done and does nothing.
void faulty_disk_set_lying(faulty_disk *disk, int is_lying);

/// No file grows beyond this many bytes in all; 0: no limit.
void faulty_disk_set_capacity(faulty_disk *disk, uint64_t bytes);

/// The power fails. Of what was not synced nothing remains (`survivors` 0) or each write by a throw of the dice,
/// possibly cut off (1). Every open connection is dead: its operations fail, its locks are gone.
void faulty_disk_crash(faulty_disk *disk, int survivors);

/// How many operations of a kind there have been.
uint64_t faulty_disk_count(faulty_disk *disk, int operation);

#endif

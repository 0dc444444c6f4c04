#include "faulty_vfs.h"

#include <pthread.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>

enum { SHM_SLOTS = 8, SHM_REGIONS = 1024, SECTOR = 512 };

/// A write or truncation that no sync has made durable yet.
typedef struct change {
    struct change *next;
    int is_truncation;
    int64_t offset;
    int64_t length;
    uint8_t bytes[];
} change;

typedef struct content {
    uint8_t *bytes;
    int64_t size, room;
} content;

/// The shared memory of a WAL index. It outlives a crash for as long as dead connections point into it.
typedef struct shared_memory {
    int references;
    void *regions[SHM_REGIONS];
    int shared[SHM_SLOTS];
    int exclusive[SHM_SLOTS];
} shared_memory;

typedef struct stored_file {
    struct stored_file *next;
    char *name;
    content now, durable;
    change *first, *last;
    int is_deleted, references;
    int readers, is_reserved, is_pending, is_exclusive;
    shared_memory *memory;
} stored_file;

struct faulty_disk {
    sqlite3_vfs vfs;
    char *name;
    pthread_mutex_t lock;
    stored_file *files;
    uint64_t random, generation, capacity;
    uint64_t count[FAULTY_OPERATIONS], fails_at[FAULTY_OPERATIONS];
    int manner[FAULTY_OPERATIONS];
    int is_lying;
};

typedef struct open_file {
    sqlite3_file base;
    faulty_disk *disk;
    stored_file *file;
    uint64_t generation;
    int level;
    int deletes_on_close;
    shared_memory *memory;
    unsigned shm_shared, shm_exclusive;
} open_file;

static uint64_t next_random(faulty_disk *disk) {
    // splitmix64
    uint64_t z = (disk->random += 0x9e3779b97f4a7c15u);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

// MARK: contents

static int set_size(content *content, int64_t size) {
    if (size > content->room) {
        int64_t room = content->room ? content->room : 4096;
        while (room < size) room *= 2;
        uint8_t *bytes = realloc(content->bytes, (size_t)room);
        if (!bytes) return SQLITE_NOMEM;
        content->bytes = bytes;
        content->room = room;
    }
    if (size > content->size) memset(content->bytes + content->size, 0, (size_t)(size - content->size));
    content->size = size;
    return SQLITE_OK;
}

static int put(content *content, const uint8_t *bytes, int64_t length, int64_t offset) {
    if (offset + length > content->size) {
        int code = set_size(content, offset + length);
        if (code) return code;
    }
    memcpy(content->bytes + offset, bytes, (size_t)length);
    return SQLITE_OK;
}

static int apply(content *content, const change *change, int64_t length) {
    return change->is_truncation ? set_size(content, change->offset) : put(content, change->bytes, length, change->offset);
}

static int remember(stored_file *file, int is_truncation, const void *bytes, int64_t length, int64_t offset) {
    change *new = malloc(sizeof(change) + (size_t)length);
    if (!new) return SQLITE_NOMEM;
    new->next = NULL;
    new->is_truncation = is_truncation;
    new->offset = offset;
    new->length = length;
    if (length) memcpy(new->bytes, bytes, (size_t)length);
    if (file->last) file->last->next = new; else file->first = new;
    file->last = new;
    return apply(&file->now, new, length);
}

static void forget_changes(stored_file *file) {
    for (change *change = file->first; change;) {
        struct change *next = change->next;
        free(change);
        change = next;
    }
    file->first = file->last = NULL;
}

static stored_file *find(faulty_disk *disk, const char *name) {
    for (stored_file *file = disk->files; file; file = file->next)
        if (!file->is_deleted && strcmp(file->name, name) == 0) return file;
    return NULL;
}

static void release_memory(shared_memory *memory) {
    if (!memory || --memory->references > 0) return;
    for (int i = 0; i < SHM_REGIONS; i++) free(memory->regions[i]);
    free(memory);
}

static void collect(faulty_disk *disk) {
    for (stored_file **link = &disk->files; *link;) {
        stored_file *file = *link;
        if (file->is_deleted && file->references == 0) {
            *link = file->next;
            forget_changes(file);
            release_memory(file->memory);
            free(file->now.bytes);
            free(file->durable.bytes);
            free(file->name);
            free(file);
        } else {
            link = &file->next;
        }
    }
}

/// Counts an operation and says how it must fail; 0: it need not.
static int fault(faulty_disk *disk, int operation) {
    disk->count[operation]++;
    if (disk->fails_at[operation] == 0 || --disk->fails_at[operation] > 0) return 0;
    return disk->manner[operation];
}

static int is_dead(const open_file *open) { return open->generation != open->disk->generation; }

// MARK: files

static int file_close(sqlite3_file *base) {
    open_file *open = (open_file *)base;
    faulty_disk *disk = open->disk;
    pthread_mutex_lock(&disk->lock);
    open->base.pMethods->xUnlock(base, 0);
    release_memory(open->memory);
    open->memory = NULL;
    if (open->deletes_on_close) open->file->is_deleted = 1;
    open->file->references--;
    collect(disk);
    pthread_mutex_unlock(&disk->lock);
    return SQLITE_OK;
}

static int file_read(sqlite3_file *base, void *buffer, int length, sqlite3_int64 offset) {
    open_file *open = (open_file *)base;
    pthread_mutex_lock(&open->disk->lock);
    int code = SQLITE_OK;
    if (is_dead(open) || fault(open->disk, FAULTY_READ)) {
        code = SQLITE_IOERR_READ;
    } else {
        const content *now = &open->file->now;
        int64_t there = offset >= now->size ? 0 : now->size - offset < length ? now->size - offset : length;
        if (there) memcpy(buffer, now->bytes + offset, (size_t)there);
        if (there < length) {
            memset((uint8_t *)buffer + there, 0, (size_t)(length - there));
            code = SQLITE_IOERR_SHORT_READ;
        }
    }
    pthread_mutex_unlock(&open->disk->lock);
    return code;
}

static int64_t used(const faulty_disk *disk) {
    int64_t sum = 0;
    for (const stored_file *file = disk->files; file; file = file->next) sum += file->now.size;
    return sum;
}

static int file_write(sqlite3_file *base, const void *bytes, int length, sqlite3_int64 offset) {
    open_file *open = (open_file *)base;
    faulty_disk *disk = open->disk;
    pthread_mutex_lock(&disk->lock);
    int code = SQLITE_OK;
    int manner = fault(disk, FAULTY_WRITE);
    int64_t growth = offset + length - open->file->now.size;
    if (is_dead(open)) {
        code = SQLITE_IOERR_WRITE;
    } else if (manner == FAULTY_FULL || (disk->capacity && growth > 0 && used(disk) + growth > (int64_t)disk->capacity)) {
        code = SQLITE_FULL;
    } else if (manner != FAULTY_BEFORE) {
        code = remember(open->file, 0, bytes, manner == FAULTY_TORN ? length / 2 : length, offset);
    }
    if (manner && code == SQLITE_OK) code = SQLITE_IOERR_WRITE;
    pthread_mutex_unlock(&disk->lock);
    return code;
}

static int file_truncate(sqlite3_file *base, sqlite3_int64 size) {
    open_file *open = (open_file *)base;
    pthread_mutex_lock(&open->disk->lock);
    int code = is_dead(open) ? SQLITE_IOERR_TRUNCATE : remember(open->file, 1, NULL, 0, size);
    pthread_mutex_unlock(&open->disk->lock);
    return code;
}

static int file_sync(sqlite3_file *base, int flags) {
    (void)flags;
    open_file *open = (open_file *)base;
    faulty_disk *disk = open->disk;
    pthread_mutex_lock(&disk->lock);
    int code = SQLITE_OK;
    int manner = fault(disk, FAULTY_SYNC);
    if (is_dead(open)) {
        code = SQLITE_IOERR_FSYNC;
    } else {
        if (!disk->is_lying && (!manner || manner == FAULTY_AFTER)) {
            for (change *change = open->file->first; change && !code; change = change->next)
                code = apply(&open->file->durable, change, change->length);
            forget_changes(open->file);
        }
        if (manner) code = SQLITE_IOERR_FSYNC;
    }
    pthread_mutex_unlock(&disk->lock);
    return code;
}

static int file_size(sqlite3_file *base, sqlite3_int64 *size) {
    open_file *open = (open_file *)base;
    pthread_mutex_lock(&open->disk->lock);
    *size = open->file->now.size;
    int code = is_dead(open) ? SQLITE_IOERR_FSTAT : SQLITE_OK;
    pthread_mutex_unlock(&open->disk->lock);
    return code;
}

/// SQLite's five levels: none 0, shared 1, reserved 2, pending 3, exclusive 4.
static int file_lock(sqlite3_file *base, int level) {
    open_file *open = (open_file *)base;
    stored_file *file = open->file;
    pthread_mutex_lock(&open->disk->lock);
    int code = SQLITE_OK;
    if (is_dead(open)) {
        code = SQLITE_IOERR_LOCK;
    } else if (level > open->level) {
        if (level == 1) {
            if (file->is_pending || file->is_exclusive) code = SQLITE_BUSY;
            else { file->readers++; open->level = 1; }
        } else if (level == 2) {
            if (file->is_reserved) code = SQLITE_BUSY;
            else { file->is_reserved = 1; open->level = 2; }
        } else {
            if (open->level < 2 && file->is_reserved) code = SQLITE_BUSY;
            else if (open->level < 3 && file->is_pending) code = SQLITE_BUSY;
            else {
                file->is_reserved = 1;
                file->is_pending = 1;
                open->level = 3;
                if (file->readers > 1) code = SQLITE_BUSY;
                else { file->is_exclusive = 1; open->level = 4; }
            }
        }
    }
    pthread_mutex_unlock(&open->disk->lock);
    return code;
}

static int file_unlock(sqlite3_file *base, int level) {
    open_file *open = (open_file *)base;
    stored_file *file = open->file;
    pthread_mutex_lock(&open->disk->lock);
    if (!is_dead(open)) {
        if (open->level >= 4) file->is_exclusive = 0;
        if (open->level >= 3) file->is_pending = 0;
        if (open->level >= 2) file->is_reserved = 0;
        if (open->level >= 1 && level == 0) file->readers--;
    }
    open->level = level;
    pthread_mutex_unlock(&open->disk->lock);
    return SQLITE_OK;
}

static int file_is_reserved(sqlite3_file *base, int *result) {
    open_file *open = (open_file *)base;
    pthread_mutex_lock(&open->disk->lock);
    *result = open->file->is_reserved;
    pthread_mutex_unlock(&open->disk->lock);
    return SQLITE_OK;
}

static int file_control(sqlite3_file *base, int operation, void *argument) {
    (void)base; (void)operation; (void)argument;
    return SQLITE_NOTFOUND;
}

static int file_sector_size(sqlite3_file *base) { (void)base; return SECTOR; }
static int file_characteristics(sqlite3_file *base) { (void)base; return SQLITE_IOCAP_POWERSAFE_OVERWRITE; }

// MARK: shared memory

static int shm_map(sqlite3_file *base, int region, int size, int extends, void volatile **pointer) {
    open_file *open = (open_file *)base;
    pthread_mutex_lock(&open->disk->lock);
    int code = SQLITE_OK;
    *pointer = NULL;
    if (is_dead(open) || region >= SHM_REGIONS) {
        code = SQLITE_IOERR_SHMMAP;
    } else {
        stored_file *file = open->file;
        if (!open->memory) {
            if (!file->memory) {
                file->memory = calloc(1, sizeof(shared_memory));
                if (file->memory) file->memory->references = 1;
            }
            open->memory = file->memory;
            if (open->memory) open->memory->references++; else code = SQLITE_NOMEM;
        }
        if (!code && !open->memory->regions[region] && extends) {
            open->memory->regions[region] = calloc(1, (size_t)size);
            if (!open->memory->regions[region]) code = SQLITE_NOMEM;
        }
        if (!code) *pointer = open->memory->regions[region];
    }
    pthread_mutex_unlock(&open->disk->lock);
    return code;
}

static int shm_lock(sqlite3_file *base, int offset, int count, int flags) {
    open_file *open = (open_file *)base;
    pthread_mutex_lock(&open->disk->lock);
    shared_memory *memory = open->memory;
    unsigned mask = ((1u << count) - 1) << offset;
    int code = SQLITE_OK;
    if (!memory || (is_dead(open) && !(flags & SQLITE_SHM_UNLOCK))) {
        code = SQLITE_IOERR_SHMLOCK;
    } else if (flags & SQLITE_SHM_UNLOCK) {
        for (int slot = offset; slot < offset + count; slot++) {
            if (open->shm_shared & (1u << slot)) memory->shared[slot]--;
            if (open->shm_exclusive & (1u << slot)) memory->exclusive[slot] = 0;
        }
        open->shm_shared &= ~mask;
        open->shm_exclusive &= ~mask;
    } else if (flags & SQLITE_SHM_SHARED) {
        if (!(open->shm_shared & mask)) {
            if (memory->exclusive[offset]) code = SQLITE_BUSY;
            else { memory->shared[offset]++; open->shm_shared |= mask; }
        }
    } else {
        for (int slot = offset; slot < offset + count; slot++) {
            if (open->shm_exclusive & (1u << slot)) continue;
            if (memory->exclusive[slot] || memory->shared[slot] > ((open->shm_shared >> slot) & 1u)) code = SQLITE_BUSY;
        }
        if (!code) {
            for (int slot = offset; slot < offset + count; slot++) memory->exclusive[slot] = 1;
            open->shm_exclusive |= mask;
        }
    }
    pthread_mutex_unlock(&open->disk->lock);
    return code;
}

static void shm_barrier(sqlite3_file *base) { (void)base; __sync_synchronize(); }

static int shm_unmap(sqlite3_file *base, int deletes) {
    open_file *open = (open_file *)base;
    pthread_mutex_lock(&open->disk->lock);
    if (open->memory) {
        for (int slot = 0; slot < SHM_SLOTS; slot++) {
            if (open->shm_shared & (1u << slot)) open->memory->shared[slot]--;
            if (open->shm_exclusive & (1u << slot)) open->memory->exclusive[slot] = 0;
        }
        open->shm_shared = open->shm_exclusive = 0;
        if (deletes && open->file->memory == open->memory) {
            release_memory(open->file->memory);
            open->file->memory = NULL;
        }
        release_memory(open->memory);
        open->memory = NULL;
    }
    pthread_mutex_unlock(&open->disk->lock);
    return SQLITE_OK;
}

static const sqlite3_io_methods methods = {
    2, file_close, file_read, file_write, file_truncate, file_sync, file_size, file_lock, file_unlock, file_is_reserved,
    file_control, file_sector_size, file_characteristics, shm_map, shm_lock, shm_barrier, shm_unmap, NULL, NULL,
};

// MARK: the file system

static int disk_open(sqlite3_vfs *vfs, const char *name, sqlite3_file *base, int flags, int *out_flags) {
    faulty_disk *disk = (faulty_disk *)vfs->pAppData;
    open_file *open = (open_file *)base;
    memset(open, 0, sizeof *open);
    pthread_mutex_lock(&disk->lock);
    stored_file *file = name ? find(disk, name) : NULL;
    int code = SQLITE_OK;
    if (!file && !(flags & SQLITE_OPEN_CREATE)) {
        code = SQLITE_CANTOPEN;
    } else if (!file) {
        file = calloc(1, sizeof *file);
        if (file) {
            file->name = strdup(name ? name : "");
            file->next = disk->files;
            disk->files = file;
        } else {
            code = SQLITE_NOMEM;
        }
    }
    if (!code) {
        file->references++;
        open->base.pMethods = &methods;
        open->disk = disk;
        open->file = file;
        open->generation = disk->generation;
        open->deletes_on_close = !name || (flags & SQLITE_OPEN_DELETEONCLOSE);
        if (out_flags) *out_flags = flags;
    }
    pthread_mutex_unlock(&disk->lock);
    return code;
}

static int disk_delete(sqlite3_vfs *vfs, const char *name, int syncs) {
    (void)syncs;
    faulty_disk *disk = (faulty_disk *)vfs->pAppData;
    pthread_mutex_lock(&disk->lock);
    stored_file *file = find(disk, name);
    if (file) file->is_deleted = 1;
    collect(disk);
    pthread_mutex_unlock(&disk->lock);
    return file ? SQLITE_OK : SQLITE_IOERR_DELETE_NOENT;
}

static int disk_access(sqlite3_vfs *vfs, const char *name, int flags, int *result) {
    (void)flags;
    faulty_disk *disk = (faulty_disk *)vfs->pAppData;
    pthread_mutex_lock(&disk->lock);
    *result = find(disk, name) != NULL;
    pthread_mutex_unlock(&disk->lock);
    return SQLITE_OK;
}

static int disk_full_path(sqlite3_vfs *vfs, const char *name, int room, char *out) {
    (void)vfs;
    sqlite3_snprintf(room, out, "%s", name);
    return SQLITE_OK;
}

static int disk_randomness(sqlite3_vfs *vfs, int length, char *out) {
    faulty_disk *disk = (faulty_disk *)vfs->pAppData;
    pthread_mutex_lock(&disk->lock);
    for (int i = 0; i < length; i++) out[i] = (char)next_random(disk);
    pthread_mutex_unlock(&disk->lock);
    return length;
}

static int disk_sleep(sqlite3_vfs *vfs, int microseconds) { (void)vfs; return microseconds; }

static int disk_time(sqlite3_vfs *vfs, double *time) { (void)vfs; *time = 2461000.5; return SQLITE_OK; }

static int disk_time64(sqlite3_vfs *vfs, sqlite3_int64 *time) {
    (void)vfs;
    *time = (sqlite3_int64)(2461000.5 * 86400000.0);
    return SQLITE_OK;
}

static int disk_last_error(sqlite3_vfs *vfs, int room, char *out) { (void)vfs; (void)room; (void)out; return 0; }

// MARK: the door

faulty_disk *faulty_disk_create(const char *name, uint64_t seed) {
    faulty_disk *disk = calloc(1, sizeof *disk);
    if (!disk) return NULL;
    pthread_mutexattr_t attributes;
    pthread_mutexattr_init(&attributes);
    pthread_mutexattr_settype(&attributes, PTHREAD_MUTEX_RECURSIVE);
    pthread_mutex_init(&disk->lock, &attributes);
    pthread_mutexattr_destroy(&attributes);
    disk->name = strdup(name);
    disk->random = seed;
    sqlite3_vfs *vfs = &disk->vfs;
    vfs->iVersion = 2;
    vfs->szOsFile = sizeof(open_file);
    vfs->mxPathname = 512;
    vfs->zName = disk->name;
    vfs->pAppData = disk;
    vfs->xOpen = disk_open;
    vfs->xDelete = disk_delete;
    vfs->xAccess = disk_access;
    vfs->xFullPathname = disk_full_path;
    vfs->xRandomness = disk_randomness;
    vfs->xSleep = disk_sleep;
    vfs->xCurrentTime = disk_time;
    vfs->xGetLastError = disk_last_error;
    vfs->xCurrentTimeInt64 = disk_time64;
    sqlite3_vfs_register(vfs, 0);
    return disk;
}

void faulty_disk_destroy(faulty_disk *disk) {
    sqlite3_vfs_unregister(&disk->vfs);
    for (stored_file *file = disk->files; file; file = file->next) file->is_deleted = 1;
    collect(disk);
    pthread_mutex_destroy(&disk->lock);
    free(disk->name);
    free(disk);
}

void faulty_disk_fail(faulty_disk *disk, int operation, uint64_t nth, int manner) {
    if (operation < 0 || operation >= FAULTY_OPERATIONS) return;
    pthread_mutex_lock(&disk->lock);
    disk->fails_at[operation] = nth;
    disk->manner[operation] = manner;
    pthread_mutex_unlock(&disk->lock);
}

void faulty_disk_set_lying(faulty_disk *disk, int is_lying) {
    pthread_mutex_lock(&disk->lock);
    disk->is_lying = is_lying;
    pthread_mutex_unlock(&disk->lock);
}

void faulty_disk_set_capacity(faulty_disk *disk, uint64_t bytes) {
    pthread_mutex_lock(&disk->lock);
    disk->capacity = bytes;
    pthread_mutex_unlock(&disk->lock);
}

void faulty_disk_crash(faulty_disk *disk, int survivors) {
    pthread_mutex_lock(&disk->lock);
    disk->generation++;
    for (int i = 0; i < FAULTY_OPERATIONS; i++) disk->fails_at[i] = 0;
    for (stored_file *file = disk->files; file; file = file->next) {
        for (change *change = file->first; change && survivors; change = change->next) {
            uint64_t dice = next_random(disk);
            if (dice & 1) continue;
            // One survivor in four is cut off at a sector.
            int64_t length = change->length;
            if ((dice & 6) == 0 && length > SECTOR) length = (int64_t)(dice >> 8) % (length / SECTOR) * SECTOR;
            apply(&file->durable, change, length < 0 ? 0 : length);
        }
        forget_changes(file);
        set_size(&file->now, 0);
        put(&file->now, file->durable.bytes, file->durable.size, 0);
        file->readers = file->is_reserved = file->is_pending = file->is_exclusive = 0;
        release_memory(file->memory);
        file->memory = NULL;
    }
    pthread_mutex_unlock(&disk->lock);
}

uint64_t faulty_disk_count(faulty_disk *disk, int operation) {
    if (operation < 0 || operation >= FAULTY_OPERATIONS) return 0;
    pthread_mutex_lock(&disk->lock);
    uint64_t count = disk->count[operation];
    pthread_mutex_unlock(&disk->lock);
    return count;
}

#ifndef SFN_CSQLITE_SHIM_H
#define SFN_CSQLITE_SHIM_H
#include <sqlite3.h>

/// Stops SQLite from counting its memory under a mutex at every allocation. Does nothing once SQLite is in use.
/// (`sqlite3_config` is variadic, so Swift cannot call it.)
static inline int csqlite_leave_memory_uncounted(void) { return sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0); }

#endif

#ifndef SFN_CSQLITE_SHIM_H
#define SFN_CSQLITE_SHIM_H
#include <sqlite3.h>
#endif

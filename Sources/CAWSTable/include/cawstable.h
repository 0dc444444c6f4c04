// The compact table of AWS's APIs, part of the program's read-only data: only the pages that are read cost memory.
#ifndef CAWSTABLE_H
#define CAWSTABLE_H
#include <stddef.h>

/// The first byte; it lives as long as the program.
const unsigned char *caws_table_bytes(void);
size_t caws_table_size(void);

#endif

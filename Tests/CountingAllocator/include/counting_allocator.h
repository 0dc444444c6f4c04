#ifndef SFN_COUNTING_ALLOCATOR_H
#define SFN_COUNTING_ALLOCATOR_H

#include <stdint.h>

/// How often memory was asked for in this process so far; 0 where that is not counted (sanitizers bring an allocator of their own).
uint64_t counted_allocations(void);

#endif

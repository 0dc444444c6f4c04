#include "allocated.h"

#include <malloc.h>

unsigned long allocated_bytes(void) { return mallinfo2().uordblks; }

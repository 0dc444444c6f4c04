#include "cawstable.h"

#pragma clang diagnostic ignored "-Wc23-extensions"

// Written by scripts/make-aws-table, which describes the layout.
static const unsigned char table[] = {
#embed "aws-table.bin"
};

const unsigned char *caws_table_bytes(void) { return table; }
size_t caws_table_size(void) { return sizeof table; }

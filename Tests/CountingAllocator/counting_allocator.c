// malloc and its relatives for the whole process: glibc's own behind a counter. The program's definitions come before the
// libraries', so the Swift runtime and SQLite are counted too.
#include "counting_allocator.h"

#include <errno.h>
#include <stdatomic.h>
#include <stddef.h>

#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define HAS_OTHER_ALLOCATOR 1
#endif
#endif

#if defined(__GLIBC__) && !defined(HAS_OTHER_ALLOCATOR)

extern void *__libc_malloc(size_t);
extern void *__libc_calloc(size_t, size_t);
extern void *__libc_realloc(void *, size_t);
extern void *__libc_memalign(size_t, size_t);

static _Atomic uint64_t count;

static void one(void) { atomic_fetch_add_explicit(&count, 1, memory_order_relaxed); }

uint64_t counted_allocations(void) { return atomic_load_explicit(&count, memory_order_relaxed); }

void *malloc(size_t size) {
    one();
    return __libc_malloc(size);
}

void *calloc(size_t number, size_t size) {
    one();
    return __libc_calloc(number, size);
}

void *realloc(void *pointer, size_t size) {
    one();
    return __libc_realloc(pointer, size);
}

void *aligned_alloc(size_t alignment, size_t size) {
    one();
    return __libc_memalign(alignment, size);
}

int posix_memalign(void **pointer, size_t alignment, size_t size) {
    one();
    void *made = __libc_memalign(alignment, size);
    if (!made) return ENOMEM;
    *pointer = made;
    return 0;
}

#else

uint64_t counted_allocations(void) { return 0; }

#endif

#ifndef CPROCESS_H
#define CPROCESS_H

#include <stdint.h>
#include <sys/types.h>

// What Swift's Glibc module hides: a child with its own session, limits and a leash, and a handle for its end.
typedef struct {
    const char *path;
    char *const *arguments;
    char *const *environment;
    const char *directory;      // NULL: the parent's
    const int *descriptors;     // child's descriptor i is a copy of descriptors[i]; -1: /dev/null
    int descriptor_count;
    int dies_with_parent;       // SIGKILL when the thread that spawned ends
    uint64_t data_limit;        // RLIMIT_DATA in bytes; 0: none
} cprocess_launch;

// 0 or an errno. The child leads a session of its own; no other descriptor reaches it.
int cprocess_spawn(const cprocess_launch *launch, pid_t *pid);
int cprocess_pidfd(pid_t pid);
// A pipe that children do not inherit: 0 or an errno.
int cprocess_pipe(int ends[2]);
// An eventfd that never blocks.
int cprocess_bell(void);

#endif

#define _GNU_SOURCE
#include "cprocess.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum { most_descriptors = 32 };

// Between fork and execve only async-signal-safe calls.
static void child(const cprocess_launch *launch, int report, pid_t parent) {
    int error = 0;
    if (setsid() < 0 && errno != EPERM) goto fail;
    if (launch->dies_with_parent) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (getppid() != parent) _exit(127);
    }
    if (launch->data_limit) {
        struct rlimit limit = { launch->data_limit, launch->data_limit };
        setrlimit(RLIMIT_DATA, &limit);
    }
    // Copies above all that the child is to have, each with a number that nobody uses: the targets then are free.
    int copies[most_descriptors];
    int above = launch->descriptor_count + 1;
    report = fcntl(report, F_DUPFD_CLOEXEC, above);
    if (report < 0) _exit(127);
    for (int i = 0; i < launch->descriptor_count; i++) {
        int from = launch->descriptors[i];
        if (from < 0) from = open("/dev/null", O_RDWR | O_CLOEXEC);
        if (from < 0 || (copies[i] = fcntl(from, F_DUPFD_CLOEXEC, above)) < 0) goto fail;
    }
    for (int i = 0; i < launch->descriptor_count; i++)
        if (dup2(copies[i], i) < 0) goto fail;
    {
        int kept = dup3(report, launch->descriptor_count, O_CLOEXEC);
        if (kept < 0) goto fail;
        report = kept;
        if (syscall(SYS_close_range, launch->descriptor_count + 1, ~0U, 0) != 0)
            for (int fd = launch->descriptor_count + 1; fd < 4096; fd++) close(fd);
    }
    if (launch->directory && chdir(launch->directory) != 0) goto fail;
    {
        struct sigaction plain;
        memset(&plain, 0, sizeof plain);
        plain.sa_handler = SIG_DFL;
        for (int number = 1; number < 32; number++) sigaction(number, &plain, NULL);
        sigset_t none;
        sigemptyset(&none);
        sigprocmask(SIG_SETMASK, &none, NULL);
    }
    execve(launch->path, launch->arguments, launch->environment);
fail:
    error = errno;
    ssize_t written = write(report, &error, sizeof error);
    (void)written;
    _exit(127);
}

int cprocess_spawn(const cprocess_launch *launch, pid_t *pid) {
    int report[2];
    if (launch->descriptor_count > most_descriptors) return EINVAL;
    if (pipe2(report, O_CLOEXEC) != 0) return errno;
    // A signal handler of ours must not run in the child before it has its own dispositions.
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    pid_t parent = getpid();
    pid_t made = fork();
    if (made == 0) child(launch, report[1], parent);
    int error = made < 0 ? errno : 0;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    close(report[1]);
    if (made > 0) {
        ssize_t count;
        do count = read(report[0], &error, sizeof error);
        while (count < 0 && errno == EINTR);
        if (count != sizeof error) error = 0;
        if (error) while (waitpid(made, NULL, 0) < 0 && errno == EINTR) {}
    }
    close(report[0]);
    *pid = made;
    return error;
}

int cprocess_pidfd(pid_t pid) {
    return (int)syscall(SYS_pidfd_open, pid, 0);
}

int cprocess_pipe(int ends[2]) {
    return pipe2(ends, O_CLOEXEC) == 0 ? 0 : errno;
}

int cprocess_bell(void) {
    return eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
}

// The clients of scripts/bench-starts: load PORT COUNTERS FILE... One process for each FILE, with one kept connection: sends the
// file's requests (each after a line with its length), the next one when the answer is whole. Says "go" once all are connected.
// COUNTERS holds a 64-bit number for each client, how many were answered; FILE.out gets a line for each request:
// microseconds, status (0: none) and what an answer other than 200 said.
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static int port;
static char answer[4 << 20];
static size_t filled;

static int connected(void) {
    int one = 1, connection = socket(AF_INET, SOCK_STREAM, 0);
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    struct timeval limit = {.tv_sec = 300};
    if (connect(connection, (struct sockaddr *)&address, sizeof address)) return close(connection), -1;
    setsockopt(connection, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    setsockopt(connection, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    return connection;
}

// More of the answer; 0 at its end.
static int more(int connection) {
    if (filled + 1 >= sizeof answer) return 0;
    ssize_t got = read(connection, answer + filled, sizeof answer - 1 - filled);
    if (got <= 0) return 0;
    filled += (size_t)got;
    answer[filled] = 0;
    return 1;
}

static const char *header(const char *end, const char *name) {
    for (char *line = strstr(answer, "\r\n"); line && line < end; line = strstr(line + 2, "\r\n"))
        if (strncasecmp(line + 2, name, strlen(name)) == 0) return line + 2 + strlen(name);
    return NULL;
}

// Sends one request and reads its answer. The status, 0: none; *body: what it said.
static int exchange(int connection, const char *request, size_t length, const char **body, int *closes) {
    *body = "";
    *closes = 1;
    for (size_t sent = 0; sent < length;) {
        ssize_t count = send(connection, request + sent, length - sent, MSG_NOSIGNAL);
        if (count <= 0) return 0;
        sent += (size_t)count;
    }
    char *end;
    filled = 0;
    answer[0] = 0;
    while (!(end = strstr(answer, "\r\n\r\n")))
        if (!more(connection)) return 0;
    int status = atoi(answer + 9);
    size_t start = (size_t)(end + 4 - answer);
    const char *value = header(end, "connection:"), *size = header(end, "content-length:"), *coding = header(end, "transfer-encoding:");
    *closes = strncmp(answer, "HTTP/1.1", 8) != 0 || (value && strncasecmp(value + strspn(value, " "), "close", 5) == 0);
    *body = answer + start;
    if (coding) {
        for (size_t chunk = start;;) {
            char *line;
            while (!(line = strstr(answer + chunk, "\r\n")))
                if (!more(connection)) return 0;
            size_t bytes = strtoul(answer + chunk, NULL, 16), next = (size_t)(line - answer) + 2 + bytes + 2;
            while (filled < next)
                if (!more(connection)) return 0;
            chunk = next;
            if (!bytes) return status;
        }
    }
    if (!size) {
        *closes = 1;
        while (more(connection)) {}
        return status;
    }
    size_t whole = start + strtoul(size, NULL, 10);
    while (filled < whole)
        if (!more(connection)) return 0;
    return status;
}

static double seconds(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static int client(const char *name, volatile int64_t *counter, int ready, int start) {
    char path[4096], byte;
    snprintf(path, sizeof path, "%s.out", name);
    FILE *out = fopen(path, "w");
    int file = open(name, O_RDONLY);
    struct stat status;
    if (!out || file < 0 || fstat(file, &status)) return 1;
    char *requests = malloc((size_t)status.st_size + 1);
    if (!requests || read(file, requests, (size_t)status.st_size) != status.st_size) return 1;
    requests[status.st_size] = 0;
    int connection = connected();
    if (write(ready, "r", 1) != 1 || read(start, &byte, 1) < 0) return 1;
    for (char *at = requests; at < requests + status.st_size;) {
        char *request;
        size_t length = strtoul(at, &request, 10);
        request++;
        double began = seconds();
        const char *said = "no connection";
        int closes = 1, code = 0;
        if (connection < 0) connection = connected();
        if (connection >= 0) code = exchange(connection, request, length, &said, &closes);
        if (connection >= 0 && closes) {
            close(connection);
            connection = -1;
        }
        fprintf(out, "%.0f %d", (seconds() - began) * 1e6, code);
        if (code != 200) fprintf(out, " %.*s", (int)strcspn(said, "\r\n") < 300 ? (int)strcspn(said, "\r\n") : 300, said);
        fputc('\n', out);
        ++*counter;
        at = request + length;
    }
    return fclose(out) != 0;
}

int main(int count, char **arguments) {
    if (count < 4) return 64;
    port = atoi(arguments[1]);
    int clients = count - 3, file = open(arguments[2], O_RDWR), ready[2], start[2], failed = 0;
    size_t size = (size_t)clients * sizeof(int64_t);
    int64_t *counters = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    if (file < 0 || counters == MAP_FAILED || pipe(ready) || pipe(start)) return 1;
    for (int number = 0; number < clients; number++)
        if (fork() == 0) {
            close(ready[0]);
            close(start[1]);
            _exit(client(arguments[3 + number], &counters[number], ready[1], start[0]));
        }
    close(ready[1]);
    char byte;
    for (int number = 0; number < clients; number++)
        if (read(ready[0], &byte, 1) != 1) return 1;
    puts("go");
    fflush(stdout);
    close(start[1]);
    for (int state; wait(&state) > 0;) failed |= state != 0;
    return failed;
}

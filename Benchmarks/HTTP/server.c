// The server of scripts/bench-http: HTTP/1.1 with keep-alive, a thread a connection, the same small JSON answer always.
// Prints its port, ends when its standard input ends.
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

static const char answer[] =
    "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 15\r\n\r\n{\"result\":\"ok\"}";

static void *serve(void *argument) {
    int connection = (int)(long)argument;
    char buffer[65536];
    size_t filled = 0;
    for (;;) {
        buffer[filled] = 0;
        char *end = strstr(buffer, "\r\n\r\n");
        if (end) {
            size_t length = 0;
            for (char *line = buffer; line < end; line = strstr(line, "\r\n") + 2)
                if (strncasecmp(line, "Content-Length:", 15) == 0) length = strtoul(line + 15, NULL, 10);
            size_t whole = (size_t)(end + 4 - buffer) + length;
            if (filled >= whole) {
                if (write(connection, answer, sizeof answer - 1) < 0) break;
                memmove(buffer, buffer + whole, filled - whole);
                filled -= whole;
                continue;
            }
        }
        ssize_t got = read(connection, buffer + filled, sizeof buffer - 1 - filled);
        if (got <= 0) break;
        filled += (size_t)got;
    }
    close(connection);
    return NULL;
}

static void *listen_for_clients(void *argument) {
    for (;;) {
        int connection = accept((int)(long)argument, NULL, NULL);
        if (connection < 0) continue;
        int one = 1;
        setsockopt(connection, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
        pthread_t thread;
        if (pthread_create(&thread, NULL, serve, (void *)(long)connection) == 0) pthread_detach(thread);
    }
    return NULL;
}

int main(void) {
    int listener = socket(AF_INET, SOCK_STREAM, 0);
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof address;
    if (bind(listener, (struct sockaddr *)&address, size) || listen(listener, 512)) return 1;
    getsockname(listener, (struct sockaddr *)&address, &size);
    printf("%d\n", ntohs(address.sin_port));
    fflush(stdout);
    pthread_t thread;
    pthread_create(&thread, NULL, listen_for_clients, (void *)(long)listener);
    char byte;
    while (read(0, &byte, 1) > 0) {}
    return 0;
}

// libcurl's own limit: curl_limit URL REQUESTS IN_FLIGHT. One easy handle in a loop, or a multi handle. Prints requests a second.
#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static size_t drop(char *bytes, size_t size, size_t count, void *context) {
    (void)bytes;
    (void)context;
    return size * count;
}

static CURL *handle(const char *url) {
    CURL *easy = curl_easy_init();
    curl_easy_setopt(easy, CURLOPT_URL, url);
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, drop);
    curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    return easy;
}

static double seconds(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

int main(int count, char **arguments) {
    if (count < 4) return 64;
    long requests = atol(arguments[2]), in_flight = atol(arguments[3]), done = 0;
    curl_global_init(CURL_GLOBAL_ALL);
    double start = seconds();
    if (in_flight == 1) {
        CURL *easy = handle(arguments[1]);
        for (; done < requests; done++)
            if (curl_easy_perform(easy)) return 1;
    } else {
        CURLM *multi = curl_multi_init();
        long begun = 0;
        for (; begun < in_flight; begun++) curl_multi_add_handle(multi, handle(arguments[1]));
        while (done < requests) {
            int running = 0, left = 0;
            curl_multi_perform(multi, &running);
            for (CURLMsg *message; (message = curl_multi_info_read(multi, &left));) {
                if (message->msg != CURLMSG_DONE || message->data.result) return 1;
                CURL *easy = message->easy_handle;
                done++;
                curl_multi_remove_handle(multi, easy);
                if (begun++ < requests) curl_multi_add_handle(multi, easy);
            }
            if (done < requests) curl_multi_poll(multi, NULL, 0, 1000, NULL);
        }
    }
    printf("%.0f\n", (double)requests / (seconds() - start));
    return 0;
}

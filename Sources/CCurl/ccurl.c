#define _GNU_SOURCE
#include "ccurl.h"

#include <dlfcn.h>
#include <pthread.h>
#include <stdio.h>

enum { INFO_PRIVATE = 0x100015 };

#if defined(__has_include)
#if __has_include(<curl/curl.h>)
#include <curl/curl.h>
#define SAME(ours, theirs) _Static_assert((long)(ours) == (long)(theirs), #ours)
SAME(CCURL_LOW_SPEED_LIMIT, CURLOPT_LOW_SPEED_LIMIT);
SAME(CCURL_LOW_SPEED_TIME, CURLOPT_LOW_SPEED_TIME);
SAME(CCURL_NOBODY, CURLOPT_NOBODY);
SAME(CCURL_POST, CURLOPT_POST);
SAME(CCURL_FOLLOWLOCATION, CURLOPT_FOLLOWLOCATION);
SAME(CCURL_SSL_VERIFYPEER, CURLOPT_SSL_VERIFYPEER);
SAME(CCURL_MAXREDIRS, CURLOPT_MAXREDIRS);
SAME(CCURL_HTTPGET, CURLOPT_HTTPGET);
SAME(CCURL_SSL_VERIFYHOST, CURLOPT_SSL_VERIFYHOST);
SAME(CCURL_HTTP_VERSION, CURLOPT_HTTP_VERSION);
SAME(CCURL_NOSIGNAL, CURLOPT_NOSIGNAL);
SAME(CCURL_TCP_NODELAY, CURLOPT_TCP_NODELAY);
SAME(CCURL_TIMEOUT_MS, CURLOPT_TIMEOUT_MS);
SAME(CCURL_CONNECTTIMEOUT_MS, CURLOPT_CONNECTTIMEOUT_MS);
SAME(CCURL_POSTREDIR, CURLOPT_POSTREDIR);
SAME(CCURL_TCP_KEEPALIVE, CURLOPT_TCP_KEEPALIVE);
SAME(CCURL_PATH_AS_IS, CURLOPT_PATH_AS_IS);
SAME(CCURL_SUPPRESS_CONNECT_HEADERS, CURLOPT_SUPPRESS_CONNECT_HEADERS);
SAME(CCURL_URL, CURLOPT_URL);
SAME(CCURL_PROXY, CURLOPT_PROXY);
SAME(CCURL_USERAGENT, CURLOPT_USERAGENT);
SAME(CCURL_CUSTOMREQUEST, CURLOPT_CUSTOMREQUEST);
SAME(CCURL_CAINFO, CURLOPT_CAINFO);
SAME(CCURL_CAPATH, CURLOPT_CAPATH);
#if LIBCURL_VERSION_NUM >= 0x074D00
SAME(CCURL_CAINFO_BLOB, CURLOPT_CAINFO_BLOB);
#endif
SAME(CCURL_NOPROXY, CURLOPT_NOPROXY);
SAME(CCURL_UNIX_SOCKET_PATH, CURLOPT_UNIX_SOCKET_PATH);
SAME(CCURL_WRITEDATA, CURLOPT_WRITEDATA);
SAME(CCURL_ERRORBUFFER, CURLOPT_ERRORBUFFER);
SAME(CCURL_POSTFIELDS, CURLOPT_POSTFIELDS);
SAME(CCURL_HTTPHEADER, CURLOPT_HTTPHEADER);
SAME(CCURL_HEADERDATA, CURLOPT_HEADERDATA);
SAME(CCURL_PRIVATE, CURLOPT_PRIVATE);
SAME(CCURL_WRITEFUNCTION, CURLOPT_WRITEFUNCTION);
SAME(CCURL_HEADERFUNCTION, CURLOPT_HEADERFUNCTION);
SAME(CCURL_POSTFIELDSIZE_LARGE, CURLOPT_POSTFIELDSIZE_LARGE);
SAME(CCURL_MULTI_MAXCONNECTS, CURLMOPT_MAXCONNECTS);
SAME(INFO_PRIVATE, CURLINFO_PRIVATE);
SAME(CCURL_INFO_RESPONSE_CODE, CURLINFO_RESPONSE_CODE);
SAME(CCURL_INFO_NUM_CONNECTS, CURLINFO_NUM_CONNECTS);
SAME(CCURL_INFO_HTTP_VERSION, CURLINFO_HTTP_VERSION);
SAME(CCURL_INFO_PRETRANSFER_TIME_T, CURLINFO_PRETRANSFER_TIME_T);
#endif
#endif

// CURLMsg of libcurl's ABI.
struct message {
    int kind;
    void *easy;
    union {
        void *whatever;
        int result;
    } data;
};
enum { MESSAGE_DONE = 1, GLOBAL_ALL = 3 };

static struct {
    int (*global_init)(long);
    char *(*version)(void);
    void *(*easy_init)(void);
    void (*easy_cleanup)(void *);
    void (*easy_reset)(void *);
    int (*easy_setopt)(void *, int, ...);
    int (*easy_getinfo)(void *, int, ...);
    const char *(*easy_strerror)(int);
    void *(*slist_append)(void *, const char *);
    void (*slist_free_all)(void *);
    void *(*multi_init)(void);
    int (*multi_cleanup)(void *);
    int (*multi_setopt)(void *, int, ...);
    int (*multi_add_handle)(void *, void *);
    int (*multi_remove_handle)(void *, void *);
    int (*multi_perform)(void *, int *);
    int (*multi_poll)(void *, void *, unsigned, int, int *);
    int (*multi_wakeup)(void *);
    struct message *(*multi_info_read)(void *, int *);
} curl;

static pthread_once_t once = PTHREAD_ONCE_INIT;
static char problem[512];

static void load(void) {
    void *library = dlopen("libcurl.so.4", RTLD_NOW | RTLD_LOCAL);
    if (!library) library = dlopen("libcurl-gnutls.so.4", RTLD_NOW | RTLD_LOCAL);
    if (!library) {
        snprintf(problem, sizeof problem, "libcurl cannot be loaded: %s", dlerror());
        return;
    }
#define RESOLVE(member, name)                                                              \
    do {                                                                                   \
        *(void **)&curl.member = dlsym(library, name);                                     \
        if (!curl.member) {                                                                \
            snprintf(problem, sizeof problem, "libcurl is too old: it has no %s", name);   \
            return;                                                                        \
        }                                                                                  \
    } while (0)
    RESOLVE(global_init, "curl_global_init");
    RESOLVE(version, "curl_version");
    RESOLVE(easy_init, "curl_easy_init");
    RESOLVE(easy_cleanup, "curl_easy_cleanup");
    RESOLVE(easy_reset, "curl_easy_reset");
    RESOLVE(easy_setopt, "curl_easy_setopt");
    RESOLVE(easy_getinfo, "curl_easy_getinfo");
    RESOLVE(easy_strerror, "curl_easy_strerror");
    RESOLVE(slist_append, "curl_slist_append");
    RESOLVE(slist_free_all, "curl_slist_free_all");
    RESOLVE(multi_init, "curl_multi_init");
    RESOLVE(multi_cleanup, "curl_multi_cleanup");
    RESOLVE(multi_setopt, "curl_multi_setopt");
    RESOLVE(multi_add_handle, "curl_multi_add_handle");
    RESOLVE(multi_remove_handle, "curl_multi_remove_handle");
    RESOLVE(multi_perform, "curl_multi_perform");
    RESOLVE(multi_poll, "curl_multi_poll");
    RESOLVE(multi_wakeup, "curl_multi_wakeup");
    RESOLVE(multi_info_read, "curl_multi_info_read");
    int code = curl.global_init(GLOBAL_ALL);
    if (code) snprintf(problem, sizeof problem, "libcurl cannot be initialised: %s", curl.easy_strerror(code));
}

const char *ccurl_load(void) {
    pthread_once(&once, load);
    return problem[0] ? problem : NULL;
}

const char *ccurl_version(void) { return curl.version(); }

ccurl_easy *ccurl_easy_init(void) { return curl.easy_init(); }
void ccurl_easy_cleanup(ccurl_easy *easy) { curl.easy_cleanup(easy); }
void ccurl_easy_reset(ccurl_easy *easy) { curl.easy_reset(easy); }

int ccurl_set_long(ccurl_easy *easy, enum ccurl_long_option option, long value) {
    return curl.easy_setopt(easy, (int)option, value);
}
int ccurl_set_text(ccurl_easy *easy, enum ccurl_text_option option, const char *value) {
    return curl.easy_setopt(easy, (int)option, value);
}
int ccurl_set_pointer(ccurl_easy *easy, enum ccurl_pointer_option option, const void *value) {
    return curl.easy_setopt(easy, (int)option, value);
}
int ccurl_set_function(ccurl_easy *easy, enum ccurl_function_option option, ccurl_data_function value) {
    return curl.easy_setopt(easy, (int)option, value);
}
int ccurl_set_offset(ccurl_easy *easy, enum ccurl_offset_option option, int64_t value) {
    return curl.easy_setopt(easy, (int)option, value);
}

int ccurl_set_blob(ccurl_easy *easy, enum ccurl_blob_option option, const void *bytes, size_t count) {
    // struct curl_blob; flags 1: libcurl copies
    struct {
        const void *data;
        size_t length;
        unsigned int flags;
    } blob = {bytes, count, 1};
    return curl.easy_setopt(easy, (int)option, &blob);
}

int64_t ccurl_get_number(ccurl_easy *easy, enum ccurl_info info) {
    if (((int)info & 0xF00000) == 0x600000) {
        int64_t value = 0;
        return curl.easy_getinfo(easy, (int)info, &value) ? 0 : value;
    }
    long value = 0;
    return curl.easy_getinfo(easy, (int)info, &value) ? 0 : value;
}

void *ccurl_get_private(ccurl_easy *easy) {
    char *value = NULL;
    return curl.easy_getinfo(easy, INFO_PRIVATE, &value) ? NULL : value;
}

const char *ccurl_easy_strerror(int code) { return curl.easy_strerror(code); }
ccurl_slist *ccurl_slist_append(ccurl_slist *list, const char *text) { return curl.slist_append(list, text); }
void ccurl_slist_free_all(ccurl_slist *list) { curl.slist_free_all(list); }

ccurl_multi *ccurl_multi_init(void) { return curl.multi_init(); }
void ccurl_multi_cleanup(ccurl_multi *multi) { curl.multi_cleanup(multi); }
int ccurl_multi_set_long(ccurl_multi *multi, enum ccurl_multi_option option, long value) {
    return curl.multi_setopt(multi, (int)option, value);
}
int ccurl_multi_add(ccurl_multi *multi, ccurl_easy *easy) { return curl.multi_add_handle(multi, easy); }
int ccurl_multi_remove(ccurl_multi *multi, ccurl_easy *easy) { return curl.multi_remove_handle(multi, easy); }
int ccurl_multi_perform(ccurl_multi *multi, int *running) { return curl.multi_perform(multi, running); }
int ccurl_multi_poll(ccurl_multi *multi, int milliseconds) {
    return curl.multi_poll(multi, NULL, 0, milliseconds, NULL);
}
int ccurl_multi_wakeup(ccurl_multi *multi) { return curl.multi_wakeup(multi); }

ccurl_easy *ccurl_multi_next_done(ccurl_multi *multi, int *code) {
    int left = 0;
    for (struct message *message; (message = curl.multi_info_read(multi, &left));) {
        if (message->kind != MESSAGE_DONE) continue;
        *code = message->data.result;
        return message->easy;
    }
    return NULL;
}

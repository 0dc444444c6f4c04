// What the room Curl needs of libcurl, resolved at run time.
//
// Linking libcurl costs 6-10 ms at every start of the program, because it pulls in thirty libraries,
// so nothing here is linked: `ccurl_load` opens libcurl.so.4 when the first request is made.
// The option numbers below are part of libcurl's stable ABI; ccurl.c checks them against
// <curl/curl.h> where that header is installed. The setters are typed because
// curl_easy_setopt is variadic, which Swift cannot call.
#ifndef CCURL_H
#define CCURL_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/// Opens libcurl once. Returns NULL, or the reason why it cannot be used (a text that lives for ever).
const char *ccurl_load(void);
/// "7.88.1", once loaded.
const char *ccurl_version(void);

typedef void ccurl_easy;
typedef void ccurl_multi;
typedef struct ccurl_slist ccurl_slist;
/// Gets `size * count` bytes and returns how many it took; any other number stops the transfer.
typedef size_t (*ccurl_data_function)(char *bytes, size_t size, size_t count, void *context);

enum ccurl_long_option {
    CCURL_LOW_SPEED_LIMIT = 19,
    CCURL_LOW_SPEED_TIME = 20,
    CCURL_NOBODY = 44,
    CCURL_POST = 47,
    CCURL_FOLLOWLOCATION = 52,
    CCURL_SSL_VERIFYPEER = 64,
    CCURL_MAXREDIRS = 68,
    CCURL_HTTPGET = 80,
    CCURL_SSL_VERIFYHOST = 81,
    CCURL_HTTP_VERSION = 84,
    CCURL_NOSIGNAL = 99,
    CCURL_TCP_NODELAY = 121,
    CCURL_TIMEOUT_MS = 155,
    CCURL_CONNECTTIMEOUT_MS = 156,
    CCURL_POSTREDIR = 161,
    CCURL_PROTOCOLS = 181,
    CCURL_REDIR_PROTOCOLS = 182,
    CCURL_TCP_KEEPALIVE = 213,
    CCURL_PATH_AS_IS = 234,
    CCURL_SUPPRESS_CONNECT_HEADERS = 265,
};

enum ccurl_text_option {
    CCURL_URL = 10002,
    CCURL_PROXY = 10004,
    CCURL_USERAGENT = 10018,
    CCURL_CUSTOMREQUEST = 10036,
    CCURL_CAINFO = 10065,
    CCURL_CAPATH = 10097,
    CCURL_NOPROXY = 10177,
    CCURL_UNIX_SOCKET_PATH = 10231,
};

enum ccurl_pointer_option {
    CCURL_WRITEDATA = 10001,
    CCURL_ERRORBUFFER = 10010,
    CCURL_POSTFIELDS = 10015,
    CCURL_HTTPHEADER = 10023,
    CCURL_HEADERDATA = 10029,
    CCURL_PRIVATE = 10103,
};

enum ccurl_function_option {
    CCURL_WRITEFUNCTION = 20011,
    CCURL_HEADERFUNCTION = 20079,
};

enum ccurl_offset_option {
    CCURL_POSTFIELDSIZE_LARGE = 30120,
};

enum ccurl_blob_option {
    CCURL_CAINFO_BLOB = 40309,
};

enum ccurl_multi_option {
    CCURL_MULTI_MAXCONNECTS = 6,
};

enum ccurl_info {
    CCURL_INFO_RESPONSE_CODE = 0x200002,
    CCURL_INFO_NUM_CONNECTS = 0x20001A,
    CCURL_INFO_HTTP_VERSION = 0x20002E,
    CCURL_INFO_PRETRANSFER_TIME_T = 0x600035,
};

enum ccurl_code {
    CCURL_OK = 0,
    CCURL_UNSUPPORTED_PROTOCOL = 1,
    CCURL_URL_MALFORMAT = 3,
    CCURL_COULDNT_RESOLVE_PROXY = 5,
    CCURL_COULDNT_RESOLVE_HOST = 6,
    CCURL_COULDNT_CONNECT = 7,
    CCURL_PARTIAL_FILE = 18,
    CCURL_WRITE_ERROR = 23,
    CCURL_OPERATION_TIMEDOUT = 28,
    CCURL_SSL_CONNECT_ERROR = 35,
    CCURL_TOO_MANY_REDIRECTS = 47,
    CCURL_GOT_NOTHING = 52,
    CCURL_SEND_ERROR = 55,
    CCURL_RECV_ERROR = 56,
    CCURL_PEER_FAILED_VERIFICATION = 60,
    CCURL_SSL_CACERT_BADFILE = 77,
};

// Each of these needs a successful ccurl_load before it.
ccurl_easy *ccurl_easy_init(void);
void ccurl_easy_cleanup(ccurl_easy *easy);
void ccurl_easy_reset(ccurl_easy *easy);
int ccurl_set_long(ccurl_easy *easy, enum ccurl_long_option option, long value);
int ccurl_set_text(ccurl_easy *easy, enum ccurl_text_option option, const char *value);
int ccurl_set_pointer(ccurl_easy *easy, enum ccurl_pointer_option option, const void *value);
int ccurl_set_function(ccurl_easy *easy, enum ccurl_function_option option, ccurl_data_function value);
int ccurl_set_offset(ccurl_easy *easy, enum ccurl_offset_option option, int64_t value);
/// libcurl keeps a copy. Needs libcurl 7.77; an older one answers 48 (unknown option).
int ccurl_set_blob(ccurl_easy *easy, enum ccurl_blob_option option, const void *bytes, size_t count);
/// The value of a number of `ccurl_info`, or 0.
int64_t ccurl_get_number(ccurl_easy *easy, enum ccurl_info info);
/// What CCURL_PRIVATE was set to.
void *ccurl_get_private(ccurl_easy *easy);
const char *ccurl_easy_strerror(int code);
ccurl_slist *ccurl_slist_append(ccurl_slist *list, const char *text);
void ccurl_slist_free_all(ccurl_slist *list);

ccurl_multi *ccurl_multi_init(void);
void ccurl_multi_cleanup(ccurl_multi *multi);
int ccurl_multi_set_long(ccurl_multi *multi, enum ccurl_multi_option option, long value);
int ccurl_multi_add(ccurl_multi *multi, ccurl_easy *easy);
int ccurl_multi_remove(ccurl_multi *multi, ccurl_easy *easy);
int ccurl_multi_perform(ccurl_multi *multi, int *running);
int ccurl_multi_poll(ccurl_multi *multi, int milliseconds);
int ccurl_multi_wakeup(ccurl_multi *multi);
/// The next transfer that has ended and its ccurl_code, or NULL.
ccurl_easy *ccurl_multi_next_done(ccurl_multi *multi, int *code);

#ifdef __cplusplus
}
#endif
#endif

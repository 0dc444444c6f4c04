#include "include/shim.h"

#include <dlfcn.h>
#include <limits.h>
#include <pthread.h>

// The declarations of OpenSSL 3's public functions that are used here; the types stay opaque.
typedef const void *(*get_digest_function)(const char *name);
typedef int (*digest_function)(
    const void *data, size_t count, unsigned char *out, unsigned int *size, const void *type, void *engine);
typedef unsigned char *(*hmac_function)(
    const void *type, const void *key, int key_length, const unsigned char *data, size_t length, unsigned char *out,
    unsigned int *out_length);

static pthread_once_t once = PTHREAD_ONCE_INIT;
static get_digest_function get_digest;
static digest_function digest;
static hmac_function hmac;

static void load(void) {
    void *library = dlopen("libcrypto.so.3", RTLD_NOW | RTLD_LOCAL);
    if (library == NULL) library = dlopen("libcrypto.so", RTLD_NOW | RTLD_LOCAL);
    if (library == NULL) return;
    get_digest = (get_digest_function)dlsym(library, "EVP_get_digestbyname");
    digest = (digest_function)dlsym(library, "EVP_Digest");
    hmac = (hmac_function)dlsym(library, "HMAC");
}

int ccrypto_available(void) {
    pthread_once(&once, load);
    return get_digest != NULL && digest != NULL && hmac != NULL;
}

int ccrypto_digest(const char *name, const uint8_t *data, size_t length, uint8_t *out, unsigned int *out_length) {
    if (!ccrypto_available()) return 0;
    const void *type = get_digest(name);
    if (type == NULL) return 0;
    static const uint8_t nothing = 0;
    return digest(length == 0 ? &nothing : data, length, out, out_length, type, NULL) == 1;
}

int ccrypto_hmac_sha256(const uint8_t *key, size_t key_length, const uint8_t *data, size_t length, uint8_t *out) {
    if (!ccrypto_available() || key_length > INT_MAX) return 0;
    const void *type = get_digest("SHA256");
    if (type == NULL) return 0;
    static const uint8_t nothing = 0;
    unsigned int out_length = 32;
    return hmac(type, key_length == 0 ? &nothing : key, (int)key_length, length == 0 ? &nothing : data, length, out, &out_length) != NULL;
}

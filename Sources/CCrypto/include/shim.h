#ifndef SFN_CCRYPTO_SHIM_H
#define SFN_CCRYPTO_SHIM_H

#include <stddef.h>
#include <stdint.h>

/// The system's libcrypto (OpenSSL 3), found by dlopen at the first use: no headers, no cost at start.
/// All functions may be called from any thread.

/// 1 when libcrypto.so.3 and what is needed of it were found.
int ccrypto_available(void);

/// Writes the digest of `data` by the algorithm OpenSSL calls `name` to `out` (room for 64 bytes) and its length
/// to `out_length`. Returns 1 on success.
int ccrypto_digest(const char *name, const uint8_t *data, size_t length, uint8_t *out, unsigned int *out_length);

/// Writes the 32 bytes of HMAC-SHA-256 to `out`. Returns 1 on success.
int ccrypto_hmac_sha256(const uint8_t *key, size_t key_length, const uint8_t *data, size_t length, uint8_t *out);

#endif

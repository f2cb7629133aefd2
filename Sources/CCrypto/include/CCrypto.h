// SPDX-License-Identifier: Apache-2.0
//
// A few functions of OpenSSL's libcrypto with plain C types, so that Swift needs none of OpenSSL's headers.
// Every function returns 1 on success and 0 on failure; nothing is kept after a return, but for the contexts that
// th_sha256_new makes and th_sha256_free frees. OpenSSL's error queue is left empty.
#ifndef TRAILHOUND_CCRYPTO_H
#define TRAILHOUND_CCRYPTO_H

#include <stddef.h>
#include <stdint.h>

/// SHA-256 of `count` bytes into 32 bytes at `output`.
int th_sha256(const void *bytes, size_t count, uint8_t *output);

/// SHA-1 into 20 bytes, for names that other tools make by it; it protects nothing.
int th_sha1(const void *bytes, size_t count, uint8_t *output);

/// HMAC-SHA-256 into 32 bytes at `output`.
int th_hmac_sha256(const void *key, size_t key_count, const void *bytes, size_t count, uint8_t *output);

/// A running SHA-256, owned by the caller; NULL when out of memory.
void *th_sha256_new(void);
int th_sha256_update(void *context, const void *bytes, size_t count);
/// Ends the hash; the context can then only be freed.
int th_sha256_final(void *context, uint8_t *output);
void th_sha256_free(void *context);

/// Whether `signature` is the RSASSA-PKCS1-v1_5 signature with SHA-256 of `bytes` under `key`, an RSA public key in DER,
/// either as PKCS#1 RSAPublicKey or as SubjectPublicKeyInfo. A key that can't be read verifies nothing.
int th_rsa_sha256_verify(const uint8_t *key, size_t key_count, const void *bytes, size_t count,
                         const uint8_t *signature, size_t signature_count);

/// The key's size in bits and 1, or 0 when `key` is no RSA public key.
int th_rsa_key_bits(const uint8_t *key, size_t key_count, int *bits);

/// `count` bytes of the operating system's randomness.
int th_random(uint8_t *output, size_t count);

/// Whether two buffers of the same length are equal, in time that depends on the length alone.
int th_equal(const void *left, const void *right, size_t count);

#endif

// SPDX-License-Identifier: Apache-2.0
#include "CCrypto.h"

#include <limits.h>
#include <openssl/crypto.h>
#include <openssl/decoder.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>
#include <openssl/rsa.h>

// OpenSSL leaves its reasons in a queue of the thread: other users of that thread must not find ours.
static int settle(int result) {
    ERR_clear_error();
    return result == 1;
}

int th_sha256(const void *bytes, size_t count, uint8_t *output) {
    return settle(EVP_Digest(bytes, count, output, NULL, EVP_sha256(), NULL));
}

int th_sha1(const void *bytes, size_t count, uint8_t *output) {
    int result = EVP_Digest(bytes, count, output, NULL, EVP_sha1(), NULL);
    ERR_clear_error();
    return result == 1;
}

int th_hmac_sha256(const void *key, size_t key_count, const void *bytes, size_t count, uint8_t *output) {
    if (key_count > INT_MAX) return 0;
    // HMAC() takes a null key for "the last one": give it an address even when the key is empty.
    static const uint8_t nothing = 0;
    const void *address = key_count == 0 ? &nothing : key;
    return settle(HMAC(EVP_sha256(), address, (int)key_count, bytes, count, output, NULL) != NULL);
}

void *th_sha256_new(void) {
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    if (context == NULL) return NULL;
    if (settle(EVP_DigestInit_ex(context, EVP_sha256(), NULL))) return context;
    EVP_MD_CTX_free(context);
    return NULL;
}

int th_sha256_update(void *context, const void *bytes, size_t count) {
    return settle(EVP_DigestUpdate(context, bytes, count));
}

int th_sha256_final(void *context, uint8_t *output) {
    return settle(EVP_DigestFinal_ex(context, output, NULL));
}

void th_sha256_free(void *context) { EVP_MD_CTX_free(context); }

static EVP_PKEY *decode(const char *structure, const uint8_t *key, size_t key_count) {
    EVP_PKEY *result = NULL;
    OSSL_DECODER_CTX *decoder =
        OSSL_DECODER_CTX_new_for_pkey(&result, "DER", structure, "RSA", EVP_PKEY_PUBLIC_KEY, NULL, NULL);
    if (decoder == NULL) return NULL;
    const unsigned char *cursor = key;
    size_t left = key_count;
    if (OSSL_DECODER_from_data(decoder, &cursor, &left) != 1 || left != 0) {
        EVP_PKEY_free(result);
        result = NULL;
    }
    OSSL_DECODER_CTX_free(decoder);
    return result;
}

static EVP_PKEY *public_key(const uint8_t *key, size_t key_count) {
    EVP_PKEY *result = decode("type-specific", key, key_count);
    if (result == NULL) result = decode("SubjectPublicKeyInfo", key, key_count);
    ERR_clear_error();
    return result;
}

int th_rsa_sha256_verify(const uint8_t *key, size_t key_count, const void *bytes, size_t count,
                         const uint8_t *signature, size_t signature_count) {
    EVP_PKEY *loaded = public_key(key, key_count);
    if (loaded == NULL) return 0;
    int valid = 0;
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    // PKCS#1 v1.5 is the default padding of an RSA key's signatures.
    if (context != NULL && EVP_DigestVerifyInit(context, NULL, EVP_sha256(), NULL, loaded) == 1) {
        valid = EVP_DigestVerify(context, signature, signature_count, bytes, count);
    }
    EVP_MD_CTX_free(context);
    EVP_PKEY_free(loaded);
    return settle(valid);
}

int th_rsa_key_bits(const uint8_t *key, size_t key_count, int *bits) {
    EVP_PKEY *loaded = public_key(key, key_count);
    if (loaded == NULL) return 0;
    *bits = EVP_PKEY_get_bits(loaded);
    EVP_PKEY_free(loaded);
    return settle(1);
}

int th_random(uint8_t *output, size_t count) {
    if (count > INT_MAX) return 0;
    return settle(RAND_bytes(output, (int)count));
}

int th_equal(const void *left, const void *right, size_t count) { return CRYPTO_memcmp(left, right, count) == 0; }

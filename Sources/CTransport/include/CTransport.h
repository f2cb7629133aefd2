// SPDX-License-Identifier: Apache-2.0
// nghttp2, OpenSSL, zlib and malloc.h for Swift: the headers, and prefixed inline functions for the macros that Swift can't import.
#ifndef CTRANSPORT_H
#define CTRANSPORT_H

#include <malloc.h>
#include <nghttp2/nghttp2.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>
#include <zlib.h>

static inline int CTransport_SSL_CTX_set_min_proto_version(SSL_CTX *ctx, int version) {
    return (int)SSL_CTX_set_min_proto_version(ctx, version);
}

static inline void CTransport_SSL_CTX_set_mode(SSL_CTX *ctx, long mode) { SSL_CTX_set_mode(ctx, mode); }

static inline void CTransport_SSL_CTX_disable_session_cache(SSL_CTX *ctx) {
    SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF);
}

static inline int CTransport_SSL_set_server_name(SSL *ssl, const char *name) {
    return (int)SSL_set_tlsext_host_name(ssl, name);
}

static inline int CTransport_ERR_GET_REASON(unsigned long code) { return ERR_GET_REASON(code); }

static inline unsigned long CTransport_XN_FLAG_RFC2253(void) { return XN_FLAG_RFC2253; }

static inline void CTransport_BIO_set_retry_read(BIO *bio) { BIO_set_retry_read(bio); }

static inline void CTransport_BIO_clear_retry_flags(BIO *bio) { BIO_clear_retry_flags(bio); }

static inline int CTransport_GENERAL_NAMES_count(const GENERAL_NAMES *names) { return sk_GENERAL_NAME_num(names); }

static inline const GENERAL_NAME *CTransport_GENERAL_NAMES_at(const GENERAL_NAMES *names, int index) {
    return sk_GENERAL_NAME_value(names, index);
}

static inline const ASN1_IA5STRING *CTransport_GENERAL_NAME_uri(const GENERAL_NAME *name) {
    return name->type == GEN_URI ? name->d.uniformResourceIdentifier : NULL;
}

static inline const ASN1_IA5STRING *CTransport_GENERAL_NAME_dns(const GENERAL_NAME *name) {
    return name->type == GEN_DNS ? name->d.dNSName : NULL;
}

static inline const unsigned char *CTransport_IA5_data(const ASN1_IA5STRING *text) {
    return ASN1_STRING_get0_data((const ASN1_STRING *)text);
}

static inline int CTransport_IA5_length(const ASN1_IA5STRING *text) {
    return ASN1_STRING_length((const ASN1_STRING *)text);
}

static inline int CTransport_inflateInit2(z_stream *stream, int window_bits) {
    return inflateInit2(stream, window_bits);
}

static inline int CTransport_deflateInit2(z_stream *stream, int level, int window_bits) {
    return deflateInit2(stream, level, Z_DEFLATED, window_bits, 8, Z_DEFAULT_STRATEGY);
}

#endif

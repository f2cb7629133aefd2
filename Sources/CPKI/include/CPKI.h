/* SPDX-License-Identifier: Apache-2.0
 * OpenSSL's X.509 for Swift: its headers, and functions for what are macros there. */
#pragma once

#include <openssl/asn1.h>
#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/stack.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

/* A new key on a named curve; the caller owns it. */
static inline EVP_PKEY *trailhound_pki_generate_ec_key(const char *curve) { return EVP_EC_gen(curve); }

/* What a memory BIO holds; it stays the BIO's. */
static inline long trailhound_pki_memory(BIO *bio, char **data) { return BIO_get_mem_data(bio, data); }

/* RFC 2253, with UTF-8 as it is. */
static inline unsigned long trailhound_pki_name_format(void) { return XN_FLAG_RFC2253 & ~ASN1_STRFLGS_ESC_MSB; }

/* RFC 2253 in ASCII, as the transport writes the names of its peers. */
static inline unsigned long trailhound_pki_ascii_name_format(void) { return XN_FLAG_RFC2253; }

/* MBSTRING_UTF8, and the number that means version 3. */
static inline int trailhound_pki_utf8(void) { return MBSTRING_UTF8; }
static inline long trailhound_pki_version_3(void) { return 2; }

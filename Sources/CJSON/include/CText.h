// SPDX-License-Identifier: Apache-2.0
//
// Searching and folding of byte strings, in loops that the compiler turns into vector instructions.

#ifndef CTEXT_H
#define CTEXT_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/// Copies `length` bytes to `out` with A–Z made small, and returns the union of all bits: below 0x80 where all of
/// it is ASCII.
uint8_t th_text_fold_ascii(const uint8_t *bytes, size_t length, uint8_t *out);

/// Where `needle` first stands in `bytes`, or SIZE_MAX (which Swift reads as -1). Linear in time.
size_t th_text_find(const uint8_t *bytes, size_t length, const uint8_t *needle, size_t needle_length);

/// What th_text_guid found.
typedef enum th_text_guid_form {
    TH_TEXT_NO_GUID = 0,
    TH_TEXT_GUID,       // without capital letters
    TH_TEXT_UPPER_GUID, // with some
} th_text_guid_form;

/// Reads the 36 bytes of a GUID, 8-4-4-4-12 hexadecimal digits, as two big-endian numbers.
th_text_guid_form th_text_guid(const uint8_t *text, uint64_t *high, uint64_t *low);

/// Where the first of two bytes stands, or `length`.
size_t th_text_find_either(const uint8_t *bytes, size_t length, uint8_t one, uint8_t other);

#ifdef __cplusplus
}
#endif

#endif

// SPDX-License-Identifier: Apache-2.0
//
// Searching and folding of byte strings, in loops that the compiler turns into vector instructions.

#ifndef CTEXT_H
#define CTEXT_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

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

/// Bytes that th_text_marks found in a text.
enum {
    TH_TEXT_HAS_ODD = 1,     // a byte outside of printable ASCII: a blank, a control character, a byte of another character
    TH_TEXT_HAS_CAPITAL = 2, // one of A–Z; only told of texts without such a byte
};

/// Marks of eight bytes, in the highest bit of each.
static inline void th_text_mark_word(uint64_t word, uint64_t *odd, uint64_t *capital) {
    const uint64_t ones = UINT64_C(0x0101010101010101);
    // No sum of a byte below 0x80 reaches the next one. One of 0x80 or more does, and is odd anyway.
    *odd |= word | (word + ones) | ~(word + ones * (0x80 - 0x21));
    *capital |= (word + ones * (0x80 - 'A')) & ~(word + ones * (0x80 - 'Z' - 1));
}

/// Tells which kinds of bytes a text has, in a few operations for eight of them. An empty text has none.
static inline uint32_t th_text_marks(const uint8_t *text, size_t length) {
    const uint64_t highest = UINT64_C(0x8080808080808080);
    uint64_t odd = 0;
    uint64_t capital = 0;
    uint64_t word;
    if (length >= 8) {
        for (size_t at = 0; at + 8 < length; at += 8) {
            memcpy(&word, text + at, 8);
            th_text_mark_word(word, &odd, &capital);
        }
        // The last word overlaps the one before it.
        memcpy(&word, text + length - 8, 8);
        th_text_mark_word(word, &odd, &capital);
    } else if (length > 0) {
        word = UINT64_C(0x6161616161616161);
        memcpy(&word, text, length);
        th_text_mark_word(word, &odd, &capital);
    }
    return ((odd & highest) != 0 ? TH_TEXT_HAS_ODD : 0u) | ((capital & highest) != 0 ? TH_TEXT_HAS_CAPITAL : 0u);
}

/// Where the first of two bytes stands, or `length`.
size_t th_text_find_either(const uint8_t *bytes, size_t length, uint8_t one, uint8_t other);

#ifdef __cplusplus
}
#endif

#endif

// SPDX-License-Identifier: Apache-2.0

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "CText.h"

#include <cstring>

#ifdef __SSE2__
#include <emmintrin.h>
#endif

namespace {

/// The longest needle that is looked for by its first and its last byte. Each place where both stand is compared, so that
/// the needle's length bounds the work for a byte of text.
constexpr size_t short_needle = 16;

bool stands_at(const uint8_t *place, const uint8_t *needle, size_t length) {
    return std::memcmp(place, needle, length) == 0;
}

size_t find_short(const uint8_t *bytes, size_t length, const uint8_t *needle, size_t needle_length) {
    const size_t last = needle_length - 1;
    const size_t places = length - last;
    size_t at = 0;
#ifdef __SSE2__
    const __m128i first_byte = _mm_set1_epi8(static_cast<char>(needle[0]));
    const __m128i last_byte = _mm_set1_epi8(static_cast<char>(needle[last]));
    const auto found = [&](size_t place) {
        const __m128i firsts = _mm_loadu_si128(reinterpret_cast<const __m128i *>(bytes + place));
        const __m128i lasts = _mm_loadu_si128(reinterpret_cast<const __m128i *>(bytes + place + last));
        return _mm_and_si128(_mm_cmpeq_epi8(firsts, first_byte), _mm_cmpeq_epi8(lasts, last_byte));
    };
    for (; at + 32 <= places; at += 32) {
        const __m128i low = found(at);
        const __m128i high = found(at + 16);
        if (_mm_movemask_epi8(_mm_or_si128(low, high)) == 0) { continue; }
        uint32_t marks = static_cast<uint32_t>(_mm_movemask_epi8(low))
            | static_cast<uint32_t>(_mm_movemask_epi8(high)) << 16;
        for (; marks != 0; marks &= marks - 1) {
            const size_t place = at + static_cast<size_t>(__builtin_ctz(marks));
            if (stands_at(bytes + place, needle, needle_length)) { return place; }
        }
    }
#endif
    for (; at < places; ++at) {
        if (bytes[at] == needle[0] && bytes[at + last] == needle[last]
            && stands_at(bytes + at, needle, needle_length)) {
            return at;
        }
    }
    return SIZE_MAX;
}

} // namespace

extern "C" {

uint8_t th_text_fold_ascii(const uint8_t *bytes, size_t length, uint8_t *out) {
    uint8_t all = 0;
    for (size_t at = 0; at < length; ++at) {
        const uint8_t byte = bytes[at];
        const uint8_t is_upper = static_cast<uint8_t>(byte - 'A') < 26;
        out[at] = static_cast<uint8_t>(byte | is_upper << 5);
        all |= byte;
    }
    return all;
}

size_t th_text_find(const uint8_t *bytes, size_t length, const uint8_t *needle, size_t needle_length) {
    if (needle_length == 0) { return 0; }
    if (length < needle_length) { return SIZE_MAX; }
    if (needle_length <= short_needle) { return find_short(bytes, length, needle, needle_length); }
    const void *found = memmem(bytes, length, needle, needle_length);
    return found == nullptr ? SIZE_MAX : static_cast<size_t>(static_cast<const uint8_t *>(found) - bytes);
}

} // extern "C"

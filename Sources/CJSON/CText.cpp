// SPDX-License-Identifier: Apache-2.0

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "CText.h"

#include <cstring>

#ifdef __SSE2__
#include <immintrin.h>
#endif

namespace {

/// The longest needle that is looked for by its first and its last byte. Each place where both stand is compared, so that
/// the needle's length bounds the work for a byte of text.
constexpr size_t short_needle = 16;

size_t find_one_by_one(const uint8_t *bytes, size_t length, const uint8_t *needle, size_t needle_length) {
    const size_t last = needle_length - 1;
    for (size_t at = 0; at + last < length; ++at) {
        if (bytes[at] == needle[0] && bytes[at + last] == needle[last]
            && std::memcmp(bytes + at, needle, needle_length) == 0) {
            return at;
        }
    }
    return SIZE_MAX;
}

#ifdef __SSE2__

size_t find_sse2(const uint8_t *bytes, size_t length, const uint8_t *needle, size_t needle_length) {
    const size_t last = needle_length - 1;
    if (length < last + 16) { return find_one_by_one(bytes, length, needle, needle_length); }
    const __m128i first_byte = _mm_set1_epi8(static_cast<char>(needle[0]));
    const __m128i last_byte = _mm_set1_epi8(static_cast<char>(needle[last]));
    // The last block overlaps the one before it: what stands in both was looked at without a find.
    const size_t last_block = length - last - 16;
    size_t at = 0;
    for (;;) {
        const __m128i firsts = _mm_loadu_si128(reinterpret_cast<const __m128i *>(bytes + at));
        const __m128i lasts = _mm_loadu_si128(reinterpret_cast<const __m128i *>(bytes + at + last));
        auto marks = static_cast<uint32_t>(_mm_movemask_epi8(
            _mm_and_si128(_mm_cmpeq_epi8(firsts, first_byte), _mm_cmpeq_epi8(lasts, last_byte))));
        for (; marks != 0; marks &= marks - 1) {
            const size_t place = at + static_cast<size_t>(__builtin_ctz(marks));
            if (std::memcmp(bytes + place, needle, needle_length) == 0) { return place; }
        }
        if (at == last_block) { return SIZE_MAX; }
        at = at + 16 < last_block ? at + 16 : last_block;
    }
}

__attribute__((target("avx2"))) size_t find_avx2(
    const uint8_t *bytes, size_t length, const uint8_t *needle, size_t needle_length) {
    const size_t last = needle_length - 1;
    const __m256i first_byte = _mm256_set1_epi8(static_cast<char>(needle[0]));
    const __m256i last_byte = _mm256_set1_epi8(static_cast<char>(needle[last]));
    // The last block overlaps the one before it: what stands in both was looked at without a find.
    const size_t last_block = length - last - 64;
    size_t at = 0;
    for (;;) {
        const auto *low = reinterpret_cast<const __m256i *>(bytes + at);
        const auto *high = reinterpret_cast<const __m256i *>(bytes + at + last);
        const __m256i left = _mm256_and_si256(
            _mm256_cmpeq_epi8(_mm256_loadu_si256(low), first_byte),
            _mm256_cmpeq_epi8(_mm256_loadu_si256(high), last_byte));
        const __m256i right = _mm256_and_si256(
            _mm256_cmpeq_epi8(_mm256_loadu_si256(low + 1), first_byte),
            _mm256_cmpeq_epi8(_mm256_loadu_si256(high + 1), last_byte));
        const __m256i both = _mm256_or_si256(left, right);
        if (__builtin_expect(!_mm256_testz_si256(both, both), 0)) {
            uint64_t marks = static_cast<uint32_t>(_mm256_movemask_epi8(left))
                | static_cast<uint64_t>(static_cast<uint32_t>(_mm256_movemask_epi8(right))) << 32;
            for (; marks != 0; marks &= marks - 1) {
                const size_t place = at + static_cast<size_t>(__builtin_ctzll(marks));
                if (std::memcmp(bytes + place, needle, needle_length) == 0) { return place; }
            }
        }
        if (at == last_block) { return SIZE_MAX; }
        at = at + 64 < last_block ? at + 64 : last_block;
    }
}

const bool has_avx2 = [] {
    __builtin_cpu_init();
    return __builtin_cpu_supports("avx2") != 0;
}();

size_t find_short(const uint8_t *bytes, size_t length, const uint8_t *needle, size_t needle_length) {
    return has_avx2 && length >= 64 + short_needle ? find_avx2(bytes, length, needle, needle_length)
                                                   : find_sse2(bytes, length, needle, needle_length);
}

#else

size_t find_short(const uint8_t *bytes, size_t length, const uint8_t *needle, size_t needle_length) {
    return find_one_by_one(bytes, length, needle, needle_length);
}

#endif

#ifdef __SSE2__

/// Turns sixteen hexadecimal digits into eight bytes. Returns whether they are digits, and by `upper` whether a letter of
/// them is a capital.
bool read_hex(__m128i digits, uint64_t *value, bool *upper) {
    const __m128i small = _mm_or_si128(digits, _mm_set1_epi8(0x20));
    const __m128i number = _mm_sub_epi8(digits, _mm_set1_epi8('0'));
    const __m128i letter = _mm_sub_epi8(small, _mm_set1_epi8('a'));
    const __m128i is_number = _mm_cmpeq_epi8(_mm_min_epu8(number, _mm_set1_epi8(9)), number);
    const __m128i is_letter = _mm_cmpeq_epi8(_mm_min_epu8(letter, _mm_set1_epi8(5)), letter);
    if (_mm_movemask_epi8(_mm_or_si128(is_number, is_letter)) != 0xFFFF) { return false; }
    *upper = _mm_movemask_epi8(_mm_andnot_si128(_mm_cmpeq_epi8(digits, small), is_letter)) != 0;
    const __m128i low_bits = _mm_and_si128(digits, _mm_set1_epi8(0x0F));
    const __m128i nibbles = _mm_add_epi8(low_bits, _mm_and_si128(is_letter, _mm_set1_epi8(9)));
    // The first of two digits is the upper half of a byte.
    const __m128i pairs = _mm_or_si128(_mm_slli_epi16(nibbles, 4), _mm_srli_epi16(nibbles, 8));
    const __m128i bytes = _mm_packus_epi16(_mm_and_si128(pairs, _mm_set1_epi16(0xFF)), _mm_setzero_si128());
    *value = __builtin_bswap64(static_cast<uint64_t>(_mm_cvtsi128_si64(bytes)));
    return true;
}

template <typename Word> Word load(const uint8_t *at) {
    Word word;
    std::memcpy(&word, at, sizeof word);
    return word;
}

#endif

} // namespace

extern "C" {

th_text_guid_form th_text_guid(const uint8_t *text, uint64_t *high, uint64_t *low) {
    if (text[8] != '-' || text[13] != '-' || text[18] != '-' || text[23] != '-') { return TH_TEXT_NO_GUID; }
#ifdef __SSE2__
    const auto second = load<uint32_t>(text + 9) | static_cast<uint64_t>(load<uint32_t>(text + 14)) << 32;
    const auto third = load<uint32_t>(text + 19) | static_cast<uint64_t>(load<uint32_t>(text + 24)) << 32;
    const __m128i first_half = _mm_set_epi64x(static_cast<int64_t>(second), static_cast<int64_t>(load<uint64_t>(text)));
    const __m128i last_half
        = _mm_set_epi64x(static_cast<int64_t>(load<uint64_t>(text + 28)), static_cast<int64_t>(third));
    bool first_upper;
    bool last_upper;
    if (!read_hex(first_half, high, &first_upper) || !read_hex(last_half, low, &last_upper)) { return TH_TEXT_NO_GUID; }
    return first_upper || last_upper ? TH_TEXT_UPPER_GUID : TH_TEXT_GUID;
#else
    uint64_t halves[2] = {0, 0};
    bool upper = false;
    unsigned digits = 0;
    for (unsigned at = 0; at < 36; ++at) {
        const uint8_t byte = text[at];
        if (at == 8 || at == 13 || at == 18 || at == 23) { continue; }
        const auto number = static_cast<uint8_t>(byte - '0');
        const auto letter = static_cast<uint8_t>((byte | 0x20) - 'a');
        if (number > 9 && letter > 5) { return TH_TEXT_NO_GUID; }
        upper = upper || (byte >= 'A' && byte <= 'F');
        uint64_t &half = halves[digits++ / 16];
        half = half << 4 | (number <= 9 ? number : letter + 10u);
    }
    *high = halves[0];
    *low = halves[1];
    return upper ? TH_TEXT_UPPER_GUID : TH_TEXT_GUID;
#endif
}

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

size_t th_text_find_either(const uint8_t *bytes, size_t length, uint8_t one, uint8_t other) {
    size_t at = 0;
#ifdef __SSE2__
    const __m128i ones = _mm_set1_epi8(static_cast<char>(one));
    const __m128i others = _mm_set1_epi8(static_cast<char>(other));
    for (; at + 16 <= length; at += 16) {
        const __m128i block = _mm_loadu_si128(reinterpret_cast<const __m128i *>(bytes + at));
        const int marks = _mm_movemask_epi8(_mm_or_si128(_mm_cmpeq_epi8(block, ones), _mm_cmpeq_epi8(block, others)));
        if (marks != 0) { return at + static_cast<size_t>(__builtin_ctz(static_cast<unsigned>(marks))); }
    }
#endif
    while (at < length && bytes[at] != one && bytes[at] != other) { ++at; }
    return at;
}

size_t th_text_find(const uint8_t *bytes, size_t length, const uint8_t *needle, size_t needle_length) {
    if (needle_length == 0) { return 0; }
    if (length < needle_length) { return SIZE_MAX; }
    if (needle_length <= short_needle) { return find_short(bytes, length, needle, needle_length); }
    const void *found = memmem(bytes, length, needle, needle_length);
    return found == nullptr ? SIZE_MAX : static_cast<size_t>(static_cast<const uint8_t *>(found) - bytes);
}

} // extern "C"

// SPDX-License-Identifier: Apache-2.0

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "CText.h"

#include <cstring>

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
    const void *found = memmem(bytes, length, needle, needle_length);
    return found == nullptr ? SIZE_MAX : static_cast<size_t>(static_cast<const uint8_t *>(found) - bytes);
}

} // extern "C"

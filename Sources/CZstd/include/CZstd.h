// SPDX-License-Identifier: Apache-2.0

#ifndef TRAILHOUND_CZSTD_H
#define TRAILHOUND_CZSTD_H

#include <stddef.h>
#include <zstd.h>

/// The size that a frame claims for its content, or -1 where it names none or is no frame. (The library's own sentinels
/// are macros that Swift can't import.)
static inline long long czstd_content_size(const void *source, size_t count) {
    unsigned long long size = ZSTD_getFrameContentSize(source, count);
    if (size == ZSTD_CONTENTSIZE_UNKNOWN || size == ZSTD_CONTENTSIZE_ERROR || size > (1ull << 62)) return -1;
    return (long long)size;
}

#endif

// SPDX-License-Identifier: Apache-2.0

#include "Text.hpp"

#include <algorithm>

namespace trailhound {

namespace {

/// The value of four hexadecimal digits, or -1.
int32_t hex4(const uint8_t *at, const uint8_t *end) {
    if (end - at < 4) { return -1; }
    int32_t value = 0;
    for (int digit = 0; digit < 4; ++digit) {
        const uint8_t byte = at[digit];
        const uint8_t lower = byte | 0x20;
        if (is_digit(byte)) {
            value = value << 4 | (byte - '0');
        } else if (lower >= 'a' && lower <= 'f') {
            value = value << 4 | (lower - 'a' + 10);
        } else {
            return -1;
        }
    }
    return value;
}

uint8_t *put_scalar(uint32_t code, uint8_t *out) {
    if (code < 0x80) {
        *out++ = static_cast<uint8_t>(code);
    } else if (code < 0x800) {
        *out++ = static_cast<uint8_t>(0xC0 | code >> 6);
        *out++ = static_cast<uint8_t>(0x80 | (code & 0x3F));
    } else if (code < 0x10000) {
        *out++ = static_cast<uint8_t>(0xE0 | code >> 12);
        *out++ = static_cast<uint8_t>(0x80 | (code >> 6 & 0x3F));
        *out++ = static_cast<uint8_t>(0x80 | (code & 0x3F));
    } else {
        *out++ = static_cast<uint8_t>(0xF0 | code >> 18);
        *out++ = static_cast<uint8_t>(0x80 | (code >> 12 & 0x3F));
        *out++ = static_cast<uint8_t>(0x80 | (code >> 6 & 0x3F));
        *out++ = static_cast<uint8_t>(0x80 | (code & 0x3F));
    }
    return out;
}

/// Reads the digits of a \u escape (and its partner) at `at` and moves on. Returns the scalar, or -1.
int32_t unicode_escape(const uint8_t *&at, const uint8_t *end) {
    int32_t code = hex4(at, end);
    if (code < 0) { return -1; }
    at += 4;
    if (code < 0xD800 || code > 0xDFFF) { return code; }
    if (code < 0xDC00 && end - at >= 6 && at[0] == '\\' && at[1] == 'u') {
        const int32_t low = hex4(at + 2, end);
        if (low >= 0xDC00 && low <= 0xDFFF) {
            at += 6;
            return 0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00);
        }
    }
    return 0xFFFD;
}

} // namespace

const uint8_t *unescape(const uint8_t *at, const uint8_t *end, uint8_t *out) {
    uint8_t unused[4];
    const bool writes = out != nullptr;
    while (at < end) {
        const uint8_t *run = static_cast<const uint8_t *>(std::memchr(at, '\\', static_cast<size_t>(end - at)));
        if (run == nullptr) { run = end; }
        if (writes) {
            std::memcpy(out, at, static_cast<size_t>(run - at));
            out += run - at;
        }
        if (run == end) { break; }
        at = run + 1;
        if (at == end) { return nullptr; }
        int32_t code = -1;
        switch (*at++) {
        case '"': code = '"'; break;
        case '\\': code = '\\'; break;
        case '/': code = '/'; break;
        case 'b': code = '\b'; break;
        case 'f': code = '\f'; break;
        case 'n': code = '\n'; break;
        case 'r': code = '\r'; break;
        case 't': code = '\t'; break;
        case 'u': code = unicode_escape(at, end); break;
        default: break;
        }
        if (code < 0) { return nullptr; }
        if (writes) {
            out = put_scalar(static_cast<uint32_t>(code), out);
        } else {
            put_scalar(static_cast<uint32_t>(code), unused);
        }
    }
    return writes ? out : end;
}

uint8_t *escape(const uint8_t *at, const uint8_t *end, uint8_t *out) {
    static const char digits[] = "0123456789abcdef";
    for (; at < end; ++at) {
        const uint8_t byte = *at;
        if (byte >= 0x20 && byte != '"' && byte != '\\') {
            *out++ = byte;
            continue;
        }
        *out++ = '\\';
        switch (byte) {
        case '"': *out++ = '"'; break;
        case '\\': *out++ = '\\'; break;
        case '\b': *out++ = 'b'; break;
        case '\f': *out++ = 'f'; break;
        case '\n': *out++ = 'n'; break;
        case '\r': *out++ = 'r'; break;
        case '\t': *out++ = 't'; break;
        default:
            *out++ = 'u';
            *out++ = '0';
            *out++ = '0';
            *out++ = static_cast<uint8_t>(digits[byte >> 4]);
            *out++ = static_cast<uint8_t>(digits[byte & 15]);
        }
    }
    return out;
}

uint8_t *Scratch::take(size_t size) {
    while (chunk_ < chunks_.size() && chunks_[chunk_].size - used_ < size) {
        ++chunk_;
        used_ = 0;
    }
    if (chunk_ == chunks_.size()) {
        const size_t room = std::max<size_t>(size, size_t{16} << 10);
        chunks_.push_back({std::unique_ptr<uint8_t[]>(new uint8_t[room]), room});
        used_ = 0;
    }
    uint8_t *piece = chunks_[chunk_].bytes.get() + used_;
    used_ += size;
    return piece;
}

} // namespace trailhound

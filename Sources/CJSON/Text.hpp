// SPDX-License-Identifier: Apache-2.0
//
// Strings, numbers and words of JSON: checking, unescaping and writing back.

#ifndef TH_TEXT_HPP
#define TH_TEXT_HPP

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <vector>

namespace trailhound {

inline bool is_space(uint8_t byte) { return byte == ' ' || byte == '\n' || byte == '\r' || byte == '\t'; }
inline bool is_digit(uint8_t byte) { return static_cast<uint8_t>(byte - '0') < 10; }

/// Where a number of JSON that starts at `at` ends, or null.
inline const uint8_t *number_end(const uint8_t *at, const uint8_t *end) {
    if (at < end && *at == '-') { ++at; }
    if (at >= end || !is_digit(*at)) { return nullptr; }
    if (*at == '0') {
        ++at;
    } else {
        while (at < end && is_digit(*at)) { ++at; }
    }
    if (at < end && *at == '.') {
        ++at;
        if (at >= end || !is_digit(*at)) { return nullptr; }
        while (at < end && is_digit(*at)) { ++at; }
    }
    if (at < end && (*at | 0x20) == 'e') {
        ++at;
        if (at < end && (*at == '+' || *at == '-')) { ++at; }
        if (at >= end || !is_digit(*at)) { return nullptr; }
        while (at < end && is_digit(*at)) { ++at; }
    }
    return at;
}

/// Unescapes [at, end) to `out`, which has room for as many bytes, and returns the end of what was written, or null
/// when an escape is malformed. A surrogate without its partner becomes U+FFFD. With `out` null it checks only.
const uint8_t *unescape(const uint8_t *at, const uint8_t *end, uint8_t *out);

/// Writes a string's unescaped bytes back as JSON text without the quotes and with no escape that can be avoided.
/// Returns the end; never longer than the shortest valid source of these bytes.
uint8_t *escape(const uint8_t *at, const uint8_t *end, uint8_t *out);

/// Memory that is handed out piece by piece and taken back at once. Pieces never move.
class Scratch {
  public:
    void reset() {
        chunk_ = 0;
        used_ = 0;
    }
    uint8_t *take(size_t size);
    /// Gives the last `size` bytes back.
    void give_back(size_t size) { used_ -= size; }

  private:
    struct Chunk {
        std::unique_ptr<uint8_t[]> bytes;
        size_t size;
    };
    std::vector<Chunk> chunks_;
    size_t chunk_ = 0;
    size_t used_ = 0;
};

} // namespace trailhound

#endif

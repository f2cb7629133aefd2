// SPDX-License-Identifier: Apache-2.0
//
// The keys of records as they were met before. Records have their members in one order, nearly: after each key the one
// is tried first that came after it the last time, and no other look-up is needed where it stands there again.

#ifndef TH_KNOWN_KEYS_HPP
#define TH_KNOWN_KEYS_HPP

#include "FieldTrie.hpp"

#include <array>

namespace trailhound {

struct alignas(64) KnownKey {
    Block start = {{}};           // its first bytes
    Block last = {{}};            // its last bytes where it has more than sixteen
    uint32_t length = UINT32_MAX; // of a free place more than any key's
    uint32_t mask = 0;            // which bytes of `start` are the key's
    int32_t child = -1;           // what the trie has for it
    int32_t slot = -1;            // where that is a leaf of the record itself
    KnownKey *next = nullptr;     // the key that came after it, in `KnownKeys`

    /// Whether a key is this one. Sixteen bytes from its start on can be read.
    bool is(const uint8_t *key, size_t size) const {
        return size == length && (~same_bytes(key, start) & mask) == 0
            && (size <= 16 || same_bytes(key + size - 16, last) == 0xFFFF);
    }
};

class KnownKeys {
  public:
    static constexpr size_t longest = 32;

    KnownKeys() {
        start_.next = keys_.data();
        for (KnownKey &key : keys_) { key.next = keys_.data(); }
    }
    KnownKeys(const KnownKeys &) = delete;
    KnownKeys &operator=(const KnownKeys &) = delete;

    /// What stands for the record's start.
    KnownKey &start() { return start_; }
    /// Has a place forget its key.
    void clear(KnownKey &key) {
        key = KnownKey{};
        key.next = keys_.data();
    }
    /// Whether a place is one in which a key can be known again.
    bool is_kept(const KnownKey &key) const { return &key != keys_.data(); }

    /// The place for a key that came after another one; it may have another key's content, which `is` tells. Place 0 is for
    /// keys that can't be known again.
    KnownKey &place(KnownKey &before, const uint8_t *key, size_t size) {
        before.next = keys_.data();
        if (size == 0 || size > longest) { return keys_[0]; }
        const auto mixed = static_cast<uint32_t>(size * 31 + key[0] * 7 + key[size / 2] * 3 + key[size - 1]);
        uint32_t at = 1 + mixed % (places - 1);
        for (uint32_t tries = 1; tries < most_tries; ++tries) {
            if (keys_[at].length == UINT32_MAX || keys_[at].is(key, size)) { break; }
            at = 1 + at % (places - 1);
        }
        before.next = &keys_[at];
        return keys_[at];
    }

  private:
    static constexpr uint32_t places = 64;
    static constexpr uint32_t most_tries = 8;
    std::array<KnownKey, places> keys_;
    KnownKey start_;
};

} // namespace trailhound

#endif

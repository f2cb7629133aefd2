// SPDX-License-Identifier: Apache-2.0
//
// The paths somebody asked for, as a trie whose every node has a small open-addressing table from key to child.

#ifndef TH_FIELD_TRIE_HPP
#define TH_FIELD_TRIE_HPP

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <map>
#include <string>
#include <vector>

namespace trailhound {

/// The first eight bytes of a key (fewer are filled up with zeros). Reads eight bytes where `limit` allows it.
inline uint64_t key_prefix(const uint8_t *key, size_t length, const uint8_t *limit) {
    uint64_t word = 0;
    if (length >= 8) {
        std::memcpy(&word, key, 8);
    } else if (key + 8 <= limit) {
        std::memcpy(&word, key, 8);
        word &= (uint64_t{1} << (8 * length)) - 1;
    } else {
        std::memcpy(&word, key, length);
    }
    return word;
}

struct Node {
    std::map<std::string, uint32_t> children;
    std::vector<uint32_t> subtree_slots; // of this node and everything below it
    int32_t slot = -1;
    uint32_t table = 0; // where its entries start
    uint32_t mask = 0;  // size of its table minus one
    bool has_children = false;
};

/// The last eight bytes of a key of more than eight.
inline uint64_t key_suffix(const uint8_t *key, size_t length) {
    uint64_t word;
    std::memcpy(&word, key + length - 8, 8);
    return word;
}

struct Entry {
    uint64_t prefix = 0;
    uint64_t suffix = 0; // of keys longer than eight bytes
    uint32_t length = 0;
    int32_t child = -1; // -1: free
    uint32_t rest = 0;  // where the key's bytes from the ninth on stand in `bytes`
};

class FieldTrie {
  public:
    FieldTrie() { nodes.emplace_back(); }

    uint32_t add(const std::string &path);
    void seal();

    /// The child of `node` under a key, or -1.
    inline int32_t find(uint32_t node, const uint8_t *key, size_t length, const uint8_t *limit) const {
        const Node &from = nodes[node];
        const Entry *const table = entries.data() + from.table;
        const uint64_t prefix = key_prefix(key, length, limit);
        for (uint32_t at = hash(prefix, length) & from.mask;; at = (at + 1) & from.mask) {
            const Entry &entry = table[at];
            if (entry.child < 0) { return -1; }
            if (entry.prefix != prefix || entry.length != length) { continue; }
            if (length <= 8) { return entry.child; }
            if (entry.suffix != key_suffix(key, length)) { continue; }
            if (length <= 16) { return entry.child; }
            if (std::memcmp(bytes.data() + entry.rest, key + 8, length - 16) == 0) { return entry.child; }
        }
    }

    std::vector<Node> nodes;
    uint32_t slots = 0;

  private:
    static inline uint32_t hash(uint64_t prefix, size_t length) {
        const uint64_t mixed = (prefix ^ (static_cast<uint64_t>(length) << 56)) * UINT64_C(0x9E3779B97F4A7C15);
        return static_cast<uint32_t>(mixed >> 40);
    }

    void build_table(uint32_t node);
    void collect_keys(uint32_t node, const std::string &prefix, std::map<std::string, uint32_t> &keys) const;

    std::vector<Entry> entries;
    std::vector<uint8_t> bytes;
};

} // namespace trailhound

#endif

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

/// Where a table's entries are.
struct Table {
    uint32_t start = 0;
    uint32_t mask = 0; // its size minus one
};

/// What a walk needs of a node; the rest stands in `Shape`, out of its way.
struct Node {
    Table keys;         // of the children
    Table dotted;       // of the keys that hold dots themselves: "a.b" finds what the path a.b leads to
    int32_t slot = -1;
    bool has_children = false;
    bool has_dotted = false;
    bool deferred = false; // a member of the record below which nobody keeps a slot
};

/// How a node stands in the trie.
struct Shape {
    std::map<std::string, uint32_t> children;
    std::vector<uint32_t> subtree_slots; // of this node and everything below it
};

/// Whether any of eight bytes is a dot.
inline bool has_dot(uint64_t word) {
    const uint64_t other = word ^ UINT64_C(0x2E2E2E2E2E2E2E2E);
    return ((other - UINT64_C(0x0101010101010101)) & ~other & UINT64_C(0x8080808080808080)) != 0;
}

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
    FieldTrie() {
        nodes.emplace_back();
        shapes.emplace_back();
    }

    uint32_t add(const std::string &path);
    void keep(uint32_t slot) { kept_.push_back(slot); }
    bool deferred(uint32_t slot) const;
    void seal();

    /// The child of `node` under a key, or -1.
    inline int32_t find(uint32_t node, const uint8_t *key, size_t length, const uint8_t *limit) const {
        const Node &from = nodes[node];
        const uint64_t prefix = key_prefix(key, length, limit);
        const uint64_t suffix = length > 8 ? key_suffix(key, length) : 0;
        const int32_t child = find(from.keys, key, length, prefix, suffix);
        // Hardly a record has a key with a dot, and the table of them is the larger one by far: it stays out of the way.
        if (child >= 0 || !from.has_dotted) { return child; }
        const bool dot = has_dot(prefix) || has_dot(suffix)
            || (length > 16 && std::memchr(key + 8, '.', length - 16) != nullptr);
        if (!dot) { return -1; }
        return find(from.dotted, key, length, prefix, suffix);
    }

    std::vector<Node> nodes;
    std::vector<Shape> shapes;
    uint32_t slots = 0;

  private:
    /// Keys that begin alike are common, and so are such of one length: the hash needs their ends.
    static inline uint32_t hash(uint64_t prefix, uint64_t suffix, size_t length) {
        const uint64_t word = prefix ^ (suffix << 29 | suffix >> 35) ^ (static_cast<uint64_t>(length) << 56);
        return static_cast<uint32_t>((word * UINT64_C(0x9E3779B97F4A7C15)) >> 40);
    }

    inline int32_t find(const Table &table, const uint8_t *key, size_t length, uint64_t prefix, uint64_t suffix) const {
        const Entry *const start = entries.data() + table.start;
        for (uint32_t at = hash(prefix, suffix, length) & table.mask;; at = (at + 1) & table.mask) {
            const Entry &entry = start[at];
            if (entry.child < 0) { return -1; }
            if (entry.prefix != prefix || entry.suffix != suffix || entry.length != length) { continue; }
            if (length <= 16 || std::memcmp(bytes.data() + entry.rest, key + 8, length - 16) == 0) { return entry.child; }
        }
    }

    void build_tables(uint32_t node);
    Table build_table(const std::map<std::string, uint32_t> &keys);
    void collect_dotted(uint32_t node, const std::string &prefix, std::map<std::string, uint32_t> &keys) const;

    std::vector<Entry> entries;
    std::vector<uint8_t> bytes;
    std::vector<uint32_t> kept_;
};

} // namespace trailhound

#endif

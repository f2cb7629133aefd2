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

#ifdef __SSE2__
#include <emmintrin.h>
#endif

namespace trailhound {

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
    bool deferred = false;  // a member of the record below which nobody keeps a slot
    bool remembered = false; // the member of the record whose objects are remembered
    bool is_leaf = false;   // a member of the record itself, without children or anything special
    bool special = false;   // as a key of the record: deferred, remembered or below that one
    uint8_t deferral = 0;   // the place of its bit then
};

/// How a node stands in the trie.
struct Shape {
    std::map<std::string, uint32_t> children;
    std::vector<uint32_t> subtree_slots; // of this node and everything below it
    std::string path;                    // the keys that lead here, with dots between them
};

/// Sixteen bytes of a key.
struct Block {
    uint8_t bytes[16];
};

/// Which of sixteen bytes are the same; the first one stands in the lowest bit. Reads sixteen bytes of each.
inline uint32_t same_bytes(const uint8_t *left, const Block &right) {
#ifdef __SSE2__
    const __m128i same = _mm_cmpeq_epi8(
        _mm_loadu_si128(reinterpret_cast<const __m128i *>(left)),
        _mm_loadu_si128(reinterpret_cast<const __m128i *>(right.bytes)));
    return static_cast<uint32_t>(_mm_movemask_epi8(same));
#else
    uint32_t marks = 0;
    for (unsigned at = 0; at < 16; ++at) { marks |= static_cast<uint32_t>(left[at] == right.bytes[at]) << at; }
    return marks;
#endif
}

struct Entry {
    Block start = {{}};  // the first bytes of the key
    Block last = {{}};   // the last bytes of a key of more than sixteen
    uint32_t length = 0;
    uint32_t mask = 0;   // which bytes of `start` are the key's
    int32_t child = -1;  // -1: free
    uint32_t text = 0;   // where the whole key stands in `bytes`
    bool more = false;   // whether a key that belongs here stands behind
};

class FieldTrie {
  public:
    FieldTrie() {
        nodes.emplace_back();
        shapes.emplace_back();
    }

    uint32_t add(const std::string &path);
    void keep(uint32_t slot) { kept_.push_back(slot); }
    void remember(const std::string &key) { remembered_ = key; }
    uint64_t deferral(uint32_t slot) const;
    void seal();

    /// The child of `node` under a key, or -1. Nothing is read from `limit` on.
    [[gnu::always_inline]] inline int32_t find(
        const Node &from, const uint8_t *key, size_t length, const uint8_t *limit) const {
        if (limit - key < 16) { return find_slowly(from, key, length); }
        const uint32_t mixed = hash(key, length);
        const uint32_t place = from.keys.start + (mixed & from.keys.mask);
        // Most keys are nobody's, and of them most end here, where the larger table need not be read.
        if (!from.has_dotted && tags[place] != tag(mixed) && tags[place] != any_tag) { return -1; }
        const Entry &entry = entries[place];
        const bool is_key = entry.length == length && (~same_bytes(key, entry.start) & entry.mask) == 0;
        if (length <= 16) {
            if (is_key) { return entry.child; }
            if (!entry.more) {
                const bool dot = (same_bytes(key, dots) & ((1u << length) - 1)) != 0;
                if (!dot || !from.has_dotted) { return -1; }
            }
        } else if (is_key && length <= 32 && same_bytes(key + length - 16, entry.last) == 0xFFFF) {
            return entry.child;
        } else if (!is_key && !entry.more && !from.has_dotted) {
            return -1;
        }
        return find_slowly(from, key, length);
    }

    std::vector<Node> nodes;
    std::vector<Shape> shapes;
    uint32_t slots = 0;

  private:
    static constexpr Block dots = {{'.', '.', '.', '.', '.', '.', '.', '.', '.', '.', '.', '.', '.', '.', '.', '.'}};

    /// Keys that begin alike are common, and so are such of one length: the hash needs both ends.
    static inline uint32_t hash(const uint8_t *key, size_t length) {
        uint32_t first = 0;
        uint32_t last = 0;
        if (length >= 4) {
            std::memcpy(&first, key, 4);
            std::memcpy(&last, key + length - 4, 4);
        } else if (length > 0) {
            first = key[0];
            last = static_cast<uint32_t>(key[length / 2]) << 8 | key[length - 1];
        }
        const uint64_t word = (static_cast<uint64_t>(last) << 32 | first) + length;
        return static_cast<uint32_t>((word * UINT64_C(0x9E3779B97F4A7C15)) >> 40);
    }

    static constexpr uint8_t any_tag = 0xFF;
    static inline uint8_t tag(uint32_t mixed) { return static_cast<uint8_t>(mixed >> 16 | 1) & 0x7F; }

    [[gnu::noinline]] int32_t find_slowly(const Node &from, const uint8_t *key, size_t length) const;
    int32_t find(const Table &table, const uint8_t *key, size_t length) const;
    void mark_special(uint32_t node);
    void build_tables(uint32_t node);
    Table build_table(const std::map<std::string, uint32_t> &keys);
    void collect_dotted(uint32_t node, const std::string &prefix, std::map<std::string, uint32_t> &keys) const;

    std::vector<Entry> entries;
    /// Of each entry a byte that its key's hash has too; `any_tag` where more keys belong.
    std::vector<uint8_t> tags;
    std::vector<uint8_t> bytes;
    std::vector<uint32_t> kept_;
    std::string remembered_;
};

} // namespace trailhound

#endif

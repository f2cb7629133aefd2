// SPDX-License-Identifier: Apache-2.0

#include "FieldTrie.hpp"

#include <algorithm>

namespace trailhound {

uint32_t FieldTrie::add(const std::string &path) {
    uint32_t node = 0;
    size_t start = 0;
    for (;;) {
        const size_t dot = path.find('.', start);
        const std::string key = path.substr(start, dot == std::string::npos ? dot : dot - start);
        const auto found = shapes[node].children.find(key);
        if (found != shapes[node].children.end()) {
            node = found->second;
        } else {
            const auto child = static_cast<uint32_t>(nodes.size());
            nodes.emplace_back();
            shapes.emplace_back();
            shapes[node].children.emplace(key, child);
            shapes[child].path = path.substr(0, dot);
            node = child;
        }
        if (dot == std::string::npos) { break; }
        start = dot + 1;
    }
    if (nodes[node].slot < 0) { nodes[node].slot = static_cast<int32_t>(slots++); }
    return static_cast<uint32_t>(nodes[node].slot);
}

void FieldTrie::seal() {
    // A child is always made after its parent, so that walking backwards meets children first.
    for (size_t at = nodes.size(); at-- > 0;) {
        auto &slots_below = shapes[at].subtree_slots;
        slots_below.clear();
        if (nodes[at].slot >= 0) { slots_below.push_back(static_cast<uint32_t>(nodes[at].slot)); }
        for (const auto &child : shapes[at].children) {
            const auto &below = shapes[child.second].subtree_slots;
            slots_below.insert(slots_below.end(), below.begin(), below.end());
        }
    }
    if (!kept_.empty()) {
        uint8_t bit = 0;
        for (const auto &child : shapes[0].children) {
            const auto &below = shapes[child.second].subtree_slots;
            const bool keeps = std::any_of(below.begin(), below.end(), [this](uint32_t slot) {
                return std::find(kept_.begin(), kept_.end(), slot) != kept_.end();
            });
            // A member without any below is as soon read as put off.
            const bool defers = !keeps && !shapes[child.second].children.empty();
            nodes[child.second].deferred = defers;
            nodes[child.second].special = defers;
            nodes[child.second].deferral = bit;
            if (defers && bit < 63) { ++bit; }
        }
    }
    const auto found = shapes[0].children.find(remembered_);
    if (found != shapes[0].children.end()) {
        Node &node = nodes[found->second];
        node.remembered = !node.deferred && !shapes[found->second].children.empty();
        if (node.remembered) { mark_special(found->second); }
    }
    for (const auto &child : shapes[0].children) {
        Node &node = nodes[child.second];
        node.is_leaf = !node.special && shapes[child.second].children.empty();
    }
    for (uint32_t node = 0; node < nodes.size(); ++node) { build_tables(node); }
}

/// A key of the record with dots in it gives values to what lies below the remembered member.
void FieldTrie::mark_special(uint32_t node) {
    nodes[node].special = true;
    for (const auto &child : shapes[node].children) { mark_special(child.second); }
}

uint64_t FieldTrie::deferral(uint32_t slot) const {
    for (const auto &child : shapes[0].children) {
        const Node &node = nodes[child.second];
        const auto &below = shapes[child.second].subtree_slots;
        if (std::find(below.begin(), below.end(), slot) != below.end()) {
            return node.deferred ? uint64_t{1} << node.deferral : 0;
        }
    }
    return 0;
}

/// A path `a.b` also finds a record's key that is "a.b" itself: such keys have a table of their own.
void FieldTrie::collect_dotted(uint32_t node, const std::string &prefix, std::map<std::string, uint32_t> &keys) const {
    for (const auto &child : shapes[node].children) {
        const std::string key = prefix + child.first;
        if (!prefix.empty()) { keys.emplace(key, child.second); }
        collect_dotted(child.second, key + ".", keys);
    }
}

void FieldTrie::build_tables(uint32_t node) {
    std::map<std::string, uint32_t> dotted;
    collect_dotted(node, "", dotted);
    const Table own = build_table(shapes[node].children);
    const Table other = build_table(dotted);
    Node &from = nodes[node];
    from.keys = own;
    from.dotted = other;
    from.has_children = !shapes[node].children.empty();
    from.has_dotted = !dotted.empty();
}

int32_t FieldTrie::find(const Table &table, const uint8_t *key, size_t length) const {
    for (uint32_t at = hash(key, length) & table.mask;; at = (at + 1) & table.mask) {
        const Entry &entry = entries[table.start + at];
        // A free entry is that of the empty key, and of no child.
        if (entry.length == length && (length == 0 || std::memcmp(bytes.data() + entry.text, key, length) == 0)) {
            return entry.child;
        }
        if (!entry.more) { return -1; }
    }
}

/// Hardly a record has a key with a dot, and the table of them is the larger one by far: it stays out of the way.
int32_t FieldTrie::find_slowly(const Node &from, const uint8_t *key, size_t length) const {
    const int32_t child = find(from.keys, key, length);
    if (child >= 0 || !from.has_dotted || length == 0 || std::memchr(key, '.', length) == nullptr) { return child; }
    return find(from.dotted, key, length);
}

Table FieldTrie::build_table(const std::map<std::string, uint32_t> &keys) {
    uint32_t size = 2;
    // Large tables are kept dense: they compete for the cache with what is read.
    while (size < keys.size() * (keys.size() > 32 ? 2 : 4)) { size *= 2; }
    Table table;
    table.start = static_cast<uint32_t>(entries.size());
    table.mask = size - 1;
    entries.resize(entries.size() + size);
    tags.resize(entries.size());
    for (const auto &key : keys) {
        Entry entry;
        const auto *text = reinterpret_cast<const uint8_t *>(key.first.data());
        const size_t length = key.first.size();
        std::memcpy(entry.start.bytes, text, length < 16 ? length : 16);
        if (length > 16) { std::memcpy(entry.last.bytes, text + length - 16, 16); }
        entry.length = static_cast<uint32_t>(length);
        entry.mask = length < 16 ? (1u << length) - 1 : 0xFFFF;
        entry.child = static_cast<int32_t>(key.second);
        entry.text = static_cast<uint32_t>(bytes.size());
        bytes.insert(bytes.end(), text, text + length);
        const uint32_t mixed = hash(text, length);
        uint32_t at = mixed & table.mask;
        while (entries[table.start + at].child >= 0) {
            entries[table.start + at].more = true;
            tags[table.start + at] = any_tag;
            at = (at + 1) & table.mask;
        }
        entries[table.start + at] = entry;
        tags[table.start + at] = at == (mixed & table.mask) ? tag(mixed) : any_tag;
    }
    return table;
}

} // namespace trailhound

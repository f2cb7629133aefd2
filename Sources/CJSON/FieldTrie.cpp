// SPDX-License-Identifier: Apache-2.0

#include "FieldTrie.hpp"

namespace trailhound {

uint32_t FieldTrie::add(const std::string &path) {
    uint32_t node = 0;
    size_t start = 0;
    for (;;) {
        const size_t dot = path.find('.', start);
        const std::string key = path.substr(start, dot == std::string::npos ? dot : dot - start);
        const auto found = nodes[node].children.find(key);
        if (found != nodes[node].children.end()) {
            node = found->second;
        } else {
            const auto child = static_cast<uint32_t>(nodes.size());
            nodes.emplace_back();
            nodes[node].children.emplace(key, child);
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
        Node &node = nodes[at];
        node.subtree_slots.clear();
        if (node.slot >= 0) { node.subtree_slots.push_back(static_cast<uint32_t>(node.slot)); }
        for (const auto &child : node.children) {
            const auto &below = nodes[child.second].subtree_slots;
            node.subtree_slots.insert(node.subtree_slots.end(), below.begin(), below.end());
        }
    }
    for (uint32_t node = 0; node < nodes.size(); ++node) { build_table(node); }
}

/// A path `a.b` also finds a record's key that is "a.b" itself: such keys stand in the table beside the plain ones.
void FieldTrie::collect_keys(uint32_t node, const std::string &prefix, std::map<std::string, uint32_t> &keys) const {
    for (const auto &child : nodes[node].children) {
        const std::string key = prefix + child.first;
        keys.emplace(key, child.second);
        collect_keys(child.second, key + ".", keys);
    }
}

void FieldTrie::build_table(uint32_t node) {
    std::map<std::string, uint32_t> keys;
    collect_keys(node, "", keys);
    uint32_t size = 2;
    while (size < keys.size() * 4) { size *= 2; }
    Node &from = nodes[node];
    from.has_children = !keys.empty();
    from.table = static_cast<uint32_t>(entries.size());
    from.mask = size - 1;
    entries.resize(entries.size() + size);
    for (const auto &key : keys) {
        Entry entry;
        const auto *text = reinterpret_cast<const uint8_t *>(key.first.data());
        const size_t length = key.first.size();
        entry.prefix = key_prefix(text, length, text + length);
        entry.suffix = length > 8 ? key_suffix(text, length) : 0;
        entry.length = static_cast<uint32_t>(length);
        entry.child = static_cast<int32_t>(key.second);
        entry.rest = static_cast<uint32_t>(bytes.size());
        if (length > 8) { bytes.insert(bytes.end(), text + 8, text + length); }
        uint32_t at = hash(entry.prefix, length) & from.mask;
        while (entries[from.table + at].child >= 0) { at = (at + 1) & from.mask; }
        entries[from.table + at] = entry;
    }
}

} // namespace trailhound

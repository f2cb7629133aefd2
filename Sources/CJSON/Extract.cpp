// SPDX-License-Identifier: Apache-2.0
//
// Filling the slots of one record.

#include "Parser.hpp"

#include <algorithm>

using trailhound::is_space;
using trailhound::Node;

/// Empties the slots that the last record filled, but for those of the object that the next one is likely to have too.
void th_json_parser::reset_record() {
    for (uint32_t at = filled.standing; at < filled.count; ++at) {
        values[touched_[at]] = th_json_value{nullptr, 0, 0, 0, TH_JSON_ABSENT, 0};
    }
    filled.count = filled.standing;
    stands_here_ = false;
    values.resize(trie_.slots);
    scratch_.reset();
    waiting_.clear();
    pending = 0;
    order_ = 0;
    element_ = 0;
    is_spoiled_ = false;
    remembered = th_json_member{};
    doubled = th_json_doubled{};
    if (objects_ > UINT32_MAX / 2) {
        std::fill(met_.begin(), met_.end(), Meeting{0, 0});
        objects_ = 0;
    }
}

/// Gives a slot that holds something one more value.
void th_json_parser::append(uint32_t slot, const th_json_value &value) {
    th_json_value &head = values[slot];
    if (head.kind == TH_JSON_EMPTY_ARRAY) {
        head = value;
        return;
    }
    if (value.kind == TH_JSON_EMPTY_ARRAY) { return; }
    const auto at = static_cast<uint32_t>(values.size());
    values[head.next == 0 ? slot : tails_[slot]].next = at;
    tails_[slot] = at;
    values.push_back(value);
}

/// Takes the values back that a slot was given from `order` on.
void th_json_parser::forget_since(uint32_t slot, uint32_t order) {
    th_json_value &head = values[slot];
    if (head.kind == TH_JSON_ABSENT) { return; }
    if (head.order >= order) {
        head = th_json_value{nullptr, 0, 0, 0, TH_JSON_EMPTY_ARRAY, 0};
        head.kind = TH_JSON_ABSENT;
        const auto end = touched_.begin() + filled.count;
        filled.count = static_cast<uint32_t>(std::remove(touched_.begin(), end, slot) - touched_.begin());
        return;
    }
    uint32_t at = slot;
    while (values[at].next != 0 && values[values[at].next].order < order) { at = values[at].next; }
    values[at].next = 0;
    tails_[slot] = at;
}

void th_json_parser::forget_below(uint32_t node) {
    note_doubled(node);
    for (const uint32_t slot : trie_.shapes[node].subtree_slots) { forget_since(slot, met_[node].order); }
}

/// The child of a node under a key with escapes, or -1; -2 where one is malformed.
int32_t th_json_parser::find_escaped(const Node &node, const String &key) {
    const auto size = static_cast<size_t>(key.end - key.start);
    uint8_t *text = scratch_.take(size);
    const uint8_t *end = trailhound::unescape(key.start, key.end, text);
    const int32_t child = end == nullptr ? -2 : trie_.find(node, text, static_cast<size_t>(end - text), end);
    scratch_.give_back(size);
    return child;
}

bool th_json_parser::add_escaped(const String &string, uint32_t slot) {
    uint8_t *text = scratch_.take(static_cast<size_t>(string.end - string.start));
    const uint8_t *end = trailhound::unescape(string.start, string.end, text);
    if (end == nullptr) { return false; }
    add(slot, TH_JSON_STRING, text, static_cast<size_t>(end - text));
    return true;
}

bool th_json_parser::add_scalar(Token token, uint32_t slot) {
    th_json_kind kind;
    uint32_t length;
    if (!check_scalar(token, &kind, &length)) { return false; }
    add(slot, kind, bytes_ + *token, length);
    return true;
}

Token th_json_parser::extract_value(Token token, uint32_t at, unsigned depth) {
    const Node &node = trie_.nodes[at];
    switch (bytes_[*token]) {
    case '"':
        if (node.slot < 0) { return skip_value(token, depth); }
        return add_string(token, static_cast<uint32_t>(node.slot)) ? token + 1 : fail(token);
    case '{': {
        const Token after = node.has_children ? extract_object(token, at, depth) : skip_container(token, depth);
        if (after != nullptr && node.slot >= 0) {
            const uint8_t *start = bytes_ + *token;
            const size_t length = *(after - 1) + 1 - *token;
            add(static_cast<uint32_t>(node.slot), TH_JSON_RAW_OBJECT, start, length);
        }
        return after;
    }
    case '[': return extract_array(token, at, depth);
    default:
        if (node.slot < 0 || token >= last_) { return skip_value(token, depth); }
        return add_scalar(token, static_cast<uint32_t>(node.slot)) ? token + 1 : nullptr;
    }
}

/// An array fans out: each of its elements stands for the field.
Token th_json_parser::extract_array(Token token, uint32_t node, unsigned depth) {
    if (depth >= TH_JSON_MAX_DEPTH) { return fail(token, TH_JSON_TOO_DEEP); }
    ++token;
    if (bytes_[*token] == ']') {
        const int32_t slot = trie_.nodes[node].slot;
        if (slot >= 0) { add(static_cast<uint32_t>(slot), TH_JSON_EMPTY_ARRAY, nullptr, 0); }
        return token + 1;
    }
    for (;;) {
        element_ = bytes_[*token] != '{';
        token = extract_value(token, node, depth + 1);
        element_ = 0;
        if (token == nullptr) { return nullptr; }
        const uint8_t byte = bytes_[*token];
        if (byte == ']') { return token + 1; }
        if (byte != ',') { return fail(token); }
        ++token;
    }
}

Token th_json_parser::extract_object(Token token, uint32_t node, unsigned depth) {
    if (depth >= TH_JSON_MAX_DEPTH) { return fail(token, TH_JSON_TOO_DEEP); }
    const uint8_t *const bytes = bytes_;
    const Node &from = nodes_[node];
    const uint32_t object = ++objects_;
    ++token;
    if (bytes[*token] == '}') { return token + 1; }
    for (;;) {
        if (bytes[*token] != '"') { return fail(token); }
        if (bytes[token[1]] != ':') { return fail(token + 1); }
        const String key = string_at(token);
        const int32_t found = key.escaped
            ? find_escaped(from, key)
            : trie_.find(from, key.start, static_cast<size_t>(key.end - key.start), end_);
        token += 2;
        const bool is_string = bytes[*token] == '"';
        if (found < 0) {
            if (found < -1) { return fail(token - 2); }
            token = is_string && check_string(token) ? token + 1 : skip_value(token, depth + 1);
        } else {
            const auto child = static_cast<uint32_t>(found);
            const Node &below = nodes_[child];
            first_or_again(child, object);
            if (is_string && below.slot >= 0) {
                token = add_string(token, static_cast<uint32_t>(below.slot)) ? token + 1 : fail(token);
            } else {
                token = extract_value(token, child, depth + 1);
            }
        }
        if (token == nullptr) { return nullptr; }
        const uint8_t byte = bytes[*token];
        ++token;
        if (byte == ',') { continue; }
        return byte == '}' ? token : fail(token - 1);
    }
}

th_json_status th_json_parser::extract(const uint8_t *bytes, size_t length) {
    place_ = Place::closed;
    reset_record();
    const th_json_status found = structure(bytes, length);
    if (found != TH_JSON_OK) { return found; }
    if (bytes_[*first_] != '{') { return classify(TH_JSON_NOT_OBJECT); }
    const Token after = extract_record(first_);
    if (!stands_here_) { drop_standing(); }
    if (after == nullptr) { return status_; }
    if (after != last_) { return fail_at(after, TH_JSON_TRAILING); }
    record_first_ = first_;
    record_last_ = last_;
    return TH_JSON_OK;
}

Token th_json_parser::token_at(const uint8_t *byte) const {
    return std::lower_bound(record_first_, record_last_, static_cast<uint32_t>(byte - bytes_));
}

void th_json_parser::object_text(th_json_value *value) {
    if (value->kind != TH_JSON_RAW_OBJECT) { return; }
    value->kind = TH_JSON_OBJECT;
    const uint8_t *const start = value->text;
    const uint8_t *const end = start + value->length;
    const Token first = token_at(start);
    const Token last = token_at(end);
    bool compact = std::memchr(start, '\\', value->length) == nullptr;
    for (Token token = first + 1; compact && token < last; ++token) { compact = !is_space(bytes_[*token - 1]); }
    if (compact) { return; }
    const Again again(this, start, end);
    uint8_t *const text = scratch_.take(value->length);
    uint8_t *out = text;
    for (Token token = first; token < last; ++token) {
        const uint8_t byte = bytes_[*token];
        if (byte == '"') {
            const String string = string_at(token);
            const auto size = static_cast<size_t>(string.end - string.start);
            *out++ = '"';
            if (string.escaped) {
                uint8_t *plain = scratch_.take(size);
                out = trailhound::escape(plain, trailhound::unescape(string.start, string.end, plain), out);
                scratch_.give_back(size);
            } else {
                std::memcpy(out, string.start, size);
                out += size;
            }
            *out++ = '"';
        } else {
            const uint8_t *limit = token + 1 < last ? bytes_ + token[1] : end;
            while (is_space(limit[-1])) { --limit; }
            const auto size = static_cast<size_t>(limit - (bytes_ + *token));
            std::memcpy(out, bytes_ + *token, size);
            out += size;
        }
    }
    value->text = text;
    value->length = static_cast<uint32_t>(out - text);
}

void th_json_parser::collect_all() {
    all.clear();
    if (record_first_ == nullptr) { return; }
    const Again again(this, bytes_ + *record_first_, record_end());
    for (Token token = record_first_; token < record_last_; ++token) {
        const uint8_t byte = bytes_[*token];
        th_json_value value{nullptr, 0, 0, static_cast<uint32_t>(all.size()), TH_JSON_STRING, 0};
        if (byte == '"') {
            if (bytes_[token[1]] == ':') { continue; }
            const String string = string_at(token);
            value.text = string.start;
            value.length = static_cast<uint32_t>(string.end - string.start);
            if (string.escaped) {
                uint8_t *text = scratch_.take(value.length);
                const uint8_t *end = trailhound::unescape(string.start, string.end, text);
                value.text = text;
                value.length = static_cast<uint32_t>(end - text);
            }
        } else {
            if (byte == '{' || byte == '}' || byte == '[' || byte == ']' || byte == ':' || byte == ',') { continue; }
            th_json_kind kind;
            if (!check_scalar(token, &kind, &value.length) || kind == TH_JSON_NULL) { continue; }
            value.text = bytes_ + *token;
            value.kind = static_cast<uint8_t>(kind);
        }
        all.push_back(value);
    }
}

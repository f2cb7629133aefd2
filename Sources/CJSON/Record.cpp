// SPDX-License-Identifier: Apache-2.0
//
// The members of a record itself: known again by their keys, put off, or remembered as a whole.

#include "Parser.hpp"

using trailhound::KnownKey;
using trailhound::RememberedObject;

/// Passes over a member's value: an object that was passed over lately is known again by its bytes.
Token th_json_parser::skip_member(Token token) {
    const uint8_t *const start = bytes_ + *token;
    if (*start != '{') { return is_word(token) ? token + 1 : skip_value(token, 1); }
    if (const RememberedObject *known = skipped_.find(start, end_)) { return token + known->tokens; }
    const Token after = skip_container(token, 1);
    if (after == nullptr) { return nullptr; }
    const size_t length = *(after - 1) + 1 - *token;
    if (length <= trailhound::skipped_bytes) {
        if (RememberedObject *object = skipped_.room(start, length)) {
            object->keep(start, length, static_cast<uint32_t>(after - token));
        }
    }
    return after;
}

/// Puts a member of the record off. Of a key that stands twice the last one counts.
void th_json_parser::defer(uint32_t node, Token token) {
    const uint64_t bit = uint64_t{1} << nodes_[node].deferral;
    if ((pending & bit) != 0) {
        for (Waiting &waiting : waiting_) {
            if (waiting.node == node) {
                note_doubled(node);
                waiting.token = token;
                return;
            }
        }
    }
    waiting_.push_back({token, node});
    pending |= bit;
}

/// Reads what was put off and is wanted. It was checked before, so that nothing can fail any more.
void th_json_parser::fill(uint64_t wanted) {
    size_t kept = 0;
    for (size_t at = 0; at < waiting_.size(); ++at) {
        const Waiting waiting = waiting_[at];
        if ((wanted >> nodes_[waiting.node].deferral & 1) == 0) {
            waiting_[kept++] = waiting;
            continue;
        }
        const Again again(this, bytes_ + *waiting.token, record_end());
        first_or_again(waiting.node, ++objects_);
        extract_value(waiting.token, waiting.node, 1);
    }
    waiting_.resize(kept);
    pending &= ~wanted;
}

/// Reads a member of the record that is put off, is remembered, or adds to what is.
Token th_json_parser::extract_special(Token token, uint32_t node, uint32_t object) {
    if (nodes_[node].deferred) {
        defer(node, token);
        return skip_member(token);
    }
    const bool is_object = nodes_[node].remembered && bytes_[*token] == '{';
    // What stands is given up where anything but the member itself, once, is to give its slots values.
    if (!is_object || stands_here_) { settle_standing(); }
    first_or_again(node, object);
    if (is_object) { return extract_remembered(token, node); }
    is_spoiled_ = true;
    remembered.version = 0;
    return extract_value(token, node, 1);
}

/// Gives the slots what they have of an object that is remembered, or reads it and remembers it.
Token th_json_parser::extract_remembered(Token token, uint32_t node) {
    const uint8_t *const start = bytes_ + *token;
    RememberedObject *object = standing_;
    remembered.version = 0;
    Token after;
    if (object == nullptr || !object->stands_at(start, end_)) {
        settle_standing();
        // A key with dots before it may be met again behind it, which counts differently where the object was not walked.
        object = is_spoiled_ ? nullptr : memory_.find(start, end_);
        if (object != nullptr) { stand(object); }
    }
    if (object != nullptr) {
        stand_here(start);
        after = token + object->tokens;
    } else {
        const uint32_t first = filled.count;
        const uint32_t order = order_;
        after = extract_value(token, node, 1);
        if (after == nullptr || is_spoiled_) { return after; }
        object = remember(token, after, first, order);
        if (object == nullptr) { return after; }
    }
    const auto length = static_cast<uint32_t>(object->bytes.size());
    remembered = th_json_member{start, length, memory_.number(object), object->version};
    return after;
}

/// Gives the slots an object's values. They stay there for the records behind this one, as long as these have the same
/// object: runs of records are by one caller.
void th_json_parser::stand(RememberedObject *object) {
    const size_t count = object->values.size();
    const auto begin = touched_.begin();
    std::copy_backward(begin, begin + filled.count, begin + filled.count + static_cast<ptrdiff_t>(count));
    for (size_t at = 0; at < count; ++at) {
        const RememberedObject::Value &value = object->values[at];
        touched_[at] = value.slot;
        // In the memory's own bytes, which stay.
        values[value.slot]
            = th_json_value{object->bytes.data() + value.offset, value.length, 0, 0, value.kind, 0};
    }
    filled.count += static_cast<uint32_t>(count);
    filled.standing = static_cast<uint32_t>(count);
    standing_ = object;
}

/// What stands is the current record's, in which it starts at `start`.
void th_json_parser::stand_here(const uint8_t *start) {
    stands_here_ = true;
    standing_order_ = order_;
    order_ += filled.standing;
    // The text of an object is made of the record's tokens.
    for (const RememberedObject::Value &value : standing_->objects) {
        values[value.slot] = th_json_value{start + value.offset, value.length, 0, 0, value.kind, 0};
    }
}

/// Lets what stands be as if it had been read with the current record; it is emptied with the record then. What is of
/// a record before is emptied now.
void th_json_parser::settle_standing() {
    if (!stands_here_) {
        drop_standing();
        return;
    }
    for (uint32_t at = 0; at < filled.standing; ++at) { values[touched_[at]].order = standing_order_ + at; }
    filled.standing = 0;
    standing_ = nullptr;
    stands_here_ = false;
}

/// Empties the slots of what stands.
void th_json_parser::drop_standing() {
    if (standing_ == nullptr) { return; }
    const auto begin = touched_.begin();
    for (uint32_t at = 0; at < filled.standing; ++at) {
        values[touched_[at]] = th_json_value{nullptr, 0, 0, 0, TH_JSON_ABSENT, 0};
    }
    std::copy(begin + filled.standing, begin + filled.count, begin);
    filled.count -= filled.standing;
    filled.standing = 0;
    standing_ = nullptr;
}

/// Remembers an object that was just read: from `first` and `order` on its values were added. Null for one whose values
/// stand elsewhere than in its bytes, that gave a slot more than one, or that may have a member twice: it is not
/// remembered.
RememberedObject *th_json_parser::remember(Token token, Token after, uint32_t first, uint32_t order) {
    const uint8_t *const start = bytes_ + *token;
    const size_t length = *(after - 1) + 1 - *token;
    // What is remembered is not read again, and would hide its doubled member.
    if (doubled.path != nullptr) { return nullptr; }
    if (length > trailhound::remembered_bytes || order_ - order != filled.count - first) { return nullptr; }
    for (uint32_t at = first; at < filled.count; ++at) {
        const th_json_value &value = values[touched_[at]];
        if (value.text < start || value.text >= start + length || value.element != 0) { return nullptr; }
    }
    RememberedObject *const object = memory_.room(start, length);
    if (object == nullptr) { return nullptr; }
    object->values.clear();
    object->objects.clear();
    for (uint32_t at = first; at < filled.count; ++at) {
        const th_json_value &value = values[touched_[at]];
        const auto offset = static_cast<uint32_t>(value.text - start);
        object->values.push_back({touched_[at], offset, value.length, value.kind});
        if (value.kind == TH_JSON_RAW_OBJECT) { object->objects.push_back(object->values.back()); }
    }
    object->keep(start, length, static_cast<uint32_t>(after - token));
    return object;
}

/// Finds out about a key that is not the one that was tried; null where it has a malformed escape.
KnownKey *th_json_parser::learn(Token token, KnownKey &before) {
    const String key = string_at(token);
    const auto size = static_cast<size_t>(key.end - key.start);
    const bool is_plain = !key.escaped && end_ - key.start >= 16;
    KnownKey &known = keys_.place(before, key.start, is_plain ? size : 0);
    if (size > 0 && known.is(key.start, size)) { return &known; }
    keys_.clear(known);
    known.child = key.escaped ? find_escaped(nodes_[0], key) : trie_.find(nodes_[0], key.start, size, end_);
    if (known.child < -1) { return nullptr; }
    if (known.child >= 0 && nodes_[known.child].is_leaf) { known.slot = nodes_[known.child].slot; }
    if (!keys_.is_kept(known)) { return &known; }
    std::memcpy(known.start.bytes, key.start, std::min<size_t>(size, 16));
    if (size > 16) { std::memcpy(known.last.bytes, key.end - 16, 16); }
    known.length = static_cast<uint32_t>(size);
    known.mask = size < 16 ? (1u << size) - 1 : 0xFFFF;
    return &known;
}

Token th_json_parser::extract_record(Token token) {
    const uint8_t *const bytes = bytes_;
    const uint32_t object = ++objects_;
    ++token;
    if (bytes[*token] == '}') { return token + 1; }
    KnownKey *key = &keys_.start();
    for (;;) {
        if (bytes[*token] != '"') { return fail(token); }
        if (bytes[token[1]] != ':') { return fail(token + 1); }
        const uint8_t *const start = bytes + *token + 1;
        // Quotes stand around so many bytes where nothing but the colon follows.
        KnownKey &expected = *key->next;
        const bool is_expected = end_ - start >= 16 && expected.is(start, token[1] - *token - 2);
        key = is_expected ? &expected : learn(token, *key);
        if (key == nullptr) { return fail(token); }
        token += 2;
        // Most members are strings, which nobody asks for or which fill a slot.
        const bool is_plain = bytes[*token] == '"' && bytes + token[1] - 1 <= next_backslash_;
        if (is_plain && key->child < 0) {
            ++token;
        } else if (is_plain && key->slot >= 0 && values[key->slot].kind == TH_JSON_ABSENT) {
            const uint8_t *const text = bytes + *token + 1;
            const uint8_t *last = bytes + token[1] - 1;
            if (*last != '"') { last = trimmed(text, last); }
            add(static_cast<uint32_t>(key->slot), TH_JSON_STRING, text, static_cast<size_t>(last - text));
            ++token;
        } else {
            token = extract_member(token, *key, object);
            if (token == nullptr) { return nullptr; }
        }
        const uint8_t byte = bytes[*token];
        ++token;
        if (byte == ',') { continue; }
        return byte == '}' ? token : fail(token - 1);
    }
}

/// Reads the value of a member.
Token th_json_parser::extract_member(Token token, const KnownKey &key, uint32_t object) {
    if (key.child < 0) { return skip_member(token); }
    const auto child = static_cast<uint32_t>(key.child);
    if (key.slot >= 0) {
        // Nothing but this key gives such a slot values: what it has is of the same key before.
        if (values[key.slot].kind != TH_JSON_ABSENT) { note_doubled(child); }
        forget_since(static_cast<uint32_t>(key.slot), 0);
        return extract_value(token, child, 1);
    }
    if (nodes_[child].special) { return extract_special(token, child, object); }
    first_or_again(child, object);
    return extract_value(token, child, 1);
}

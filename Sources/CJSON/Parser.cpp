// SPDX-License-Identifier: Apache-2.0
//
// Structure, checking and skipping.

#include "Parser.hpp"

#include <algorithm>

using trailhound::is_space;

th_json_parser::th_json_parser(const th_json_fields *fields) : trie_(fields->trie), nodes_(fields->trie.nodes.data()) {
    values.reserve(trie_.slots + 16); // so that there is an address even without a slot
    values.resize(trie_.slots);
    tails_.resize(trie_.slots);
    touched_.resize(trie_.slots);
    met_.resize(trie_.nodes.size());
    for (th_json_value &value : values) { value = th_json_value{nullptr, 0, 0, 0, TH_JSON_ABSENT, 0}; }
    filled.slots = touched_.data();
}

th_json_status th_json_parser::fail_at(Token token, th_json_status status) {
    status_ = status;
    error_offset = token < last_ ? *token : static_cast<size_t>(end_ - bytes_);
    return status;
}

Token th_json_parser::fail(Token token, th_json_status why) {
    fail_at(token, token >= last_ && why == TH_JSON_NOT_JSON ? TH_JSON_TRUNCATED : why);
    return nullptr;
}

/// Finds the structure of the input: afterwards [first_, last_) are its tokens.
th_json_status th_json_parser::structure(const uint8_t *bytes, size_t length) {
    bytes_ = bytes;
    backslash_end_ = end_ = bytes + length;
    first_ = last_ = record_first_ = record_last_ = nullptr;
    status_ = TH_JSON_OK;
    error_offset = 0;
    if (length == 0) { return status_ = TH_JSON_EMPTY; }
    if (length > TH_JSON_MAX_DOCUMENT) { return status_ = TH_JSON_TOO_LARGE; }
    if (stage1_ == nullptr || length > capacity_) {
        const size_t room = std::max<size_t>(length + length / 4, size_t{64} << 10);
        const auto error = stage1_ == nullptr
            ? simdjson::get_active_implementation()->create_dom_parser_implementation(room, TH_JSON_MAX_DEPTH, stage1_)
            : stage1_->set_capacity(room);
        if (error) { return status_ = TH_JSON_NO_MEMORY; }
        capacity_ = room;
    }
    const auto error = stage1_->stage1(bytes, length, simdjson::stage1_mode::regular);
    switch (error) {
    case simdjson::SUCCESS: break;
    case simdjson::EMPTY: return status_ = TH_JSON_EMPTY;
    case simdjson::UTF8_ERROR: return status_ = TH_JSON_INVALID_UTF8;
    case simdjson::UNCLOSED_STRING: error_offset = length; return status_ = TH_JSON_TRUNCATED;
    case simdjson::CAPACITY: return status_ = TH_JSON_TOO_LARGE;
    case simdjson::MEMALLOC: return status_ = TH_JSON_NO_MEMORY;
    default: return status_ = TH_JSON_NOT_JSON;
    }
    uint32_t *tokens = stage1_->structural_indexes.get();
    const uint32_t count = stage1_->n_structural_indexes;
    first_ = tokens;
    last_ = tokens + count;
    const uint8_t opening = bytes[tokens[0]];
    const uint8_t closing = bytes[tokens[count - 1]];
    const bool opens = opening == '{' || opening == '[';
    const bool closes = closing == '}' || closing == ']';
    if (!opens || !closes) { return classify(TH_JSON_NOT_JSON); }
    tokens[count] = tokens[0];
    next_backslash_ = fetched_ = bytes;
    return TH_JSON_OK;
}

/// How far the search for backslashes goes beyond the string that asks. Each search that begins anew costs more than the
/// bytes that it looks at; what it looked at should still be at hand when it is read.
static constexpr ptrdiff_t search_ahead = 16384;

/// Whether a string, which reaches beyond `next_backslash_`, has a backslash in it.
bool th_json_parser::has_escape(const uint8_t *start, const uint8_t *end) {
    if (next_backslash_ >= start && next_backslash_ < backslash_end_ && *next_backslash_ == '\\') { return true; }
    const uint8_t *from = std::max(start, next_backslash_);
    const uint8_t *limit = backslash_end_ - end > search_ahead ? end + search_ahead : std::max(end, backslash_end_);
    const void *found = std::memchr(from, '\\', static_cast<size_t>(limit - from));
    next_backslash_ = found == nullptr ? limit : static_cast<const uint8_t *>(found);
    return next_backslash_ < end;
}

/// The end of a string behind whose closing quote white space stands; `end` is the last byte of that.
const uint8_t *th_json_parser::trimmed(const uint8_t *start, const uint8_t *end) const {
    while (end > start && is_space(*end)) { --end; }
    return end;
}

/// Says what is wrong with input whose first and last token already tell that it is no object or array: a scalar,
/// cut off, followed by something. Walks a copy with a NUL behind it, which is an error wherever it is met.
th_json_status th_json_parser::classify(th_json_status fallback) {
    const size_t length = static_cast<size_t>(end_ - bytes_);
    copy_.assign(bytes_, end_);
    copy_.push_back(0);
    uint32_t *tokens = stage1_->structural_indexes.get();
    const uint32_t count = stage1_->n_structural_indexes;
    tokens[count] = static_cast<uint32_t>(length);
    bytes_ = copy_.data();
    backslash_end_ = end_ = bytes_ + length;
    next_backslash_ = bytes_;
    const Token after = skip_value(first_, 0);
    if (after == nullptr) { return status_ == TH_JSON_OK ? status_ = fallback : status_; }
    if (after != last_) { return fail_at(after, TH_JSON_TRAILING); }
    return fail_at(first_, TH_JSON_NOT_OBJECT);
}

/// Whether the input's last bytes are the beginning of a word or of a number.
static bool cut_off(const uint8_t *start, const uint8_t *limit) {
    if (limit == start || is_space(limit[-1])) { return false; }
    const auto size = static_cast<size_t>(limit - start);
    for (const char *word : {"true", "false", "null"}) {
        if (size < std::strlen(word) && std::memcmp(start, word, size) == 0) { return true; }
    }
    if (*start != '-' && !trailhound::is_digit(*start)) { return false; }
    return std::all_of(start, limit, [](uint8_t byte) {
        return trailhound::is_digit(byte) || (byte != 0 && std::strchr("+-.eE", byte) != nullptr);
    });
}

bool th_json_parser::check_scalar(Token token, th_json_kind *kind, uint32_t *length) {
    const uint8_t *start = bytes_ + *token;
    const uint8_t *limit = bytes_ + token[1];
    const uint8_t *end = nullptr;
    const size_t room = static_cast<size_t>(limit - start);
    switch (*start) {
    case 't':
        *kind = TH_JSON_BOOL;
        if (room >= 4 && std::memcmp(start, "true", 4) == 0) { end = start + 4; }
        break;
    case 'f':
        *kind = TH_JSON_BOOL;
        if (room >= 5 && std::memcmp(start, "false", 5) == 0) { end = start + 5; }
        break;
    case 'n':
        *kind = TH_JSON_NULL;
        if (room >= 4 && std::memcmp(start, "null", 4) == 0) { end = start + 4; }
        break;
    default:
        *kind = TH_JSON_NUMBER;
        end = trailhound::number_end(start, limit);
    }
    if (end == nullptr || (end < limit && !is_space(*end))) {
        fail(limit == end_ && cut_off(start, limit) ? last_ : token);
        return false;
    }
    *length = static_cast<uint32_t>(end - start);
    return true;
}

Token th_json_parser::skip_value(Token token, unsigned depth) {
    switch (bytes_[*token]) {
    case '"': return check_string(token) ? token + 1 : fail(token);
    case '{':
    case '[': return skip_container(token, depth);
    default: {
        th_json_kind kind;
        uint32_t length;
        if (token >= last_) { return fail(token); }
        return is_word(token) || check_scalar(token, &kind, &length) ? token + 1 : nullptr;
    }
    }
}

Token th_json_parser::skip_container(Token token, unsigned depth) {
    const uint8_t *bytes = bytes_;
    bool is_object[TH_JSON_MAX_DEPTH];
    unsigned level = 0;
    th_json_kind kind;
    uint32_t length;
open:
    if (depth + level >= TH_JSON_MAX_DEPTH) { return fail(token, TH_JSON_TOO_DEEP); }
    is_object[level] = bytes[*token] == '{';
    ++token;
    if (bytes[*token] == (is_object[level] ? '}' : ']')) {
        ++level;
        ++token;
        goto close;
    }
    if (!is_object[level++]) { goto value; }
key:
    if (bytes[*token] != '"' || !check_string(token)) { return fail(token); }
    if (bytes[token[1]] != ':') { return fail(token + 1); }
    token += 2;
value:
    switch (bytes[*token]) {
    case '"':
        if (!check_string(token)) { return fail(token); }
        break;
    case '{':
    case '[': goto open;
    default:
        if (token >= last_) { return fail(token); }
        if (!is_word(token) && !check_scalar(token, &kind, &length)) { return nullptr; }
    }
    ++token;
after: {
    const uint8_t byte = bytes[*token];
    if (byte == ',') {
        ++token;
        if (is_object[level - 1]) { goto key; }
        goto value;
    }
    if (byte != (is_object[level - 1] ? '}' : ']')) { return fail(token); }
    ++token;
}
close:
    if (--level == 0) { return token; }
    goto after;
}

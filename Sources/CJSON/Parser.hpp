// SPDX-License-Identifier: Apache-2.0
//
// The strict walker over the structure that simdjson's first stage finds.
//
// Stage 1 lists where every operator and every scalar starts, ends the list with a sentinel, checks that all input is
// UTF-8, that every string is closed and holds no bare control character. What is left to check is done here: the
// grammar, escapes, numbers and words, of everything, read or skipped.
//
// Why no step runs past the list: a document is walked only when its last token closes an object or array, and the
// sentinel is made to point at the root's opening bracket. After a closing bracket the walker expects a comma or
// another closing bracket, so that the sentinel is an error there; and no other token is ever the last one.

#ifndef TH_PARSER_HPP
#define TH_PARSER_HPP

#include "CJSON.h"
#include "FieldTrie.hpp"
#include "KnownKeys.hpp"
#include "ObjectMemory.hpp"
#include "Text.hpp"

#include <algorithm>
#include <cstring>
#include <memory>
#include <vector>

#include <simdjson.h>

static_assert(trailhound::remembered_objects == TH_JSON_REMEMBERED, "the header tells it");

/// A token: a pointer into the list of structural indexes. Null says that `status` has the error.
using Token = const uint32_t *;

struct th_json_fields {
    trailhound::FieldTrie trie;
};

struct th_json_parser {
    explicit th_json_parser(const th_json_fields *fields);

    th_json_status extract(const uint8_t *bytes, size_t length);
    th_json_status open(const uint8_t *bytes, size_t length, bool allow_array);
    th_json_status next(th_json_range *record);
    void fill(uint64_t wanted);
    void object_text(th_json_value *value);
    void collect_all();

    std::vector<th_json_value> values;
    std::vector<th_json_value> all;
    size_t error_offset = 0;
    uint64_t pending = 0; // the bits of what waits in `waiting_`
    th_json_member remembered{};
    th_json_filled filled{};
    th_json_doubled doubled{};
    simdjson::dom::parser yardstick;

  private:
    struct String {
        const uint8_t *start;
        const uint8_t *end;
        bool escaped;
    };

    th_json_status structure(const uint8_t *bytes, size_t length);
    th_json_status classify(th_json_status status);
    th_json_status fail_at(Token token, th_json_status status);
    Token fail(Token token, th_json_status why = TH_JSON_NOT_JSON);

    String string_at(Token token);
    bool check_string(Token token);
    bool check_scalar(Token token, th_json_kind *kind, uint32_t *length);
    bool is_word(Token token) const;
    Token skip_value(Token token, unsigned depth);
    Token skip_container(Token token, unsigned depth);
    Token skip_member(Token token);

    [[gnu::noinline]] bool has_escape(const uint8_t *start, const uint8_t *end);
    [[gnu::noinline]] const uint8_t *trimmed(const uint8_t *start, const uint8_t *end) const;

    void fetch_ahead(const uint8_t *at);
    void reset_record();
    [[gnu::noinline]] void append(uint32_t slot, const th_json_value &value);
    void add(uint32_t slot, th_json_kind kind, const uint8_t *text, size_t length);
    Token extract_value(Token token, uint32_t node, unsigned depth);
    Token extract_record(Token token);
    [[gnu::noinline]] Token extract_member(Token token, const trailhound::KnownKey &key, uint32_t object);
    [[gnu::noinline]] trailhound::KnownKey *learn(Token token, trailhound::KnownKey &before);
    Token extract_object(Token token, uint32_t node, unsigned depth);
    [[gnu::noinline]] Token extract_special(Token token, uint32_t node, uint32_t object);
    Token extract_remembered(Token token, uint32_t node);
    void stand(trailhound::RememberedObject *object);
    void stand_here(const uint8_t *start);
    void settle_standing();
    void drop_standing();
    trailhound::RememberedObject *remember(Token token, Token after, uint32_t first, uint32_t order);
    Token extract_array(Token token, uint32_t node, unsigned depth);
    bool add_string(Token token, uint32_t slot);
    [[gnu::noinline]] bool add_escaped(const String &string, uint32_t slot);
    bool add_scalar(Token token, uint32_t slot);
    [[gnu::noinline]] int32_t find_escaped(const trailhound::Node &node, const String &key);
    void defer(uint32_t node, Token token);
    void first_or_again(uint32_t node, uint32_t object);
    [[gnu::noinline]] void forget_below(uint32_t node);
    void note_doubled(uint32_t node);
    void forget_since(uint32_t slot, uint32_t order);

    Token document_end(Token token);
    th_json_status finish_document(Token token);
    Token token_at(const uint8_t *byte) const;
    /// Behind the closing bracket of the record; the document's end where there is none.
    const uint8_t *record_end() const { return record_last_ == nullptr ? end_ : bytes_ + *(record_last_ - 1) + 1; }

    const trailhound::FieldTrie &trie_;
    const trailhound::Node *const nodes_; // the trie's
    std::unique_ptr<simdjson::internal::dom_parser_implementation> stage1_;
    size_t capacity_ = 0;

    const uint8_t *bytes_ = nullptr;
    const uint8_t *end_ = nullptr;
    const uint8_t *next_backslash_ = nullptr; // before it there is none that no string has passed yet
    const uint8_t *backslash_end_ = nullptr;  // where the search for them ends
    const uint8_t *fetched_ = nullptr;        // up to here the document was fetched into the cache
    static constexpr ptrdiff_t fetched_bytes = 4096;

    /// Lets strings between `start` and `end` be read that were passed already. The search for backslashes stays between
    /// them: a search to the document's end for each of its records would be quadratic.
    class Again {
      public:
        Again(th_json_parser *parser, const uint8_t *start, const uint8_t *end)
            : parser_(parser), next_(parser->next_backslash_), end_(parser->backslash_end_) {
            parser->next_backslash_ = start;
            parser->backslash_end_ = end;
        }
        ~Again() {
            parser_->next_backslash_ = next_;
            parser_->backslash_end_ = end_;
        }
        Again(const Again &) = delete;
        Again &operator=(const Again &) = delete;

      private:
        th_json_parser *const parser_;
        const uint8_t *const next_;
        const uint8_t *const end_;
    };
    Token first_ = nullptr;
    Token last_ = nullptr; // one behind the last token
    th_json_status status_ = TH_JSON_OK;

    Token record_first_ = nullptr;
    Token record_last_ = nullptr;
    Token document_at_ = nullptr;
    enum class Place { closed, members, elements, root_elements_first, root_elements };
    Place place_ = Place::closed;
    bool seen_records_ = false;

    std::vector<uint32_t> tails_;   // the last value of each slot that has several
    std::vector<uint32_t> touched_; // slots that hold something, `filled.count` of them
    uint8_t element_ = 0;           // whether what is read is an element of an array
    bool is_spoiled_ = false;       // whether the remembered member is not all that its slots have
    /// Of the remembered member. Its objects differ behind their type, which many share; such of one principal, which have
    /// keys and sessions of their own, further behind.
    trailhound::ObjectMemory<
        trailhound::Words<40, 48, 56, 144, 160, 176, 200>, trailhound::Words<40, 48, 56>, trailhound::Words<0, 8, 16>>
        memory_;
    trailhound::RememberedObject *standing_ = nullptr; // of its objects the one whose values `touched_` begins with
    bool stands_here_ = false;     // whether the current record has that one
    uint32_t standing_order_ = 0;  // the order of its first value then
    /// Of members that nobody reads: `tlsDetails` is the one of them that is in nearly every record, and has the host's
    /// name at its end.
    trailhound::ObjectMemory<trailhound::Words<92, 100, 108>> skipped_;
    trailhound::KnownKeys keys_;
    /// When a key was last met.
    struct Meeting {
        uint32_t object; // in this one
        uint32_t order;  // from which on it added values
    };
    std::vector<Meeting> met_; // per node
    /// A member of the record that was checked and is read when somebody asks for it.
    struct Waiting {
        Token token;
        uint32_t node;
    };
    std::vector<Waiting> waiting_;
    uint32_t objects_ = 0;
    uint32_t order_ = 0;
    trailhound::Scratch scratch_;
    std::vector<uint8_t> copy_;
};

/// A string's bytes between its quotes. Behind a string's last byte there are only its closing quote and white space
/// up to the next token.
[[gnu::always_inline]] inline th_json_parser::String th_json_parser::string_at(Token token) {
    const uint8_t *start = bytes_ + *token + 1;
    const uint8_t *end = bytes_ + token[1] - 1;
    if (*end != '"') { end = trimmed(start, end); }
    return {start, end, end > next_backslash_ && has_escape(start, end)};
}

/// Gives a slot a value.
[[gnu::always_inline]] inline void th_json_parser::add(
    uint32_t slot, th_json_kind kind, const uint8_t *text, size_t length) {
    th_json_value &head = values[slot];
    if (head.kind == TH_JSON_ABSENT) {
        touched_[filled.count++] = slot;
        // `next` is 0 in an absent value.
        head.text = text;
        head.length = static_cast<uint32_t>(length);
        head.order = order_++;
        head.kind = static_cast<uint8_t>(kind);
        head.element = element_;
    } else {
        const auto size = static_cast<uint32_t>(length);
        append(slot, th_json_value{text, size, 0, order_++, static_cast<uint8_t>(kind), element_});
    }
}

/// Notes that the key of a node stands twice in one object.
inline void th_json_parser::note_doubled(uint32_t node) {
    if (doubled.path != nullptr) { return; }
    const std::string &path = trie_.shapes[node].path;
    doubled = th_json_doubled{path.data(), path.size()};
}

/// Of a key that stands twice in one object the last one counts, as in Python's and JavaScript's readers.
inline void th_json_parser::first_or_again(uint32_t node, uint32_t object) {
    if (met_[node].object == object) { forget_below(node); }
    met_[node] = {object, order_};
}

inline bool th_json_parser::add_string(Token token, uint32_t slot) {
    const String string = string_at(token);
    if (string.escaped) { return add_escaped(string, slot); }
    add(slot, TH_JSON_STRING, string.start, static_cast<size_t>(string.end - string.start));
    return true;
}

/// Fetches what is read next into the cache while the current record is read: a document is larger than the caches, and
/// the walk waits for each of its lines otherwise.
inline void th_json_parser::fetch_ahead(const uint8_t *at) {
    const uint8_t *const limit = end_ - at > fetched_bytes ? at + fetched_bytes : end_;
    for (const uint8_t *line = std::max(at, fetched_); line < limit; line += 64) { __builtin_prefetch(line); }
    fetched_ = limit;
}

/// Whether `true`, `false` or `null` stands here with nothing but an operator right behind it, which a list of
/// tokens ensures where the next token is as near. Other forms are left to `check_scalar`.
inline bool th_json_parser::is_word(Token token) const {
    const uint8_t *start = bytes_ + *token;
    const uint32_t length = token[1] - *token;
    if (length < 4 || length > 5) { return false; }
    uint32_t word;
    std::memcpy(&word, start, 4);
    uint32_t wanted;
    switch (*start) {
    case 't': std::memcpy(&wanted, "true", 4); return length == 4 && word == wanted;
    case 'n': std::memcpy(&wanted, "null", 4); return length == 4 && word == wanted;
    case 'f': std::memcpy(&wanted, "fals", 4); return length == 5 && word == wanted && start[4] == 'e';
    default: return false;
    }
}

/// Checks the escapes of a string; the rest stage 1 did.
inline bool th_json_parser::check_string(Token token) {
    if (bytes_ + token[1] <= next_backslash_) { return true; }
    const String string = string_at(token);
    return !string.escaped || trailhound::unescape(string.start, string.end, nullptr) != nullptr;
}

#endif

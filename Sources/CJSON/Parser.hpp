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
#include "Text.hpp"

#include <cstring>
#include <memory>
#include <vector>

#include <simdjson.h>

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
    void fill();
    void object_text(th_json_value *value);
    void collect_all();

    std::vector<th_json_value> values;
    std::vector<th_json_value> all;
    size_t error_offset = 0;
    uint32_t pending = 0; // how many of `waiting_` wait
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
    Token skip_value(Token token, unsigned depth);
    Token skip_container(Token token, unsigned depth);

    void reset_record();
    void add(uint32_t slot, th_json_kind kind, const uint8_t *text, size_t length);
    Token extract_value(Token token, uint32_t node, unsigned depth);
    Token extract_object(Token token, uint32_t node, unsigned depth);
    Token extract_array(Token token, uint32_t node, unsigned depth);
    bool add_string(Token token, uint32_t slot);
    bool add_scalar(Token token, uint32_t slot);
    int32_t find_key(uint32_t node, const String &key);
    void defer(uint32_t node, Token token);
    void first_or_again(uint32_t node, uint32_t object);
    void forget_since(uint32_t slot, uint32_t order);

    Token document_end(Token token);
    th_json_status finish_document(Token token);
    Token token_at(const uint8_t *byte) const;
    /// Behind the closing bracket of the record; the document's end where there is none.
    const uint8_t *record_end() const { return record_last_ == nullptr ? end_ : bytes_ + *(record_last_ - 1) + 1; }

    const trailhound::FieldTrie &trie_;
    std::unique_ptr<simdjson::internal::dom_parser_implementation> stage1_;
    size_t capacity_ = 0;

    const uint8_t *bytes_ = nullptr;
    const uint8_t *end_ = nullptr;
    const uint8_t *next_backslash_ = nullptr; // the first one that no string has passed yet
    const uint8_t *backslash_end_ = nullptr;  // where the search for it ends; it stands here where there is none

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

    std::vector<uint32_t> tails_;   // the last value of each slot
    std::vector<uint32_t> touched_; // slots that hold something
    std::vector<uint32_t> stamps_;  // per node: the object its key was last met in
    std::vector<uint32_t> marks_;   // per node: the order from which on that key added values
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
inline th_json_parser::String th_json_parser::string_at(Token token) {
    const uint8_t *start = bytes_ + *token + 1;
    const uint8_t *end = bytes_ + token[1] - 1;
    while (end > start && trailhound::is_space(*end)) { --end; }
    bool escaped = false;
    if (end > next_backslash_) {
        if (next_backslash_ < start) {
            const void *found = std::memchr(start, '\\', static_cast<size_t>(backslash_end_ - start));
            next_backslash_ = found == nullptr ? backslash_end_ : static_cast<const uint8_t *>(found);
        }
        escaped = end > next_backslash_;
    }
    return {start, end, escaped};
}

inline bool th_json_parser::check_string(Token token) {
    const String string = string_at(token);
    return !string.escaped || trailhound::unescape(string.start, string.end, nullptr) != nullptr;
}

#endif

// SPDX-License-Identifier: Apache-2.0
//
// The records of a document, one after the other, over one run of stage 1; and the C face.

#include "Parser.hpp"

#include <new>

namespace {

/// Whether a key is "Records", be it written with escapes or without.
bool is_records(const uint8_t *start, const uint8_t *end, bool escaped) {
    constexpr char name[] = "Records";
    constexpr ptrdiff_t length = sizeof name - 1;
    if (!escaped) { return end - start == length && std::memcmp(start, name, length) == 0; }
    // Six bytes an escape are the most that a letter takes.
    uint8_t text[length * 6];
    if (end - start > length * 6) { return false; }
    const uint8_t *const last = trailhound::unescape(start, end, text);
    return last != nullptr && last - text == length && std::memcmp(text, name, length) == 0;
}

} // namespace

/// Opens {"Records":[…]} or a bare array. Other members before and after Records are checked and passed over.
th_json_status th_json_parser::open(const uint8_t *bytes, size_t length, bool allow_array) {
    place_ = Place::closed;
    seen_records_ = false;
    reset_record();
    const th_json_status found = structure(bytes, length);
    if (found == TH_JSON_NOT_OBJECT) { return status_ = TH_JSON_NO_RECORDS; }
    if (found != TH_JSON_OK) { return found; }
    document_at_ = first_ + 1;
    if (bytes_[*first_] == '{') {
        place_ = Place::members;
    } else if (allow_array) {
        seen_records_ = true;
        place_ = Place::root_elements_first;
    } else {
        const th_json_status why = classify(TH_JSON_NO_RECORDS);
        return status_ = why == TH_JSON_NOT_OBJECT ? TH_JSON_NO_RECORDS : why;
    }
    return TH_JSON_OK;
}

th_json_status th_json_parser::finish_document(Token token) {
    place_ = Place::closed;
    if (token != last_) { return fail_at(token, TH_JSON_TRAILING); }
    if (!seen_records_) { return fail_at(first_, TH_JSON_NO_RECORDS); }
    return TH_JSON_END;
}

/// Passes over the root's members up to the first element of Records. Null: `status_` says what is the matter, which
/// is TH_JSON_END at the document's proper end.
Token th_json_parser::document_end(Token token) {
    // At `{`'s successor, or behind a member: a comma, a closing brace.
    for (;;) {
        const bool first = token == first_ + 1;
        const uint8_t byte = bytes_[*token];
        if (byte == '}') {
            status_ = finish_document(token + 1);
            return nullptr;
        }
        if (!first) {
            if (byte != ',') { return fail(token); }
            ++token;
        }
        if (bytes_[*token] != '"' || !check_string(token)) { return fail(token); }
        if (bytes_[token[1]] != ':') { return fail(token + 1); }
        const String key = string_at(token);
        const bool records = is_records(key.start, key.end, key.escaped);
        token += 2;
        if (records) {
            if (bytes_[*token] == '[') {
                seen_records_ = true;
                return token + 1;
            }
            fail(token, TH_JSON_NO_RECORDS);
            return nullptr;
        }
        token = skip_value(token, 1);
        if (token == nullptr) { return nullptr; }
    }
}

th_json_status th_json_parser::next(th_json_range *record) {
    reset_record();
    record_first_ = record_last_ = nullptr;
    if (place_ == Place::closed) { return status_ == TH_JSON_OK ? TH_JSON_END : status_; }
    Token token = document_at_;
    bool first = place_ == Place::root_elements_first;
    for (;;) {
        if (place_ == Place::members) {
            token = document_end(token);
            if (token == nullptr) {
                place_ = Place::closed;
                return status_;
            }
            place_ = Place::elements;
            first = true;
        }
        const uint8_t byte = bytes_[*token];
        if (byte != ']') {
            if (first) { break; }
            if (byte == ',') {
                ++token;
                break;
            }
            place_ = Place::closed;
            fail(token);
            return status_;
        }
        ++token;
        if (place_ == Place::root_elements || place_ == Place::root_elements_first) {
            return status_ = finish_document(token);
        }
        place_ = Place::members;
        first = false;
    }
    const bool root = place_ == Place::root_elements || place_ == Place::root_elements_first;
    fetch_ahead(bytes_ + *token);
    const bool is_object = bytes_[*token] == '{';
    const Token after = is_object ? extract_record(token) : skip_value(token, 0);
    if (!stands_here_) { drop_standing(); }
    if (after == nullptr) {
        place_ = Place::closed;
        return status_;
    }
    const size_t offset = *token;
    size_t end = *(after - 1);
    if (is_object || bytes_[*token] == '[') {
        end += 1;
        record_first_ = token;
        record_last_ = after;
    } else {
        end = *after;
        while (trailhound::is_space(bytes_[end - 1])) { --end; }
    }
    record->offset = offset;
    record->length = end - offset;
    document_at_ = after;
    place_ = root ? Place::root_elements : Place::elements;
    return is_object ? TH_JSON_OK : TH_JSON_ELEMENT_NOT_OBJECT;
}

extern "C" {

th_json_fields *th_json_fields_create(void) { return new th_json_fields; }

uint32_t th_json_fields_add(th_json_fields *fields, const char *path, size_t length) {
    return fields->trie.add(std::string(path, length));
}

void th_json_fields_keep(th_json_fields *fields, uint32_t slot) { fields->trie.keep(slot); }
void th_json_fields_remember(th_json_fields *fields, const char *key, size_t length) {
    fields->trie.remember(std::string(key, length));
}
uint64_t th_json_fields_deferral(const th_json_fields *fields, uint32_t slot) { return fields->trie.deferral(slot); }
void th_json_fields_seal(th_json_fields *fields) { fields->trie.seal(); }

uint32_t th_json_fields_count(const th_json_fields *fields) { return fields->trie.slots; }

void th_json_fields_destroy(th_json_fields *fields) { delete fields; }

th_json_parser *th_json_parser_create(const th_json_fields *fields) { return new th_json_parser(fields); }

void th_json_parser_destroy(th_json_parser *parser) { delete parser; }

th_json_status th_json_extract(th_json_parser *parser, const uint8_t *bytes, size_t length) {
    return parser->extract(bytes, length);
}

th_json_status th_json_document_open(th_json_parser *parser, const uint8_t *bytes, size_t length, bool allow_array) {
    return parser->open(bytes, length, allow_array);
}

th_json_status th_json_document_next(th_json_parser *parser, th_json_range *record) { return parser->next(record); }

th_json_value *th_json_values(th_json_parser *parser) { return parser->values.data(); }

const uint64_t *th_json_pending(const th_json_parser *parser) { return &parser->pending; }
const th_json_member *th_json_remembered(const th_json_parser *parser) { return &parser->remembered; }
const th_json_doubled *th_json_doubled_member(const th_json_parser *parser) { return &parser->doubled; }
void th_json_clear(th_json_parser *parser, uint32_t slot) { parser->values[slot].kind = TH_JSON_ABSENT; }
const th_json_filled *th_json_filled_slots(const th_json_parser *parser) { return &parser->filled; }
void th_json_fill(th_json_parser *parser, uint64_t wanted) { parser->fill(wanted); }
void th_json_object_text(th_json_parser *parser, th_json_value *value) { parser->object_text(value); }

const th_json_value *th_json_all_values(th_json_parser *parser, size_t *count) {
    parser->collect_all();
    *count = parser->all.size();
    return parser->all.data();
}

size_t th_json_error_offset(const th_json_parser *parser) { return parser->error_offset; }

bool th_json_yardstick_dom(th_json_parser *parser, const uint8_t *bytes, size_t length) {
    return parser->yardstick.parse(bytes, length, false).error() == simdjson::SUCCESS;
}

size_t th_json_yardstick_padding(void) { return simdjson::SIMDJSON_PADDING; }

} // extern "C"

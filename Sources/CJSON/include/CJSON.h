// SPDX-License-Identifier: Apache-2.0
//
// JSON records read in one pass: simdjson finds the structure (and checks UTF-8), a strict walker over that structure
// checks the grammar of everything and fills the slots of the fields that somebody asked for.
//
// Ownership: a parser borrows the bytes it is given until the next call of th_json_extract or th_json_document_open.
// Values point into those bytes or into the parser's own scratch memory and are valid until the next record.
// A th_json_fields is immutable once sealed and may be shared between threads; a parser belongs to one thread at a
// time.

#ifndef CJSON_H
#define CJSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "CText.h"

#ifdef __cplusplus
extern "C" {
#endif

/// The deepest nesting of objects and arrays that is read. CloudTrail stays far below it.
enum { TH_JSON_MAX_DEPTH = 128 };

/// The largest document in bytes (offsets are 32 bits wide).
#define TH_JSON_MAX_DOCUMENT ((size_t)1 << 30)

typedef enum th_json_status {
    TH_JSON_OK = 0,
    TH_JSON_END,               // no further record in the document
    TH_JSON_ELEMENT_NOT_OBJECT, // this element of Records is valid JSON but no object; the next may be one
    TH_JSON_EMPTY,             // nothing but white space
    TH_JSON_NOT_JSON,          // a grammar error, a control character in a string, a bad escape
    TH_JSON_NOT_OBJECT,        // valid JSON, but the root is no object
    TH_JSON_INVALID_UTF8,
    TH_JSON_TOO_DEEP,
    TH_JSON_TRUNCATED,         // the input ends within a value
    TH_JSON_TRAILING,          // something follows the root value
    TH_JSON_NO_RECORDS,        // the document has no array of records
    TH_JSON_TOO_LARGE,
    TH_JSON_NO_MEMORY
} th_json_status;

/// The kind of a value in a slot.
typedef enum th_json_kind {
    TH_JSON_ABSENT = 0,      // the path leads nowhere
    TH_JSON_EMPTY_ARRAY = 1, // the path leads to arrays without elements only
    TH_JSON_NULL = 2,
    TH_JSON_STRING = 3,      // text: the unescaped string
    TH_JSON_NUMBER = 4,      // text: as it stands in the record
    TH_JSON_BOOL = 5,        // text: "true" or "false"
    TH_JSON_OBJECT = 6,      // text: compact JSON
    TH_JSON_RAW_OBJECT = 7   // text: as it stands in the record; th_json_object_text makes it TH_JSON_OBJECT
} th_json_kind;

/// One value of a slot. A slot's first value stands at its own index; `next` is the index of the next one or 0.
typedef struct th_json_value {
    const uint8_t *text;
    uint32_t length;
    uint32_t next;
    uint32_t order; // counts up through a record, in the order of the bytes
    uint8_t kind;   // th_json_kind
    uint8_t element; // 1 where it is an array's element itself, else 0
} th_json_value;

/// Slots that hold something.
typedef struct th_json_filled {
    const uint32_t *slots;
    uint32_t count;
    uint32_t standing; // so many of the first are of the remembered member alone, and those of the record before too
} th_json_filled;

/// A record's place in its document, in bytes.
typedef struct th_json_range {
    size_t offset;
    size_t length;
} th_json_range;

/// The object of the record's member that th_json_fields_remember named.
typedef struct th_json_member {
    const uint8_t *start;
    uint32_t length;
    uint32_t place;   // below TH_JSON_REMEMBERED: the same bytes have the same one as long as they are remembered
    uint64_t version; // equal numbers: the same bytes and values. 0: not known to be those of another record
} th_json_member;

/// The first member of the record that stands twice in one object, of those that lead to a slot. It is told of a member
/// that is put off once th_json_fill has read it.
typedef struct th_json_doubled {
    const char *path; // keys with dots between them; null where no member stands twice
    size_t length;
} th_json_doubled;

/// How many objects are remembered.
enum { TH_JSON_REMEMBERED = 128 };

typedef struct th_json_fields th_json_fields;
typedef struct th_json_parser th_json_parser;

/// Makes an empty set of fields. The caller owns it.
th_json_fields *th_json_fields_create(void);
/// Adds a dotted path and returns its slot (the same again for the same path). Only before sealing.
uint32_t th_json_fields_add(th_json_fields *fields, const char *path, size_t length);
/// Asks for the values of a slot with each record. Once any slot is kept, members of a record below which slots lie but no
/// kept one are only checked; their values come with th_json_fill. Only before sealing.
void th_json_fields_keep(th_json_fields *fields, uint32_t slot);
/// Names a member of the record whose objects stand in record after record in the same bytes: the latest of them are known
/// again without being read. Only where all of its slots are kept, and only before sealing.
void th_json_fields_remember(th_json_fields *fields, const char *key, size_t length);
/// The bit that stands for a slot's member of the record where its values come only with th_json_fill, else 0. Members
/// may share one.
uint64_t th_json_fields_deferral(const th_json_fields *fields, uint32_t slot);
/// Builds the look-up tables. From here on the set is immutable.
void th_json_fields_seal(th_json_fields *fields);
/// The number of slots.
uint32_t th_json_fields_count(const th_json_fields *fields);
void th_json_fields_destroy(th_json_fields *fields);

/// Makes a parser that fills the slots of `fields`, which it borrows and which must outlive it.
th_json_parser *th_json_parser_create(const th_json_fields *fields);
void th_json_parser_destroy(th_json_parser *parser);

/// Reads one record: exactly one JSON object. Needs no padding behind the bytes.
th_json_status th_json_extract(th_json_parser *parser, const uint8_t *bytes, size_t length);

/// Opens a document {"Records":[…]}, or with `allow_array` also a bare array of records.
th_json_status th_json_document_open(th_json_parser *parser, const uint8_t *bytes, size_t length, bool allow_array);
/// Reads the next record of the open document, tells its place and fills the slots.
th_json_status th_json_document_next(th_json_parser *parser, th_json_range *record);

/// The values: one for each slot, then further ones by `next`. The address may change with each record.
th_json_value *th_json_values(th_json_parser *parser);
/// The bits of the members of the current record that wait for th_json_fill. The address stays as long as the parser.
const uint64_t *th_json_pending(const th_json_parser *parser);
/// The remembered member of the current record. The address stays as long as the parser.
const th_json_member *th_json_remembered(const th_json_parser *parser);
/// The member of the current record that stands twice. The address stays as long as the parser.
const th_json_doubled *th_json_doubled_member(const th_json_parser *parser);
/// Empties a slot of the current record.
void th_json_clear(th_json_parser *parser, uint32_t slot);
/// The slots that hold something in the current record: those of the remembered member where it was known again, then the
/// others in the order in which they were filled. The address stays as long as the parser.
const th_json_filled *th_json_filled_slots(const th_json_parser *parser);
/// Reads those values of the current record that were put off and whose bit is in `wanted`. The values' address may
/// change.
void th_json_fill(th_json_parser *parser, uint64_t wanted);
/// Turns a TH_JSON_RAW_OBJECT of the current record into compact JSON text.
void th_json_object_text(th_json_parser *parser, th_json_value *value);
/// All strings, numbers and booleans of the current record, at any depth, without keys.
const th_json_value *th_json_all_values(th_json_parser *parser, size_t *count);
/// Where the last error was found, in bytes from the start of the input.
size_t th_json_error_offset(const th_json_parser *parser);

/// simdjson's DOM parse of one document and nothing else: the yardstick of the benchmarks. Needs `padding` readable
/// bytes behind the document. Returns false when it is not JSON.
bool th_json_yardstick_dom(th_json_parser *parser, const uint8_t *bytes, size_t length);
/// The padding that th_json_yardstick_dom needs.
size_t th_json_yardstick_padding(void);

#ifdef __cplusplus
}
#endif

#endif

// SPDX-License-Identifier: Apache-2.0

#ifndef TRAILHOUND_CMAXMINDDB_H
#define TRAILHOUND_CMAXMINDDB_H

#include <maxminddb.h>

/// The value of an entry as a number, or `otherwise` where it is none. (What it is lies in a union.)
static inline double cmaxminddb_number(const MMDB_entry_data_s *value, double otherwise) {
    switch (value->type) {
    case MMDB_DATA_TYPE_DOUBLE: return value->double_value;
    case MMDB_DATA_TYPE_FLOAT: return value->float_value;
    case MMDB_DATA_TYPE_UINT16: return value->uint16;
    case MMDB_DATA_TYPE_UINT32: return value->uint32;
    default: return otherwise;
    }
}

/// The bytes of a text, `value->data_size` of them, valid as long as the database is open; null where it is none.
static inline const char *cmaxminddb_text(const MMDB_entry_data_s *value) {
    return value->type == MMDB_DATA_TYPE_UTF8_STRING ? value->utf8_string : 0;
}

#endif

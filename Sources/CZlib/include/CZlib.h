// SPDX-License-Identifier: Apache-2.0
#ifndef CZLIB_H
#define CZLIB_H

#include <zlib.h>

// zlib's own name for this is a macro, which Swift can't import. 16 in the window bits asks for the gzip format alone.
static inline int CZlib_inflateInitGzip(z_stream *stream) {
  return inflateInit2(stream, 16 + MAX_WBITS);
}

// For tests and samples: a gzip member, not zlib's own format.
static inline int CZlib_deflateInitGzip(z_stream *stream, int level) {
  return deflateInit2(stream, level, Z_DEFLATED, 16 + MAX_WBITS, 8, Z_DEFAULT_STRATEGY);
}

#endif

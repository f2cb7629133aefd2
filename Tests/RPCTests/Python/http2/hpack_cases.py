# SPDX-License-Identifier: Apache-2.0
"""RFC 7541: header compression. What can't be decoded is a COMPRESSION_ERROR (RFC 9113 section 4.3)."""

import struct

import hpack

from cases import case
from peer import *


def broken(section, title, block, settings=b""):
    """A header block that can't be decoded."""

    def run(peer):
        peer.send(HEADERS, END_HEADERS | END_STREAM, 1, block)
        peer.breaks(COMPRESSION_ERROR)

    case(section, title, settings=settings)(run)


def served(section, title, *blocks):
    """Header blocks that are all right, one for each of as many requests."""

    def run(peer):
        for number, block in enumerate(blocks):
            peer.send(HEADERS, END_HEADERS, 2 * number + 1, block)
            peer.send(DATA, END_STREAM, 2 * number + 1, message())
            peer.answers(2 * number + 1)

    case(section, title)(run)


WHOLE = literal(request())

broken("RFC 7541 2.3.3", "an index beyond both tables", WHOLE + integer(70, 7, 0x80))
broken("RFC 7541 2.3.3", "the name of an index beyond both tables", WHOLE + integer(70, 6, 0x40) + b"\x01x")
served("RFC 7541 2.3.2", "the dynamic table serves the next request",
       b"".join(b"\x40" + literal([field])[1:] for field in request()), bytes(range(0xC3, 0xBD, -1)))
broken("RFC 7541 4.2", "a table size over the limit", integer(4097, 5, 0x20) + WHOLE)
broken("RFC 7541 4.2", "a change of the table's size after a field", WHOLE + integer(10, 5, 0x20))
served("RFC 7541 4.2", "a change of the table's size at the block's start",
       integer(0, 5, 0x20) + WHOLE, integer(0, 5, 0x20) + integer(4096, 5, 0x20) + WHOLE)
served("RFC 7541 4.4", "an entry larger than the table empties it",
       WHOLE + b"\x40" + literal([("x", "y" * 5000)])[1:], WHOLE)
broken("RFC 7541 5.1", "a number that overflows", WHOLE + b"\xff" + b"\xff" * 10 + b"\x01")
broken("RFC 7541 5.2", "a string longer than the block", WHOLE + b"\x00\x01x\x7f\x20y")
broken("RFC 7541 5.2", "Huffman padding of more than 7 bits", WHOLE + b"\x00\x01x\x84\xf8\xff\xff\xff")
broken("RFC 7541 5.2", "Huffman padding that is not EOS", WHOLE + b"\x00\x01x\x81\x00")
broken("RFC 7541 5.2", "a Huffman string with EOS", WHOLE + b"\x00\x01x\x84\x3f\xff\xff\xff")
broken("RFC 7541 6.1", "the index 0", WHOLE + b"\x80")
served("RFC 7541 6.2", "Huffman, indexing and the static table by another encoder",
       *(lambda encoder: [encoder.encode(request(extra=[("x-trace", str(n))])) for n in range(20)])(hpack.Encoder()))
served("RFC 7541 6.2.3", "fields that are never to be indexed", b"".join(b"\x10" + literal([f])[1:] for f in request()))

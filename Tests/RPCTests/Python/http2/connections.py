# SPDX-License-Identifier: Apache-2.0
"""RFC 9113 sections 3 to 5: starting, frames, streams, errors, extensions."""

import struct

from cases import case
from peer import *


@case("RFC 9113 3.4", "the server's first frame is SETTINGS", handshake=False)
def _(peer):
    peer.raw(PREFACE + frame(SETTINGS))
    first = peer.next()
    if first is None or first.kind != SETTINGS or first.flags & ACK:
        raise Failed(f"the first frame was {first}")
    peer.serves(1)


@case("RFC 9113 3.4", "a request may come with the preface", handshake=False)
def _(peer):
    peer.raw(PREFACE + frame(SETTINGS) + frame(HEADERS, END_HEADERS, 1, literal(request()))
             + frame(DATA, END_STREAM, 1, message()))
    peer.answers(1)


@case("RFC 9113 3.4", "a preface byte by byte is served", handshake=False)
def _(peer):
    for byte in PREFACE + frame(SETTINGS):
        peer.raw(bytes([byte]))
    peer.serves(1)


@case("RFC 9113 3.4", "a wrong preface ends the connection", handshake=False)
def _(peer):
    peer.raw(b"INVALID CONNECTION PREFACE\r\n\r\n")
    peer.ends()


@case("RFC 9113 3.4", "HTTP/1.1 ends the connection", handshake=False)
def _(peer):
    peer.raw(b"GET / HTTP/1.1\r\nHost: test\r\n\r\n")
    peer.ends()


@case("RFC 9113 3.4", "a preface without SETTINGS is a PROTOCOL_ERROR", handshake=False)
def _(peer):
    peer.raw(PREFACE + frame(PING, payload=bytes(8)))
    peer.breaks(PROTOCOL_ERROR)


@case("RFC 9113 4.1", "frames of unknown types are ignored")
def _(peer):
    peer.send(0xF0, 0xFF, 0, b"unknown")
    peer.send(0xF1, 0, 1, b"")
    peer.serves(1)


@case("RFC 9113 4.1", "undefined flags are ignored")
def _(peer):
    peer.send(PING, 0xFE, 0, b"12345678")
    peer.wait(lambda f: f.kind == PING and f.flags & ACK and f.payload == b"12345678", "a PING's answer")


@case("RFC 9113 4.1", "the reserved bit of a stream id is ignored")
def _(peer):
    peer.send(PING, 0, 0x80000000, b"12345678")
    peer.wait(lambda f: f.kind == PING and f.flags & ACK, "a PING's answer")


@case("RFC 9113 4.2", "a frame of 16,384 bytes is taken")
def _(peer):
    content = b"x" * (16384 - 5)
    peer.headers(1, request())
    peer.send(DATA, END_STREAM, 1, message(content))
    peer.answers(1)


@case("RFC 9113 4.2", "a longer DATA frame is a FRAME_SIZE_ERROR")
def _(peer):
    peer.headers(1, request())
    peer.send(DATA, END_STREAM, 1, bytes(16385))
    peer.resets(1, FRAME_SIZE_ERROR)


@case("RFC 9113 4.2", "a longer HEADERS frame is a FRAME_SIZE_ERROR of the connection")
def _(peer):
    peer.headers(1, request(extra=[("x", "y" * 17000)]))
    peer.breaks(FRAME_SIZE_ERROR)


@case("RFC 9113 4.3", "a header block that can't be decoded is a COMPRESSION_ERROR")
def _(peer):
    peer.send(HEADERS, END_HEADERS | END_STREAM, 1, b"\x00\x85\xf2\xb2\x4a\x84\xff\x84\x49\x50\x9f\xff")
    peer.breaks(COMPRESSION_ERROR)


@case("RFC 9113 4.3", "a header block in pieces is served")
def _(peer):
    block = literal(request())
    peer.send(HEADERS, 0, 1, block[:10])
    peer.send(CONTINUATION, 0, 1, block[10:11])
    peer.send(CONTINUATION, 0, 1, b"")
    peer.send(CONTINUATION, END_HEADERS, 1, block[11:])
    peer.send(DATA, END_STREAM, 1, message())
    peer.answers(1)


@case("RFC 9113 4.3", "another frame within a header block is a PROTOCOL_ERROR")
def _(peer):
    peer.send(HEADERS, 0, 1, literal(request()))
    peer.send(PRIORITY, 0, 1, bytes(5))
    peer.breaks(PROTOCOL_ERROR)


@case("RFC 9113 4.3", "another stream's HEADERS within a header block are a PROTOCOL_ERROR")
def _(peer):
    peer.send(HEADERS, 0, 1, literal(request()))
    peer.headers(3, request())
    peer.breaks(PROTOCOL_ERROR)


@case("RFC 9113 4.3", "the state of HPACK survives a stream that is refused")
def _(peer):
    indexed = b"\x40" + integer(1, 7, 0) + b"x" + integer(1, 7, 0) + b"y"
    peer.send(HEADERS, END_HEADERS | END_STREAM, 1, literal([(":method", "GET"), ("Upper", "x")]) + indexed)
    peer.resets(1, PROTOCOL_ERROR)
    peer.send(HEADERS, END_HEADERS, 3, literal(request()) + b"\xbe")
    peer.send(DATA, END_STREAM, 3, message())
    peer.answers(3)


for kind, payload in [(DATA, b"x"), (RST_STREAM, bytes(4)), (WINDOW_UPDATE, b"\0\0\0\x01"), (CONTINUATION, b"")]:
    def idle(peer, kind=kind, payload=payload):
        peer.send(kind, 0, 1, payload)
        peer.breaks(PROTOCOL_ERROR)

    case("RFC 9113 5.1", f"{type_name(kind)} on an idle stream is a PROTOCOL_ERROR")(idle)


@case("RFC 9113 5.1", "PRIORITY on an idle stream is no error")
def _(peer):
    peer.send(PRIORITY, 0, 1, b"\0\0\0\0\x10")
    peer.serves(1)


def half_closed(peer):
    """Stream 1: our half is closed, the server's is open."""
    peer.headers(1, request(CHAT))
    peer.send(DATA, 0, 1, message())
    peer.wait(lambda f: f.kind == DATA and f.stream == 1, "an echo")
    peer.socket.settimeout(PATIENCE_SECONDS)


@case("RFC 9113 5.1", "DATA after END_STREAM is STREAM_CLOSED")
def _(peer):
    peer.raw(frame(HEADERS, END_HEADERS, 1, literal(request())) + frame(DATA, END_STREAM, 1, message())
             + frame(DATA, END_STREAM, 1, b"x"))
    peer.resets(1, STREAM_CLOSED)


@case("RFC 9113 5.1", "HEADERS after END_STREAM are STREAM_CLOSED")
def _(peer):
    peer.raw(frame(HEADERS, END_HEADERS, 1, literal(request())) + frame(DATA, END_STREAM, 1, message())
             + frame(HEADERS, END_HEADERS | END_STREAM, 1, literal([("x", "y")])))
    peer.resets(1, STREAM_CLOSED)


@case("RFC 9113 5.1", "DATA after our RST_STREAM is STREAM_CLOSED")
def _(peer):
    half_closed(peer)
    peer.send(RST_STREAM, 0, 1, struct.pack(">I", CANCEL))
    peer.send(DATA, 0, 1, message())
    peer.resets(1, STREAM_CLOSED)


@case("RFC 9113 5.1", "HEADERS after our RST_STREAM are STREAM_CLOSED")
def _(peer):
    half_closed(peer)
    peer.send(RST_STREAM, 0, 1, struct.pack(">I", CANCEL))
    peer.headers(1, request())
    peer.resets(1, STREAM_CLOSED)


@case("RFC 9113 5.1", "DATA on a closed stream is STREAM_CLOSED")
def _(peer):
    peer.call(1)
    peer.answers(1)
    peer.send(DATA, 0, 1, b"x")
    peer.resets(1, STREAM_CLOSED)


@case("RFC 9113 5.1", "HEADERS on a closed stream are STREAM_CLOSED")
def _(peer):
    peer.call(1)
    peer.answers(1)
    peer.headers(1, request())
    peer.breaks(STREAM_CLOSED, PROTOCOL_ERROR)


for kind, payload in [(PRIORITY, b"\0\0\0\0\x10"), (WINDOW_UPDATE, b"\0\0\0\x01"), (RST_STREAM, b"\0\0\0\x08")]:
    def late(peer, kind=kind, payload=payload):
        peer.call(1)
        peer.answers(1)
        peer.send(kind, 0, 1, payload)
        peer.serves(3)

    case("RFC 9113 5.1", f"{type_name(kind)} on a closed stream is ignored")(late)


@case("RFC 9113 5.1.1", "a stream id of the server's is a PROTOCOL_ERROR")
def _(peer):
    peer.headers(2, request())
    peer.breaks(PROTOCOL_ERROR)


@case("RFC 9113 5.1.1", "a stream id that falls is a PROTOCOL_ERROR")
def _(peer):
    peer.call(5)
    peer.answers(5)
    peer.headers(3, request())
    peer.breaks(PROTOCOL_ERROR, STREAM_CLOSED)


@case("RFC 9113 5.1.1", "a stream id that was skipped is a PROTOCOL_ERROR")
def _(peer):
    peer.serves(1)
    peer.serves(9)
    peer.headers(5, request())
    peer.breaks(PROTOCOL_ERROR)


@case("RFC 9113 5.1.1", "stream ids may skip")
def _(peer):
    for stream in [1, 101, 0x7FFFFFFF]:
        peer.serves(stream)


@case("RFC 9113 5.1.2", "a stream too many is refused", handshake=False)
def _(peer):
    peer.raw(PREFACE + frame(SETTINGS))
    first = peer.wait(lambda f: f.kind == SETTINGS, "SETTINGS")
    settings = dict(struct.iter_unpack(">HI", first.payload))
    peer.send(SETTINGS, ACK)
    limit = settings[3]
    for number in range(limit + 1):
        peer.headers(2 * number + 1, request(CHAT))
    peer.resets(2 * limit + 1, PROTOCOL_ERROR, REFUSED_STREAM)


@case("RFC 9113 5.4.1", "the connection ends after GOAWAY")
def _(peer):
    peer.send(PING, 0, 1, bytes(8))
    peer.breaks(PROTOCOL_ERROR)


@case("RFC 9113 5.4.1", "GOAWAY names the last stream that was served")
def _(peer):
    peer.serves(7)
    peer.send(PING, 0, 1, bytes(8))
    goaway = peer.wait(lambda f: f.kind == GOAWAY, "GOAWAY")
    last = struct.unpack(">I", goaway.payload[:4])[0]
    if last != 7:
        raise Failed(f"GOAWAY names {last}")
    peer.ends()


@case("RFC 9113 5.4.2", "a stream error leaves other streams alone")
def _(peer):
    peer.headers(1, request(CHAT))
    peer.headers(3, request(extra=[("connection", "close")]))
    peer.resets_only(3, PROTOCOL_ERROR)
    peer.send(DATA, END_STREAM, 1, message())
    peer.answers(1)


@case("RFC 9113 5.5", "an unknown frame within a header block is a PROTOCOL_ERROR")
def _(peer):
    peer.send(HEADERS, 0, 1, literal(request()))
    peer.send(0xF0, 0, 0, b"x")
    peer.breaks(PROTOCOL_ERROR)

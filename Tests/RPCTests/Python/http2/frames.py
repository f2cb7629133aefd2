# SPDX-License-Identifier: Apache-2.0
"""RFC 9113 section 6: each type of frame."""

import struct

from cases import case
from peer import *


@case("RFC 9113 6.1", "DATA on stream 0 is a PROTOCOL_ERROR")
def _(peer):
    peer.send(DATA, 0, 0, b"x")
    peer.breaks(PROTOCOL_ERROR)


@case("RFC 9113 6.1", "padding as long as the payload is a PROTOCOL_ERROR")
def _(peer):
    peer.headers(1, request())
    peer.send(DATA, END_STREAM | PADDED, 1, b"\x06" + b"12345")
    peer.breaks(PROTOCOL_ERROR)


@case("RFC 9113 6.1", "padding as long as the payload is a PROTOCOL_ERROR on a stream that the server has ended, too")
def _(peer):
    peer.headers(1, request("/test.Echo/Missing"))
    peer.answers(1, "12")
    peer.resets(1, NO_ERROR)
    peer.send(DATA, 0, 1, b"x")
    peer.lives()
    peer.send(DATA, END_STREAM | PADDED, 1, b"\x06" + b"12345")
    peer.breaks(PROTOCOL_ERROR)


@case("RFC 9113 6.1", "padded DATA are taken")
def _(peer):
    peer.headers(1, request())
    peer.send(DATA, END_STREAM | PADDED, 1, b"\x20" + message() + bytes(32))
    peer.answers(1)


@case("RFC 9113 6.1", "padding counts for flow control")
def _(peer):
    peer.headers(1, request(CHAT))
    # 255 bytes of padding a frame, many windows of them: the server must give the window back.
    for _ in range(400):
        peer.send(DATA, PADDED, 1, b"\xff" + message(b"") + bytes(255))
    peer.send(DATA, END_STREAM, 1, message())
    peer.answers(1)


@case("RFC 9113 6.2", "HEADERS on stream 0 are a PROTOCOL_ERROR")
def _(peer):
    peer.headers(0, request())
    peer.breaks(PROTOCOL_ERROR)


@case("RFC 9113 6.2", "padding longer than the block is a PROTOCOL_ERROR")
def _(peer):
    peer.send(HEADERS, END_HEADERS | PADDED, 1, b"\xff" + literal(request()))
    peer.breaks(PROTOCOL_ERROR)


@case("RFC 9113 6.2", "HEADERS with padding and priority are taken")
def _(peer):
    block = b"\x04" + b"\0\0\0\0\x0f" + literal(request()) + bytes(4)
    peer.send(HEADERS, END_HEADERS | PADDED | PRIORITY_FLAG, 1, block)
    peer.send(DATA, END_STREAM, 1, message())
    peer.answers(1)


@case("RFC 9113 6.3", "PRIORITY on stream 0 is a PROTOCOL_ERROR")
def _(peer):
    peer.send(PRIORITY, 0, 0, b"\0\0\0\0\x10")
    peer.breaks(PROTOCOL_ERROR)


@case("RFC 9113 6.3", "PRIORITY of another length is a FRAME_SIZE_ERROR")
def _(peer):
    peer.headers(1, request(CHAT))
    peer.send(PRIORITY, 0, 1, bytes(4))
    peer.resets(1, FRAME_SIZE_ERROR)


@case("RFC 9113 6.3", "a stream that depends on itself is a PROTOCOL_ERROR (RFC 7540 section 5.3.1)")
def _(peer):
    peer.headers(1, request(CHAT))
    peer.send(PRIORITY, 0, 1, b"\0\0\0\x01\x10")
    peer.resets(1, PROTOCOL_ERROR)


@case("RFC 9113 6.4", "RST_STREAM on stream 0 is a PROTOCOL_ERROR")
def _(peer):
    peer.send(RST_STREAM, 0, 0, bytes(4))
    peer.breaks(PROTOCOL_ERROR)


@case("RFC 9113 6.4", "RST_STREAM of another length is a FRAME_SIZE_ERROR")
def _(peer):
    peer.headers(1, request(CHAT))
    peer.send(RST_STREAM, 0, 1, bytes(3))
    peer.breaks(FRAME_SIZE_ERROR)


@case("RFC 9113 6.4", "RST_STREAM ends the stream alone")
def _(peer):
    peer.headers(1, request(CHAT))
    peer.send(RST_STREAM, 0, 1, struct.pack(">I", CANCEL))
    peer.serves(3)


@case("RFC 9113 6.5", "SETTINGS are acknowledged")
def _(peer):
    peer.send(SETTINGS, 0, 0, struct.pack(">HI", 3, 100))
    peer.wait(lambda f: f.kind == SETTINGS and f.flags & ACK, "an acknowledgement")


@case("RFC 9113 6.5", "an acknowledgement with a payload is a FRAME_SIZE_ERROR")
def _(peer):
    peer.send(SETTINGS, ACK, 0, bytes(6))
    peer.breaks(FRAME_SIZE_ERROR)


@case("RFC 9113 6.5", "SETTINGS on a stream are a PROTOCOL_ERROR")
def _(peer):
    peer.send(SETTINGS, 0, 1, struct.pack(">HI", 3, 100))
    peer.breaks(PROTOCOL_ERROR)


@case("RFC 9113 6.5", "SETTINGS of a length that is no multiple of 6 are a FRAME_SIZE_ERROR")
def _(peer):
    peer.send(SETTINGS, 0, 0, bytes(3))
    peer.breaks(FRAME_SIZE_ERROR)


for title, setting, value, code in [
        ("ENABLE_PUSH of 2", 2, 2, PROTOCOL_ERROR),
        ("INITIAL_WINDOW_SIZE over 2^31-1", 4, 1 << 31, FLOW_CONTROL_ERROR),
        ("MAX_FRAME_SIZE under 2^14", 5, 16383, PROTOCOL_ERROR),
        ("MAX_FRAME_SIZE over 2^24-1", 5, 1 << 24, PROTOCOL_ERROR)]:
    def bad_setting(peer, setting=setting, value=value, code=code):
        peer.send(SETTINGS, 0, 0, struct.pack(">HI", setting, value))
        peer.breaks(code)

    case("RFC 9113 6.5.2", f"{title} is a {name(code)}")(bad_setting)


@case("RFC 9113 6.5.2", "unknown settings are ignored")
def _(peer):
    peer.send(SETTINGS, 0, 0, struct.pack(">HI", 0xFF, 77))
    peer.serves(1)


@case("RFC 9113 6.5.3", "the last of several values counts")
def _(peer):
    peer.send(SETTINGS, 0, 0, struct.pack(">HIHI", 4, 100, 4, 1))
    peer.wait(lambda f: f.kind == SETTINGS and f.flags & ACK, "an acknowledgement")
    peer.call(1)
    data = peer.wait(lambda f: f.kind == DATA, "DATA")
    if len(data.payload) != 1:
        raise Failed(f"DATA of {len(data.payload)} bytes for a window of 1")


@case("RFC 9113 6.5.3", "every SETTINGS frame is acknowledged")
def _(peer):
    for _ in range(5):
        peer.send(SETTINGS, 0, 0, struct.pack(">HI", 3, 100))
    for _ in range(5):
        peer.wait(lambda f: f.kind == SETTINGS and f.flags & ACK, "an acknowledgement")


@case("RFC 9113 6.5.3", "SETTINGS that are never acknowledged end the connection", handshake=False)
def _(peer):
    peer.raw(PREFACE + frame(SETTINGS))
    peer.breaks(SETTINGS_TIMEOUT)


@case("RFC 9113 6.6", "PUSH_PROMISE of a client is a PROTOCOL_ERROR")
def _(peer):
    peer.headers(1, request(CHAT))
    peer.send(PUSH_PROMISE, END_HEADERS, 1, struct.pack(">I", 2) + literal(request()))
    peer.breaks(PROTOCOL_ERROR)


@case("RFC 9113 6.7", "PING is answered with its payload")
def _(peer):
    peer.send(PING, 0, 0, b"opaque!!")
    answer = peer.wait(lambda f: f.kind == PING, "a PING's answer")
    if not answer.flags & ACK or answer.payload != b"opaque!!":
        raise Failed(f"answered with {answer.payload}")


@case("RFC 9113 6.7", "an answered PING is not answered")
def _(peer):
    peer.send(PING, ACK, 0, b"no reply")
    peer.send(PING, 0, 0, b"a reply!")
    answer = peer.wait(lambda f: f.kind == PING, "a PING's answer")
    if answer.payload != b"a reply!":
        raise Failed("the answer was answered")


@case("RFC 9113 6.7", "PING on a stream is a PROTOCOL_ERROR")
def _(peer):
    peer.send(PING, 0, 1, bytes(8))
    peer.breaks(PROTOCOL_ERROR)


@case("RFC 9113 6.7", "PING of another length is a FRAME_SIZE_ERROR")
def _(peer):
    peer.send(PING, 0, 0, bytes(6))
    peer.breaks(FRAME_SIZE_ERROR)


@case("RFC 9113 6.8", "GOAWAY on a stream is a PROTOCOL_ERROR")
def _(peer):
    peer.send(GOAWAY, 0, 1, bytes(8))
    peer.breaks(PROTOCOL_ERROR)


@case("RFC 9113 6.8", "open streams are served after our GOAWAY, then the connection ends")
def _(peer):
    peer.headers(1, request())
    peer.send(GOAWAY, 0, 0, bytes(8))
    peer.send(PING, payload=b"after it")
    peer.wait(lambda f: f.kind == PING and f.flags & ACK and f.payload == b"after it", "a PING's answer")
    peer.send(DATA, END_STREAM, 1, message())
    peer.answers(1)
    peer.ends()


@case("RFC 9113 6.8", "without open streams our GOAWAY ends the connection")
def _(peer):
    peer.send(GOAWAY, 0, 0, bytes(8))
    peer.ends()


@case("RFC 9113 6.9", "WINDOW_UPDATE of 0 on the connection is a PROTOCOL_ERROR")
def _(peer):
    peer.send(WINDOW_UPDATE, 0, 0, bytes(4))
    peer.breaks(PROTOCOL_ERROR)


@case("RFC 9113 6.9", "WINDOW_UPDATE of 0 on a stream is a PROTOCOL_ERROR of the stream")
def _(peer):
    peer.headers(1, request(CHAT))
    peer.send(WINDOW_UPDATE, 0, 1, bytes(4))
    peer.resets(1, PROTOCOL_ERROR)


@case("RFC 9113 6.9", "WINDOW_UPDATE of another length is a FRAME_SIZE_ERROR")
def _(peer):
    peer.send(WINDOW_UPDATE, 0, 0, bytes(3))
    peer.breaks(FRAME_SIZE_ERROR)


@case("RFC 9113 6.9.1", "DATA keep to the stream's window", settings=struct.pack(">HI", 4, 1))
def _(peer):
    peer.call(1)
    for sent in range(10):
        data = peer.wait(lambda f: f.kind == DATA, "DATA")
        if len(data.payload) != 1:
            raise Failed(f"DATA of {len(data.payload)} bytes for a window of 1")
        if sent < 9:
            peer.send(WINDOW_UPDATE, 0, 1, struct.pack(">I", 1))
    peer.answers(1)


@case("RFC 9113 6.9.1", "DATA keep to the connection's window", settings=struct.pack(">HI", 4, 1 << 20))
def _(peer):
    peer.headers(1, request())
    content = message(b"x" * 99_995)
    for start in range(0, len(content), 10_000):
        rest = content[start:start + 10_000]
        peer.send(DATA, END_STREAM if start + 10_000 >= len(content) else 0, 1, rest)
    received = 0
    while received < 65535:
        received += len(peer.wait(lambda f: f.kind == DATA, "DATA").payload)
    if received != 65535:
        raise Failed(f"{received} bytes for a window of 65,535")
    peer.lives()
    peer.send(WINDOW_UPDATE, 0, 0, struct.pack(">I", 100_000))
    peer.answers(1)


@case("RFC 9113 6.9.1", "a connection's window over 2^31-1 is a FLOW_CONTROL_ERROR")
def _(peer):
    for _ in range(2):
        peer.send(WINDOW_UPDATE, 0, 0, struct.pack(">I", 0x7FFFFFFF))
    peer.breaks(FLOW_CONTROL_ERROR)


@case("RFC 9113 6.9.1", "a stream's window over 2^31-1 is a FLOW_CONTROL_ERROR of the stream")
def _(peer):
    peer.headers(1, request(CHAT))
    for _ in range(2):
        peer.send(WINDOW_UPDATE, 0, 1, struct.pack(">I", 0x7FFFFFFF))
    peer.resets_only(1, FLOW_CONTROL_ERROR)


@case("RFC 9113 6.9.1", "DATA beyond the connection's window are a FLOW_CONTROL_ERROR")
def _(peer):
    peer.headers(1, request("/test.Echo/Hold"))
    # The handler reads nothing: the stream's window is not given back.
    block = frame(DATA, 0, 1, message(b"x" * 16379))
    for _ in range(700):
        peer.raw(block)
    peer.resets(1, FLOW_CONTROL_ERROR)


@case("RFC 9113 6.9.2", "a new INITIAL_WINDOW_SIZE changes open streams", settings=struct.pack(">HI", 4, 0))
def _(peer):
    peer.call(1)
    peer.wait(lambda f: f.kind == HEADERS, "HEADERS")
    peer.send(SETTINGS, 0, 0, struct.pack(">HI", 4, 4))
    data = peer.wait(lambda f: f.kind == DATA, "DATA")
    if len(data.payload) != 4:
        raise Failed(f"DATA of {len(data.payload)} bytes for a window of 4")


@case("RFC 9113 6.9.2", "a window may become negative", settings=struct.pack(">HI", 4, 4))
def _(peer):
    peer.call(1)
    peer.wait(lambda f: f.kind == DATA, "DATA")
    peer.send(SETTINGS, 0, 0, struct.pack(">HI", 4, 2))
    peer.wait(lambda f: f.kind == SETTINGS and f.flags & ACK, "an acknowledgement")
    peer.send(WINDOW_UPDATE, 0, 1, struct.pack(">I", 3))
    data = peer.wait(lambda f: f.kind == DATA, "DATA")
    if len(data.payload) != 1:
        raise Failed(f"DATA of {len(data.payload)} bytes for a window of 1")


@case("RFC 9113 6.9.2", "an INITIAL_WINDOW_SIZE that overflows a window is a FLOW_CONTROL_ERROR")
def _(peer):
    peer.headers(1, request(CHAT))
    peer.send(WINDOW_UPDATE, 0, 1, struct.pack(">I", 0x7FFFFFFF - 65535))
    peer.send(SETTINGS, 0, 0, struct.pack(">HI", 4, 65536))
    peer.breaks(FLOW_CONTROL_ERROR)


@case("RFC 9113 6.10", "CONTINUATION after a complete block is a PROTOCOL_ERROR")
def _(peer):
    peer.headers(1, request(CHAT))
    peer.send(CONTINUATION, END_HEADERS, 1, literal([("x", "y")]))
    peer.breaks(PROTOCOL_ERROR)


@case("RFC 9113 6.10", "CONTINUATION of another stream is a PROTOCOL_ERROR")
def _(peer):
    peer.send(HEADERS, 0, 1, literal(request()))
    peer.send(CONTINUATION, END_HEADERS, 3, literal([("x", "y")]))
    peer.breaks(PROTOCOL_ERROR)


@case("RFC 9113 6.10", "CONTINUATION on stream 0 is a PROTOCOL_ERROR")
def _(peer):
    peer.send(HEADERS, 0, 1, literal(request()))
    peer.send(CONTINUATION, END_HEADERS, 0, literal([("x", "y")]))
    peer.breaks(PROTOCOL_ERROR)


@case("RFC 9113 6.10", "CONTINUATION after DATA is a PROTOCOL_ERROR")
def _(peer):
    peer.headers(1, request(CHAT))
    peer.send(DATA, 0, 1, message())
    peer.send(CONTINUATION, END_HEADERS, 1, literal([("x", "y")]))
    peer.breaks(PROTOCOL_ERROR)

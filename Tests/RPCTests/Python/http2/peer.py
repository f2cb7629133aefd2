# SPDX-License-Identifier: Apache-2.0
"""A client that speaks HTTP/2 frame by frame, right or wrong, and judges the server's answers.

Frames are parsed by hyperframe and header blocks by hpack: an implementation that nobody here wrote.
"""

import socket
import struct

import hpack
import hyperframe.exceptions
import hyperframe.frame

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
DATA, HEADERS, PRIORITY, RST_STREAM, SETTINGS, PUSH_PROMISE, PING, GOAWAY, WINDOW_UPDATE, CONTINUATION = range(10)
END_STREAM, END_HEADERS, PADDED, PRIORITY_FLAG, ACK = 0x1, 0x4, 0x8, 0x20, 0x1
(NO_ERROR, PROTOCOL_ERROR, INTERNAL_ERROR, FLOW_CONTROL_ERROR, SETTINGS_TIMEOUT, STREAM_CLOSED, FRAME_SIZE_ERROR,
 REFUSED_STREAM, CANCEL, COMPRESSION_ERROR, CONNECT_ERROR, ENHANCE_YOUR_CALM) = range(12)
CODES = ["NO_ERROR", "PROTOCOL_ERROR", "INTERNAL_ERROR", "FLOW_CONTROL_ERROR", "SETTINGS_TIMEOUT", "STREAM_CLOSED",
         "FRAME_SIZE_ERROR", "REFUSED_STREAM", "CANCEL", "COMPRESSION_ERROR", "CONNECT_ERROR", "ENHANCE_YOUR_CALM"]

# How long a server may take. Only a failing case waits so long.
PATIENCE_SECONDS = 20

UNARY = "/test.Echo/Unary"
CHAT = "/test.Echo/Chat"


class Failed(Exception):
    """The server did not do what the section says."""


def name(code):
    return CODES[code] if code < len(CODES) else str(code)


def frame(kind, flags=0, stream=0, payload=b"", length=None):
    """A frame's bytes; `length` lies about the payload where it is given."""
    size = len(payload) if length is None else length
    return struct.pack(">I", size)[1:] + struct.pack(">BBI", kind, flags, stream) + payload


def request(path=UNARY, extra=(), without=(), method="POST"):
    """The fields of a gRPC request."""
    fields = [(":method", method), (":scheme", "http"), (":path", path), (":authority", "test"), ("te", "trailers"),
              ("content-type", "application/grpc")]
    return [field for field in fields if field[0] not in without] + list(extra)


def literal(fields):
    """A header block of literals that nobody indexes, whatever is in them."""
    block = b""
    for field_name, value in fields:
        block += b"\0"
        for text in (field_name, value):
            data = text if isinstance(text, bytes) else text.encode()
            block += integer(len(data), 7, 0) + data
    return block


def integer(number, bits, first):
    """RFC 7541 section 5.1."""
    limit = (1 << bits) - 1
    if number < limit:
        return bytes([first | number])
    out = bytes([first | limit])
    number -= limit
    while number >= 128:
        out += bytes([number & 127 | 128])
        number >>= 7
    return out + bytes([number])


def message(content=b"hello"):
    """A gRPC message."""
    return b"\0" + struct.pack(">I", len(content)) + content


class Peer:
    """One connection."""

    def __init__(self, port, settings=b"", handshake=True):
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=PATIENCE_SECONDS)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.buffer = b""
        self.decoder = hpack.Decoder()
        self.block = b""
        self.closed = False
        if handshake:
            self.raw(PREFACE + frame(SETTINGS, payload=settings))
            self.wait(lambda f: f.kind == SETTINGS and not f.flags & ACK, "the server's SETTINGS")
            self.send(SETTINGS, ACK)
            self.wait(lambda f: f.kind == SETTINGS and f.flags & ACK, "an acknowledgement of our SETTINGS")

    def close(self):
        self.socket.close()

    # Speaking

    def raw(self, data):
        """Bytes as they are; a server that has closed already is judged by what it said."""
        try:
            self.socket.sendall(data)
        except OSError:
            pass

    def send(self, kind, flags=0, stream=0, payload=b"", length=None):
        self.raw(frame(kind, flags, stream, payload, length))

    def headers(self, stream, fields, flags=END_HEADERS):
        self.send(HEADERS, flags, stream, literal(fields))

    def call(self, stream, path=UNARY, content=b"hello", extra=()):
        """A whole unary request."""
        self.headers(stream, request(path, extra))
        self.send(DATA, END_STREAM, stream, message(content))

    # Listening

    def next(self):
        """The next frame; None when the connection is closed."""
        while True:
            parsed = self._take()
            if parsed:
                return parsed
            try:
                data = self.socket.recv(65536)
            except ConnectionError:
                data = b""
            except socket.timeout:
                raise Failed("the server gave no answer in time") from None
            if not data:
                self.closed = True
                return None
            self.buffer += data

    def _take(self):
        if len(self.buffer) < 9:
            return None
        try:
            parsed, length = hyperframe.frame.Frame.parse_frame_header(memoryview(self.buffer[:9]))
            if len(self.buffer) < 9 + length:
                return None
            parsed.parse_body(memoryview(self.buffer[9:9 + length]))
        except hyperframe.exceptions.HyperframeError as error:
            raise Failed(f"the server's own frame is wrong: {error}") from None
        received = Received(self.buffer[3], self.buffer[4], parsed, self.buffer[9:9 + length])
        self.buffer = self.buffer[9 + length:]
        if received.kind in (HEADERS, CONTINUATION):
            self.block += parsed.data
            if received.flags & END_HEADERS:
                received.fields = dict(self.decoder.decode(self.block))
                self.block = b""
        return received

    def wait(self, condition, what):
        """The next frame for which the condition holds; others are passed over."""
        seen = []
        while True:
            received = self.next()
            if received is None:
                raise Failed(f"the connection was closed; expected {what}" + (f", saw {seen}" if seen else ""))
            if condition(received):
                return received
            seen.append(str(received))

    # Judging

    def answers(self, stream, status="0"):
        """The call on the stream ends with this gRPC status."""
        end = self.wait(lambda f: f.stream == stream and (f.kind == RST_STREAM or f.ends), f"an answer on {stream}")
        if end.kind == RST_STREAM:
            raise Failed(f"stream {stream} was reset with {name(end.code)}")
        if end.fields.get("grpc-status") != status:
            raise Failed(f"stream {stream} ended with {end.fields}")
        return end

    def lives(self):
        """The connection still serves: a PING is answered."""
        self.send(PING, payload=b"are you?")
        self.wait(lambda f: f.kind == PING and f.flags & ACK and f.payload == b"are you?", "a PING's answer")

    def serves(self, stream):
        """The connection still serves: a call is answered."""
        self.call(stream)
        self.answers(stream)

    def breaks(self, *codes):
        """A connection error of one of these types: GOAWAY, then the end."""
        received = self.wait(lambda f: f.kind == GOAWAY, f"GOAWAY with {'/'.join(map(name, codes))}")
        if received.code not in codes:
            raise Failed(f"GOAWAY with {name(received.code)} for {'/'.join(map(name, codes))}")
        self.ends()

    def ends(self):
        """The server closes the connection."""
        while self.next() is not None:
            pass

    def resets(self, stream, *codes):
        """A stream error of one of these types; RFC 9113 section 5.4.2 allows a connection error of the same."""
        received = self.wait(lambda f: f.kind == GOAWAY or f.kind == RST_STREAM and f.stream == stream,
                             f"RST_STREAM with {'/'.join(map(name, codes))}")
        if received.code not in codes:
            raise Failed(f"{received} for {'/'.join(map(name, codes))}")

    def resets_only(self, stream, *codes):
        """A stream error that leaves the connection's other streams alone."""
        self.resets(stream, *codes)
        self.lives()


class Received:
    """A frame as it came."""

    def __init__(self, kind, flags, parsed, payload):
        self.kind = kind
        self.flags = flags
        self.stream = parsed.stream_id
        self.payload = payload
        self.fields = {}
        self.ends = kind in (DATA, HEADERS) and bool(flags & END_STREAM)
        self.code = getattr(parsed, "error_code", None)

    def __str__(self):
        code = "" if self.code is None else " " + name(self.code)
        return f"{type_name(self.kind)}{code} on {self.stream}"


def type_name(kind):
    names = ["DATA", "HEADERS", "PRIORITY", "RST_STREAM", "SETTINGS", "PUSH_PROMISE", "PING", "GOAWAY",
             "WINDOW_UPDATE", "CONTINUATION"]
    return names[kind] if kind < len(names) else f"type {kind}"

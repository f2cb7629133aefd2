# SPDX-License-Identifier: Apache-2.0
"""RFC 9113 sections 8 and 10: requests, their fields, and what protects the server."""

import struct

from cases import case
from peer import *


def malformed(section, title, *, fields=None, extra=(), without=()):
    """A request that is malformed: a stream error of type PROTOCOL_ERROR (section 8.1.1), and nothing else breaks."""

    def run(peer):
        peer.headers(1, fields if fields is not None else request(extra=extra, without=without),
                     END_HEADERS | END_STREAM)
        peer.resets_only(1, PROTOCOL_ERROR)
        peer.serves(3)

    case(section, title + ": malformed")(run)


@case("RFC 9113 8.1", "trailers end a request")
def _(peer):
    peer.headers(1, request())
    peer.send(DATA, 0, 1, message())
    peer.headers(1, [("x", "y")], END_HEADERS | END_STREAM)
    peer.answers(1)


@case("RFC 9113 8.1", "trailers without END_STREAM are malformed")
def _(peer):
    peer.headers(1, request(CHAT))
    peer.headers(1, [("x", "y")], END_HEADERS)
    peer.resets(1, PROTOCOL_ERROR)


@case("RFC 9113 8.1", "trailers with a pseudo-header are malformed")
def _(peer):
    peer.headers(1, request(CHAT))
    peer.headers(1, [(":method", "POST")], END_HEADERS | END_STREAM)
    peer.resets(1, PROTOCOL_ERROR)


@case("RFC 9113 8.1", "a response before the request's end is followed by RST_STREAM with NO_ERROR")
def _(peer):
    peer.headers(1, request("/test.Echo/Missing"))
    peer.answers(1, "12")
    peer.resets(1, NO_ERROR)


for title, length, sent in [("longer", "1", 10), ("shorter", "100", 10)]:
    def wrong_length(peer, length=length, sent=sent):
        peer.headers(1, request(extra=[("content-length", length)]))
        peer.send(DATA, END_STREAM, 1, message(bytes(sent - 5)))
        peer.resets(1, PROTOCOL_ERROR)

    case("RFC 9113 8.1.1", f"a body {title} than its content-length is malformed")(wrong_length)


@case("RFC 9113 8.1.1", "the right content-length is taken")
def _(peer):
    peer.headers(1, request(extra=[("content-length", str(len(message())))]))
    peer.send(DATA, END_STREAM, 1, message())
    peer.answers(1)


@case("RFC 9113 8.1.1", "a body in two pieces longer than its content-length is malformed")
def _(peer):
    peer.headers(1, request(CHAT, extra=[("content-length", "11")]))
    peer.send(DATA, 0, 1, message())
    peer.send(DATA, 0, 1, message())
    peer.resets(1, PROTOCOL_ERROR)


malformed("RFC 9113 8.2.1", "an upper-case name", extra=[("X-Name", "y")])
malformed("RFC 9113 8.2.1", "a space in a name", extra=[("x name", "y")])
malformed("RFC 9113 8.2.1", "a control character in a name", extra=[(b"x\x01", "y")])
malformed("RFC 9113 8.2.1", "a byte over 0x7e in a name", extra=[(b"x\xff", "y")])
malformed("RFC 9113 8.2.1", "a colon within a name", extra=[("x:y", "z")])
malformed("RFC 9113 8.2.1", "NUL in a value", extra=[("x", b"a\0b")])
malformed("RFC 9113 8.2.1", "LF in a value", extra=[("x", b"a\nb")])
malformed("RFC 9113 8.2.1", "CR in a value", extra=[("x", b"a\rb")])
malformed("RFC 9113 8.2.1", "a value that begins with a space", extra=[("x", b" a")])
malformed("RFC 9113 8.2.1", "a value that ends with a tab", extra=[("x", b"a\t")])
for field in [("connection", "keep-alive"), ("keep-alive", "1"), ("proxy-connection", "close"),
              ("transfer-encoding", "chunked"), ("upgrade", "h2c")]:
    malformed("RFC 9113 8.2.2", f"{field[0]}", extra=[field])
malformed("RFC 9113 8.2.2", "te other than trailers", extra=[("te", "gzip")], without=["te"])
malformed("RFC 9113 8.3", "an unknown pseudo-header", fields=[(":unknown", "x")] + request())
malformed("RFC 9113 8.3", "a response's pseudo-header", fields=[(":status", "200")] + request())
malformed("RFC 9113 8.3", "a pseudo-header after another field", extra=[(":authority", "again")], without=[":authority"])
for twice in [":method", ":scheme", ":path"]:
    malformed("RFC 9113 8.3", f"{twice} twice", fields=[field for field in request() if field[0] == twice] + request())
for missing in [":method", ":scheme", ":path"]:
    malformed("RFC 9113 8.3.1", f"no {missing}", without=[missing])
malformed("RFC 9113 8.3.1", "an empty :path", fields=request(path=""))
malformed("RFC 9113 8.3.1", "a :path without a slash", fields=request(path="test.Echo/Unary"))
malformed("RFC 9113 8.5", "CONNECT with :path", fields=request(method="CONNECT"))


@case("RFC 9113 8.3.1", "a host instead of :authority is taken")
def _(peer):
    peer.headers(1, request(without=[":authority"], extra=[("host", "test")]))
    peer.send(DATA, END_STREAM, 1, message())
    peer.answers(1)


def answered_by_http(peer, stream, status):
    head = peer.wait(lambda f: f.stream == stream and f.kind in (HEADERS, RST_STREAM), "an answer")
    if head.fields.get(":status") != status:
        raise Failed(f"answered with {head} {head.fields}")
    if not head.ends:
        peer.wait(lambda f: f.stream == stream and f.ends, "the answer's end")


@case("RFC 9113 8.6", "a request that is no gRPC gets an HTTP answer")
def _(peer):
    peer.headers(1, [(":method", "GET"), (":scheme", "http"), (":path", "/"), (":authority", "test")],
                 END_HEADERS | END_STREAM)
    answered_by_http(peer, 1, "405")
    peer.serves(3)


def plain(extra=()):
    """A request that is no gRPC."""
    return [(":method", "GET"), (":scheme", "http"), (":path", "/"), (":authority", "test"), *extra]


@case("RFC 9113 8.6", "a request that is no gRPC is answered at its end")
def _(peer):
    peer.headers(1, plain())
    peer.lives()
    peer.send(DATA, 0, 1, b"some")
    peer.lives()
    peer.send(DATA, END_STREAM, 1, b"more")
    answered_by_http(peer, 1, "405")
    peer.serves(3)


@case("RFC 9113 8.6", "a request that is no gRPC and has no end is answered")
def _(peer):
    peer.headers(1, plain())
    for _ in range(5):
        peer.send(DATA, 0, 1, bytes(16384))
    answered_by_http(peer, 1, "405")
    peer.resets(1, NO_ERROR)
    peer.serves(3)


@case("RFC 9113 8.1.1", "a body that is no gRPC and differs from its content-length is malformed, however late it comes")
def _(peer):
    peer.headers(1, plain([("content-length", "1")]))
    peer.lives()
    peer.send(DATA, 0, 1, b"xx")
    peer.resets_only(1, PROTOCOL_ERROR)


@case("RFC 9113 8.1", "trailers without END_STREAM of what is no gRPC are malformed, however late they come")
def _(peer):
    peer.headers(1, plain())
    peer.lives()
    peer.headers(1, [("x", "y")], END_HEADERS)
    peer.resets(1, PROTOCOL_ERROR)


@case("RFC 9113 8.7", "a stream that was not served is refused so that it may be sent again", handshake=False)
def _(peer):
    # Before the limit is acknowledged, what is over it was sent in good faith.
    peer.raw(PREFACE + frame(SETTINGS))
    first = peer.wait(lambda f: f.kind == SETTINGS, "SETTINGS")
    limit = dict(struct.iter_unpack(">HI", first.payload))[3]
    for number in range(limit + 1):
        peer.headers(2 * number + 1, request(CHAT))
    peer.resets(2 * limit + 1, REFUSED_STREAM)


@case("RFC 9113 10.5.1", "a header list over the limit is answered with 431")
def _(peer):
    peer.headers(1, request(extra=[(f"x-{number}", "y" * 1000) for number in range(10)]), 0)
    peer.send(CONTINUATION, END_HEADERS, 1, literal([(f"z-{number}", "y" * 1000) for number in range(10)]))
    answered_by_http(peer, 1, "431")
    peer.serves(3)


@case("RFC 9113 10.5.1", "the limit on header lists is told")
def _(peer):
    other = Peer(peer.socket.getpeername()[1], handshake=False)
    other.raw(PREFACE + frame(SETTINGS))
    settings = dict(struct.iter_unpack(">HI", other.wait(lambda f: f.kind == SETTINGS, "SETTINGS").payload))
    other.close()
    if 6 not in settings:
        raise Failed(f"no MAX_HEADER_LIST_SIZE in {settings}")

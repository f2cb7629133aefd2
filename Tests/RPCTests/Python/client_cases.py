# SPDX-License-Identifier: Apache-2.0
"""The stock gRPC client against the server under test: one line a case, `ok NAME` or `FAILED NAME: why`."""
import argparse
import sys
import threading
import time
import traceback

import grpc

SERVICE = "/test.Echo/"
cases = []


def case(function):
    cases.append(function)
    return function


def check(condition, what="expectation"):
    if not condition:
        raise AssertionError(what)


def error_of(function):
    try:
        function()
    except grpc.RpcError as error:
        return error
    raise AssertionError("the call succeeded")


@case
def unary(channel):
    check(channel.unary_unary(SERVICE + "Unary")(b"hello") == b"hello")
    check(channel.unary_unary(SERVICE + "Unary")(b"") == b"")


@case
def client_streaming(channel):
    parts = [bytes([number]) * number for number in range(100)]
    check(channel.stream_unary(SERVICE + "Collect")(iter(parts)) == b"".join(parts))


@case
def server_streaming(channel):
    responses = channel.unary_stream(SERVICE + "Expand")(bytes(range(200)))
    check(b"".join(responses) == bytes(range(200)))


@case
def bidirectional(channel):
    answered = threading.Semaphore(1)

    def requests():
        for number in range(50):
            answered.acquire()
            yield bytes([number])

    seen = []
    for response in channel.stream_stream(SERVICE + "Chat")(requests()):
        seen.append(response[0])
        answered.release()
    check(seen == list(range(50)))


@case
def status_and_details(channel):
    error = error_of(lambda: channel.unary_unary(SERVICE + "Fail")(b"x"))
    check(error.code() == grpc.StatusCode.NOT_FOUND, error.code())
    check(error.details() == "nicht da: 50% \u00fc\n", error.details())
    trailing = dict(error.trailing_metadata())
    check(trailing["why"] == "because")
    check(trailing["grpc-status-details-bin"] == b"\x08\x05\x12\x02no")


@case
def unimplemented(channel):
    for shape in (channel.unary_unary, channel.unary_stream):
        error = error_of(lambda: list(shape("/test.Echo/Missing")(b"x")))
        check(error.code() == grpc.StatusCode.UNIMPLEMENTED, error.code())


@case
def deadline(channel):
    error = error_of(lambda: channel.unary_unary(SERVICE + "Hang")(b"", timeout=0.05))
    check(error.code() == grpc.StatusCode.DEADLINE_EXCEEDED, error.code())


@case
def cancellation(channel):
    count = channel.unary_unary(SERVICE + "CountCancelled")
    before = count(b"")[0]
    call = channel.unary_unary(SERVICE + "Hang").future(b"")
    while channel.unary_unary(SERVICE + "CountHanging")(b"")[0] == 0:
        time.sleep(0.005)
    call.cancel()
    while count(b"")[0] <= before:
        time.sleep(0.005)


@case
def metadata(channel):
    blob = bytes(range(256))
    sent = [("initial-text", "a b"), ("initial-bin", blob), ("trailing-text", "c"), ("trailing-bin", b""),
            ("trailing-text", "d")]
    response, call = channel.unary_unary(SERVICE + "Unary").with_call(b"x", metadata=sent)
    initial = [(key, value) for key, value in call.initial_metadata() if key.startswith("initial-")]
    trailing = [(key, value) for key, value in call.trailing_metadata() if key.startswith("trailing-")]
    check(initial == [("initial-text", "a b"), ("initial-bin", blob)], initial)
    check(sorted(trailing) == sorted([("trailing-text", "c"), ("trailing-bin", b""), ("trailing-text", "d")]), trailing)


@case
def large_message(channel):
    message = bytes(number * 31 % 256 for number in range(3_000_000))
    check(channel.unary_unary(SERVICE + "Unary")(message) == message)


@case
def message_over_the_limit(channel):
    error = error_of(lambda: channel.unary_unary(SERVICE + "Unary")(bytes(5_000_000)))
    check(error.code() == grpc.StatusCode.RESOURCE_EXHAUSTED, error.code())
    check(channel.unary_unary(SERVICE + "Unary")(b"still here") == b"still here")


@case
def a_hundred_streams(channel):
    start = threading.Barrier(101)

    def requests(number):
        yield bytes([number])
        start.wait()
        yield bytes([number + 100])

    calls = [channel.stream_stream(SERVICE + "Chat")(requests(number)) for number in range(100)]
    first = [next(call) for call in calls]
    check(first == [bytes([number]) for number in range(100)])
    start.wait()
    check([next(call) for call in calls] == [bytes([number + 100]) for number in range(100)])
    check(all(list(call) == [] for call in calls))


@case
def compressed(channel):
    text = b"compress me, " * 10_000
    check(channel.unary_unary(SERVICE + "Unary")(text, compression=grpc.Compression.Gzip) == text)
    response = channel.unary_unary(SERVICE + "Packed")(text, compression=grpc.Compression.Gzip)
    check(response == text)
    error = error_of(
        lambda: channel.unary_unary(SERVICE + "Unary")(text, compression=grpc.Compression.Deflate))
    check(error.code() == grpc.StatusCode.UNIMPLEMENTED, error.code())


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("target")
    parser.add_argument("--cert")
    parser.add_argument("--key")
    parser.add_argument("--ca")
    options = parser.parse_args()
    settings = [("grpc.max_receive_message_length", 8 << 20), ("grpc.max_send_message_length", 8 << 20)]
    if options.ca:
        credentials = grpc.ssl_channel_credentials(
            open(options.ca, "rb").read(), open(options.key, "rb").read(), open(options.cert, "rb").read())
        channel = grpc.secure_channel(options.target, credentials, options=settings)
    else:
        channel = grpc.insecure_channel(options.target, options=settings)
    failed = 0
    with channel:
        for function in cases:
            try:
                function(channel)
                print("ok", function.__name__, flush=True)
            except BaseException as error:
                failed += 1
                print("FAILED %s: %r" % (function.__name__, error), flush=True)
                traceback.print_exc(file=sys.stderr)
    sys.exit(1 if failed else 0)


main()

# SPDX-License-Identifier: Apache-2.0
"""The cases of gRPC's interop-test-descriptions on the stock gRPC package: one line for each, `ok NAME` or `failed …`.

    interop_client.py TARGET [--ca FILE]
"""
import argparse
import os
import queue
import sys
import traceback

import grpc

from messages import ECHO_INITIAL, ECHO_TRAILING, OPTIONS, pb, reader, write, zeros

REQUESTS = [27182, 8, 1828, 45904]
RESPONSES = [31415, 9, 2653, 58979]
UNARY_REQUEST, UNARY_RESPONSE = 271828, 314159
SERVICE = "/grpc.testing.TestService/"


class Stub:
    def __init__(self, channel):
        def method(shape, name, response, service=SERVICE):
            return getattr(channel, shape)(
                service + name, request_serializer=write, response_deserializer=reader(response))

        self.empty = method("unary_unary", "EmptyCall", pb.Empty)
        self.unary = method("unary_unary", "UnaryCall", pb.SimpleResponse)
        self.input = method("stream_unary", "StreamingInputCall", pb.StreamingInputCallResponse)
        self.output = method("unary_stream", "StreamingOutputCall", pb.StreamingOutputCallResponse)
        self.duplex = method("stream_stream", "FullDuplexCall", pb.StreamingOutputCallResponse)
        self.unimplemented = method("unary_unary", "UnimplementedCall", pb.Empty)
        self.missing = method("unary_unary", "UnimplementedCall", pb.Empty, "/grpc.testing.UnimplementedService/")


class Requests:
    """Requests that are sent when the test says so."""

    def __init__(self):
        self.queue = queue.Queue()

    def send(self, message):
        self.queue.put(message)

    def end(self):
        self.queue.put(None)

    def __iter__(self):
        return iter(self.queue.get, None)


def equal(what, value, expected):
    assert value == expected, f"{what}: {value!r}, not {expected!r}"


def expect_zeros(received, size):
    equal("size", len(received.message.payload.body), size)
    assert not any(received.message.payload.body), "the payload is not all zeros"


def expect_status(code, call, message=None):
    try:
        call()
    except grpc.RpcError as error:
        equal("status", error.code(), code)
        if message is not None:
            equal("message", error.details(), message)
        return
    raise AssertionError("the call succeeded")


def large(**fields):
    return pb.SimpleRequest(response_size=UNARY_RESPONSE, payload=zeros(UNARY_REQUEST), **fields)


def duplex_request(size, response):
    return pb.StreamingOutputCallRequest(
        response_parameters=[pb.ResponseParameters(size=response)], payload=zeros(size))


def flag(value):
    return pb.BoolValue(value=value)


def empty_unary(stub):
    assert stub.empty(pb.Empty()).message == pb.Empty()


def large_unary(stub):
    expect_zeros(stub.unary(large()), UNARY_RESPONSE)


def client_streaming(stub):
    response = stub.input(pb.StreamingInputCallRequest(payload=zeros(size)) for size in REQUESTS)
    equal("aggregated size", response.message.aggregated_payload_size, 74922)


def server_streaming(stub):
    request = pb.StreamingOutputCallRequest(
        response_parameters=[pb.ResponseParameters(size=size) for size in RESPONSES])
    responses = list(stub.output(request))
    equal("responses", len(responses), 4)
    for response, size in zip(responses, RESPONSES):
        expect_zeros(response, size)


def ping_pong(stub):
    requests = Requests()
    responses = stub.duplex(iter(requests))
    for request, response in zip(REQUESTS, RESPONSES):
        requests.send(duplex_request(request, response))
        expect_zeros(next(responses), response)
    requests.end()
    equal("rest", list(responses), [])


def empty_stream(stub):
    equal("responses", list(stub.duplex(iter([]))), [])


def cancel_after_begin(stub):
    requests = Requests()
    call = stub.input.future(iter(requests))
    call.cancel()
    requests.end()
    assert call.cancelled()
    equal("status", call.code(), grpc.StatusCode.CANCELLED)


def cancel_after_first_response(stub):
    requests = Requests()
    responses = stub.duplex(iter(requests))
    requests.send(duplex_request(REQUESTS[0], RESPONSES[0]))
    expect_zeros(next(responses), RESPONSES[0])
    responses.cancel()
    requests.end()
    expect_status(grpc.StatusCode.CANCELLED, lambda: next(responses))


def timeout_on_sleeping_server(stub):
    requests = Requests()
    responses = stub.duplex(iter(requests), timeout=0.001)
    requests.send(pb.StreamingOutputCallRequest(payload=zeros(REQUESTS[0])))
    expect_status(grpc.StatusCode.DEADLINE_EXCEEDED, lambda: next(responses))
    requests.end()


def status_code_and_message(stub):
    status = pb.EchoStatus(code=2, message="test status message")
    expect_status(
        grpc.StatusCode.UNKNOWN, lambda: stub.unary(pb.SimpleRequest(response_status=status)), status.message)
    request = pb.StreamingOutputCallRequest(response_status=status)
    expect_status(grpc.StatusCode.UNKNOWN, lambda: list(stub.duplex(iter([request]))), status.message)


def special_status_message(stub):
    status = pb.EchoStatus(
        code=2, message="\t\ntest with whitespace\r\nand Unicode BMP \u263a and non-BMP \U0001f608\t\n")
    expect_status(
        grpc.StatusCode.UNKNOWN, lambda: stub.unary(pb.SimpleRequest(response_status=status)), status.message)


def unimplemented_method(stub):
    expect_status(grpc.StatusCode.UNIMPLEMENTED, lambda: stub.unimplemented(pb.Empty()))


def unimplemented_service(stub):
    expect_status(grpc.StatusCode.UNIMPLEMENTED, lambda: stub.missing(pb.Empty()))


def custom_metadata(stub):
    metadata = [(ECHO_INITIAL, "test_initial_metadata_value"), (ECHO_TRAILING, b"\xab\xab\xab")]

    def check(call):
        equal("initial", dict(call.initial_metadata())[ECHO_INITIAL], metadata[0][1])
        equal("trailing", dict(call.trailing_metadata())[ECHO_TRAILING], metadata[1][1])

    response, call = stub.unary.with_call(large(), metadata=metadata)
    expect_zeros(response, UNARY_RESPONSE)
    check(call)
    responses = stub.duplex(iter([duplex_request(UNARY_REQUEST, UNARY_RESPONSE)]), metadata=metadata)
    equal("responses", len(list(responses)), 1)
    check(responses)


def client_compressed_unary(stub):
    claim = large(expect_compressed=flag(True))
    expect_status(grpc.StatusCode.INVALID_ARGUMENT, lambda: stub.unary(claim))
    expect_zeros(stub.unary(claim, compression=grpc.Compression.Gzip), UNARY_RESPONSE)
    expect_zeros(stub.unary(large(expect_compressed=flag(False))), UNARY_RESPONSE)


def server_compressed_unary(stub):
    for compressed in (True, False):
        response = stub.unary(large(response_compressed=flag(compressed)))
        equal("compressed", response.compressed, compressed)
        expect_zeros(response, UNARY_RESPONSE)


def client_compressed_streaming(stub):
    first = pb.StreamingInputCallRequest(expect_compressed=flag(True), payload=zeros(27182))
    # The package has no switch for a single request of a call that compresses; what does not get shorter goes as it is.
    second = pb.StreamingInputCallRequest(
        expect_compressed=flag(False), payload=pb.Payload(body=os.urandom(45904)))
    expect_status(grpc.StatusCode.INVALID_ARGUMENT, lambda: stub.input(iter([first])))
    response = stub.input(iter([first, second]), compression=grpc.Compression.Gzip)
    equal("aggregated size", response.message.aggregated_payload_size, 73086)


def server_compressed_streaming(stub):
    request = pb.StreamingOutputCallRequest(response_parameters=[
        pb.ResponseParameters(size=31415, compressed=flag(True)),
        pb.ResponseParameters(size=92653, compressed=flag(False)),
    ])
    responses = list(stub.output(request))
    equal("compressed", [response.compressed for response in responses], [True, False])
    expect_zeros(responses[0], 31415)
    expect_zeros(responses[1], 92653)


CASES = [
    empty_unary, large_unary, client_streaming, server_streaming, ping_pong, empty_stream, cancel_after_begin,
    cancel_after_first_response, timeout_on_sleeping_server, status_code_and_message, special_status_message,
    unimplemented_method, unimplemented_service, custom_metadata, client_compressed_unary, server_compressed_unary,
    client_compressed_streaming, server_compressed_streaming,
]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("target")
    parser.add_argument("--ca")
    arguments = parser.parse_args()
    if arguments.ca:
        with open(arguments.ca, "rb") as file:
            channel = grpc.secure_channel(
                arguments.target, grpc.ssl_channel_credentials(file.read()), options=OPTIONS)
    else:
        channel = grpc.insecure_channel(arguments.target, options=OPTIONS)
    failed = False
    with channel:
        stub = Stub(channel)
        for case in CASES:
            try:
                case(stub)
                print("ok", case.__name__, flush=True)
            except Exception as error:  # every case is run
                failed = True
                traceback.print_exc()
                print("failed", case.__name__, repr(error), flush=True)
    sys.exit(failed)


if __name__ == "__main__":
    main()

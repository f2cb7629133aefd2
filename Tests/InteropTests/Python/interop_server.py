# SPDX-License-Identifier: Apache-2.0
"""grpc.testing.TestService on the stock gRPC package. Prints its port, and serves until its standard input ends.

    interop_server.py [--cert FILE --key FILE]
"""
import argparse
import sys
import time
from concurrent import futures

import grpc

from messages import ECHO_INITIAL, ECHO_TRAILING, OPTIONS, pb, reader, write, zeros

CODES = {code.value[0]: code for code in grpc.StatusCode}


def echo_metadata(context):
    for name, value in context.invocation_metadata():
        if name == ECHO_INITIAL:
            context.send_initial_metadata([(name, value)])
        elif name == ECHO_TRAILING:
            context.set_trailing_metadata([(name, value)])


def check_compression(request, context):
    if not request.message.HasField("expect_compressed"):
        return
    if request.message.expect_compressed.value != request.compressed:
        context.abort(grpc.StatusCode.INVALID_ARGUMENT, f"compressed: {request.compressed}")


def check_status(message, context):
    if message.response_status.code:
        context.abort(CODES[message.response_status.code], message.response_status.message)


def empty_call(request, context):
    echo_metadata(context)
    return pb.Empty()


def unary_call(request, context):
    message = request.message
    check_compression(request, context)
    check_status(message, context)
    if message.response_compressed.value:
        context.set_compression(grpc.Compression.Gzip)
    echo_metadata(context)
    return pb.SimpleResponse(payload=zeros(message.response_size))


def streaming_input_call(requests, context):
    echo_metadata(context)
    total = 0
    for request in requests:
        check_compression(request, context)
        total += len(request.message.payload.body)
    return pb.StreamingInputCallResponse(aggregated_payload_size=total)


def respond(message, context):
    check_status(message, context)
    for parameters in message.response_parameters:
        time.sleep(parameters.interval_us / 1e6)
        if not parameters.compressed.value:
            context.disable_next_message_compression()
        yield pb.StreamingOutputCallResponse(payload=zeros(parameters.size))


def streaming_output_call(request, context):
    if any(parameters.compressed.value for parameters in request.message.response_parameters):
        context.set_compression(grpc.Compression.Gzip)
    echo_metadata(context)
    yield from respond(request.message, context)


def full_duplex_call(requests, context):
    echo_metadata(context)
    for request in requests:
        yield from respond(request.message, context)


def handlers():
    output = pb.StreamingOutputCallRequest
    return {
        "EmptyCall": grpc.unary_unary_rpc_method_handler(empty_call, reader(pb.Empty), write),
        "UnaryCall": grpc.unary_unary_rpc_method_handler(unary_call, reader(pb.SimpleRequest), write),
        "StreamingInputCall": grpc.stream_unary_rpc_method_handler(
            streaming_input_call, reader(pb.StreamingInputCallRequest), write),
        "StreamingOutputCall": grpc.unary_stream_rpc_method_handler(streaming_output_call, reader(output), write),
        "FullDuplexCall": grpc.stream_stream_rpc_method_handler(full_duplex_call, reader(output), write),
    }


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--cert")
    parser.add_argument("--key")
    options = parser.parse_args()
    server = grpc.server(futures.ThreadPoolExecutor(8), options=OPTIONS)
    server.add_generic_rpc_handlers([grpc.method_handlers_generic_handler("grpc.testing.TestService", handlers())])
    if options.cert:
        with open(options.key, "rb") as key, open(options.cert, "rb") as certificate:
            credentials = grpc.ssl_server_credentials([(key.read(), certificate.read())])
        port = server.add_secure_port("127.0.0.1:0", credentials)
    else:
        port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    print(port, flush=True)
    sys.stdin.read()
    server.stop(0)


if __name__ == "__main__":
    main()

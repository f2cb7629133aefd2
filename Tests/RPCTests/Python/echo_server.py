# SPDX-License-Identifier: Apache-2.0
"""A stock gRPC server with the methods of the tests' echo service, messages as bytes.

Prints its port, and serves until its standard input ends.
"""
import argparse
import sys
import time
from concurrent import futures

import grpc


def unary(request, context):
    metadata = context.invocation_metadata()
    context.send_initial_metadata([m for m in metadata if m.key.startswith("initial-")])
    context.set_trailing_metadata([m for m in metadata if m.key.startswith("trailing-")])
    return request


def collect(requests, context):
    return b"".join(requests)


def expand(request, context):
    for byte in request:
        yield bytes([byte])


def chat(requests, context):
    yield from requests


def fail(request, context):
    context.set_trailing_metadata([("grpc-status-details-bin", b"\x08\x05\x12\x02no"), ("why", "because")])
    context.abort(grpc.StatusCode.NOT_FOUND, "nicht da: 50% \u00fc")


cancelled = 0


def hang(request, context):
    global cancelled
    while context.is_active():
        time.sleep(0.005)
    cancelled += 1
    return b""


def count_cancelled(request, context):
    return bytes([cancelled])


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--cert")
    parser.add_argument("--key")
    parser.add_argument("--ca")
    parser.add_argument("--gzip", action="store_true")
    options = parser.parse_args()
    server = grpc.server(
        futures.ThreadPoolExecutor(max_workers=120),
        compression=grpc.Compression.Gzip if options.gzip else None)
    methods = {
        "Unary": grpc.unary_unary_rpc_method_handler(unary),
        "Collect": grpc.stream_unary_rpc_method_handler(collect),
        "Expand": grpc.unary_stream_rpc_method_handler(expand),
        "Chat": grpc.stream_stream_rpc_method_handler(chat),
        "Fail": grpc.unary_unary_rpc_method_handler(fail),
        "Hang": grpc.unary_unary_rpc_method_handler(hang),
        "CountCancelled": grpc.unary_unary_rpc_method_handler(count_cancelled),
    }
    server.add_generic_rpc_handlers([grpc.method_handlers_generic_handler("test.Echo", methods)])
    if options.cert:
        pair = (open(options.key, "rb").read(), open(options.cert, "rb").read())
        credentials = grpc.ssl_server_credentials(
            [pair], root_certificates=open(options.ca, "rb").read(), require_client_auth=True)
        port = server.add_secure_port("127.0.0.1:0", credentials)
    else:
        port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    print(port, flush=True)
    sys.stdin.read()
    server.stop(0)


main()

# SPDX-License-Identifier: Apache-2.0
"""The messages of testing.proto, and whether they travelled compressed.

gRPC's core decompresses before Python sees a message, unless `grpc.per_message_decompression` is off: then a compressed
message comes as it travelled, and is told by gzip's first bytes, with which no message of testing.proto can begin.
"""
import gzip
import importlib
import os
import sys
import tempfile

from grpc_tools import protoc

FOLDER = os.path.dirname(os.path.abspath(__file__))
GZIP = b"\x1f\x8b"

OPTIONS = [
    ("grpc.per_message_decompression", 0),
    ("grpc.max_receive_message_length", 16 << 20),
]

ECHO_INITIAL = "x-grpc-test-echo-initial"
ECHO_TRAILING = "x-grpc-test-echo-trailing-bin"


def _compile():
    with tempfile.TemporaryDirectory() as folder:
        if protoc.main(["protoc", "-I" + FOLDER, "--python_out=" + folder, "testing.proto"]) != 0:
            raise RuntimeError("testing.proto can't be compiled")
        sys.path.insert(0, folder)
        try:
            return importlib.import_module("testing_pb2")
        finally:
            sys.path.remove(folder)


pb = _compile()


class Received:
    """A message, and whether it travelled compressed."""

    def __init__(self, message, compressed):
        self.message = message
        self.compressed = compressed


def reader(message_class):
    def read(data):
        compressed = data[:2] == GZIP
        return Received(message_class.FromString(gzip.decompress(data) if compressed else data), compressed)

    return read


def write(message):
    return message.SerializeToString()


def zeros(size):
    return pb.Payload(body=bytes(size))

#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Streams CloudTrail log files to Trailhound and prints each acknowledgement.

An acknowledgement means that the service has the records on disk. What was not acknowledged when a connection breaks is
sent again; the service recognises records that it has.
"""

import sys
import threading
import time
from pathlib import Path

import grpc
import stubs
from trailhound.v1 import ingest_pb2, ingest_pb2_grpc

IN_FLIGHT = 8  # requests sent and not acknowledged yet
ATTEMPTS = 20  # connections without any progress, then it gives up


def log_files(paths):
    for path in paths:
        found = [path] if path.is_file() else sorted(path.rglob("*.json*"))
        yield from (file for file in found if file.name.endswith((".json", ".json.gz")))


def submit(service, files):
    """Sends `files` on one stream and drops each from the list when it is acknowledged."""
    window = threading.Semaphore(IN_FLIGHT)
    sent = list(files)

    def requests():
        for sequence, file in enumerate(sent, start=1):
            window.acquire()
            yield ingest_pb2.SubmitEventsRequest(sequence=sequence, source=file.name, log_file=file.read_bytes())

    refused = 0
    try:
        for answer in service.SubmitEvents(requests()):
            window.release()
            file = sent[answer.sequence - 1]
            files.remove(file)
            refused += answer.rejected
            counts = f"{answer.accepted} accepted, {answer.duplicate} duplicate, {answer.rejected} rejected"
            print(f"{file.name}: {counts}", flush=True)
            for rejection in answer.rejections:
                print(f"  record {rejection.index}: {rejection.reason} {rejection.detail}")
    finally:
        window.release(IN_FLIGHT)  # lets the thread that reads `requests` see that the stream is over
    return refused


def main():
    parser = stubs.arguments(__doc__.splitlines()[0])
    parser.add_argument("paths", type=Path, nargs="+", help="log files (.json, .json.gz) or folders of them")
    options = parser.parse_args()
    files = list(log_files(options.paths))
    refused, attempts = 0, 0
    with stubs.channel(options) as channel:
        service = ingest_pb2_grpc.IngestServiceStub(channel)
        while files:
            left = len(files)
            try:
                refused += submit(service, files)
            except grpc.RpcError as error:
                attempts = 0 if len(files) < left else attempts + 1
                if error.code() != grpc.StatusCode.UNAVAILABLE or attempts >= ATTEMPTS:
                    sys.exit(f"{error.code().name}: {error.details()}")
                time.sleep(min(0.1 * 2**attempts, 5))
    sys.exit(1 if refused else 0)


if __name__ == "__main__":
    main()

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
        if path.is_dir():
            yield from (file for file in sorted(path.rglob("*.json*")) if file.name.endswith((".json", ".json.gz")))
        elif path.is_file():
            yield path
        else:
            sys.exit(f"there is no file or folder {path}")


def submit(service, files, refused):
    """Sends `files` on one stream and drops each from the list when it is acknowledged. Adds to `refused` how many of its
    records were."""
    window = threading.Semaphore(IN_FLIGHT)
    sent = list(files)

    def requests():
        for sequence, file in enumerate(sent, start=1):
            window.acquire()
            yield ingest_pb2.SubmitEventsRequest(sequence=sequence, source=file.name, log_file=file.read_bytes())

    try:
        for answer in service.SubmitEvents(requests()):
            window.release()
            file = sent[answer.sequence - 1]
            files.remove(file)
            refused.append(answer.rejected)
            counts = f"{answer.accepted} accepted, {answer.duplicate} duplicate, {answer.rejected} rejected"
            print(f"{file.name}: {counts}", flush=True)
            for rejection in answer.rejections:
                print(f"  record {rejection.index}: {rejection.reason} {stubs.visible(rejection.detail)}")
    finally:
        window.release(IN_FLIGHT)  # lets the thread that reads `requests` see that the stream is over


def main():
    parser = stubs.arguments(__doc__.splitlines()[0])
    parser.add_argument("paths", type=Path, nargs="+", help="log files, or folders with .json and .json.gz files in them")
    options = parser.parse_args()
    files = list(log_files(options.paths))
    refused, attempts = [], 0
    with stubs.channel(options) as channel:
        service = ingest_pb2_grpc.IngestServiceStub(channel)
        while files:
            left, problem = len(files), None
            try:
                submit(service, files, refused)
            except grpc.RpcError as error:
                problem = error
            if not files:
                break
            attempts = 0 if len(files) < left else attempts + 1
            if problem and problem.code() != grpc.StatusCode.UNAVAILABLE:
                sys.exit(f"{problem.code().name}: {problem.details()}")
            if attempts >= ATTEMPTS:
                sys.exit(problem.details() if problem else "the service keeps ending the stream")
            time.sleep(min(0.1 * 2**attempts, 5))
    sys.exit(1 if any(refused) else 0)


if __name__ == "__main__":
    main()

#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A collector that submits batches of 15 MiB over several streams until it is ended. A process of its own, so that it takes no
time from whoever measures beside it: flood.py PORT PKI NAME ACCOUNT STREAMS."""

import json
import sys
import threading
import uuid
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

import grpc  # noqa: E402
from harness import ingest_pb2, ingest_pb2_grpc, record  # noqa: E402

BATCH_BYTES = 15 << 20


def main(port, pki, name, account, streams):
    pki = Path(pki)
    credentials = grpc.ssl_channel_credentials(
        root_certificates=(pki / "ca.pem").read_bytes(), private_key=(pki / f"{name}-key.pem").read_bytes(),
        certificate_chain=(pki / f"{name}.pem").read_bytes())
    channel = grpc.secure_channel(f"localhost:{port}", credentials, [("grpc.max_send_message_length", 64 << 20)])
    # Records of an ordinary size; each batch has identities of its own in its first part, so that there is work to do.
    records = [json.dumps(record(account, "ListUsers", userAgent="x" * 500)).encode() for _ in range(4_000)]
    count = BATCH_BYTES // len(records[0])

    def requests():
        sequence = 0
        while True:
            sequence += 1
            mark = b'"eventID": "' + uuid.uuid4().hex[:8].encode()
            fresh = [one.replace(b'"eventID": "', mark) for one in records]
            yield ingest_pb2.SubmitEventsRequest(
                sequence=sequence, records=ingest_pb2.RecordBatch(records=(fresh * (count // len(fresh) + 1))[:count]))

    def submit():
        try:
            for _ in ingest_pb2_grpc.IngestServiceStub(channel).SubmitEvents(requests()):
                pass
        except grpc.RpcError as error:
            print(f"{error.code().name}: {error.details()}", flush=True)

    threads = [threading.Thread(target=submit) for _ in range(int(streams))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


if __name__ == "__main__":
    main(*sys.argv[1:])

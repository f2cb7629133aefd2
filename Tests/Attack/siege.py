#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Everything that the callers of one account can do at once but for the flood, until it is ended: eight timeline loops over a value
that every record has, thirty messages of 15 MiB that are begun and never ended, and an analyst who has large catalogs
validated. siege.py PORT PKI ACCOUNT, with the certificates `siege-analyst` and `siege-collector` in PKI."""

import sys
import threading
import time
import uuid
from pathlib import Path
from types import SimpleNamespace

sys.path.insert(0, str(Path(__file__).resolve().parent))

import grpc  # noqa: E402
from harness import detection_pb2, detection_pb2_grpc, investigation_pb2, investigation_pb2_grpc  # noqa: E402
from wire import Peer  # noqa: E402

SUBMIT = "/trailhound.v1.IngestService/SubmitEvents"
RULE = ("title: Rule {n}\nid: {id}\nlogsource: {{product: aws, service: cloudtrail}}\n"
        "detection: {{selection: {{eventName|contains: [a{n}, b{n}, c{n}]}}, condition: selection}}\nlevel: low\n")


def forever(call):
    while True:
        try:
            call()
        except grpc.RpcError:
            time.sleep(0.05)


def main(port, pki, account):
    pki = Path(pki)
    credentials = grpc.ssl_channel_credentials(
        root_certificates=(pki / "ca.pem").read_bytes(), private_key=(pki / "siege-analyst-key.pem").read_bytes(),
        certificate_chain=(pki / "siege-analyst.pem").read_bytes())
    channel = grpc.secure_channel(f"localhost:{port}", credentials, [("grpc.max_send_message_length", 64 << 20)])
    timelines = investigation_pb2_grpc.InvestigationServiceStub(channel)
    page = investigation_pb2.GetTimelineRequest(value="198.51.100.77", page_size=1000)
    rules = "---\n".join(RULE.format(n=n, id=uuid.uuid4()) for n in range(1_000))
    catalog = detection_pb2.ValidateRulesRequest(files=[detection_pb2.RuleFile(path="r.yml", yaml=rules)])
    detections = detection_pb2_grpc.DetectionServiceStub(channel)
    calls = [lambda: timelines.GetTimeline(page, timeout=30)] * 8 + [lambda: detections.ValidateRules(catalog, timeout=60)] * 4
    for call in calls:
        threading.Thread(target=forever, args=(call,), daemon=True).start()
    service, peers = SimpleNamespace(port=int(port), pki=pki), []
    while True:
        try:
            peer = Peer(service, "siege-collector")
            peers.append(peer)
            peer.socket.settimeout(1)
            peer.open_call(1, SUBMIT)
            peer.begin_message(1, 16 << 20, 15 << 20)
        except OSError:
            pass
        while len(peers) >= 30:
            time.sleep(1)
            peers.pop(0).close()


if __name__ == "__main__":
    main(*sys.argv[1:])

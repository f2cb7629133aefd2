# SPDX-License-Identifier: Apache-2.0
"""Attacks on what is bounded: memory, time, descriptors, frames."""

import time
import uuid

from harness import (
    VICTIM, Service, alert_pb2, alert_pb2_grpc, detection_pb2, detection_pb2_grpc, error_of, megabytes, record, require,
    stop_logging,
)
from hyperframe.frame import DataFrame
from wire import Peer

SUBMIT = "/trailhound.v1.IngestService/SubmitEvents"
RULE = """title: Base
id: {id}
name: r0
status: test
level: high
logsource: {{product: aws, service: cloudtrail}}
detection:
    selection: {{eventName: StopLogging}}
    condition: selection
"""
LINK = """---
title: Link {number}
id: {id}
name: r{number}
level: high
correlation:
    type: event_count
    rules: [r{before}]
    group-by: [recipientAccountId]
    timespan: 1h
    condition: {{gte: 1}}
"""


def chain(length):
    """A rule and `length` correlations, each of the one before."""
    links = (LINK.format(number=n, before=n - 1, id=uuid.uuid4()) for n in range(1, length + 1))
    return RULE.format(id=uuid.uuid4()) + "".join(links)


def compile_bomb(run):
    """Chains of thousands of correlations to ValidateRules, beside GetStatus."""
    lengths = (1_000,) if run.short else (1_000, 3_000)
    with Service(run.programs) as service:
        stub = service.call(detection_pb2_grpc.DetectionServiceStub)
        took = []
        for length in lengths:
            request = detection_pb2.ValidateRulesRequest(files=[detection_pb2.RuleFile(path="chain.yml", yaml=chain(length))])
            begun = time.monotonic()
            error_of(lambda: stub.ValidateRules(request, timeout=200))
            took.append(time.monotonic() - begun)
        require(max(took) < 2, f"a chain of {lengths[took.index(max(took))]:,} took {max(took):.1f} s")
        request = detection_pb2.ValidateRulesRequest(files=[detection_pb2.RuleFile(path="chain.yml", yaml=chain(1_500))])
        calls = [stub.ValidateRules.future(request, timeout=60) for _ in range(8)]
        time.sleep(0.1)
        for call in calls:
            call.cancel()
        begun = time.monotonic()
        service.status()
        waited = time.monotonic() - begun
        require(waited < 1, f"GetStatus took {waited:.1f} s beside eight cancelled compilations")
        begun = time.monotonic()
        service.stop()
        return f"{lengths[-1]:,} links {max(took):.2f} s, status {waited * 1e3:.0f} ms, stop {time.monotonic() - begun:.1f} s"


def silent_chain(run):
    """A chain of 20 correlations either fires or is refused by its bound."""
    with Service(run.programs) as service:
        file = detection_pb2.RuleFile(path="chain.yml", yaml=chain(20))
        answer = service.call(detection_pb2_grpc.DetectionServiceStub).ValidateRules(
            detection_pb2.ValidateRulesRequest(files=[file]), timeout=30)
        require(answer.problems, "a chain of 20 is taken as valid")
        return f"refused: {str(answer.problems[0].message if hasattr(answer.problems[0], 'message') else answer.problems[0]).strip()[:40]}"


def unfinished_messages(run):
    """Connections that each begin a message of 15 MiB and never end it."""
    connections = 30 if run.short else 100
    with Service(run.programs) as service:
        service.identity("honest", "collector", VICTIM)
        service.identity("thief", "collector", "999988887777")
        before, peers, taken = service.memory(), [], 0
        try:
            for _ in range(connections):
                peer = Peer(service, "thief")
                peers.append(peer)
                peer.socket.settimeout(1)
                peer.open_call(1, SUBMIT)
                try:
                    taken += peer.begin_message(1, 16 << 20, 15 << 20)
                except OSError:
                    pass
            grown = service.memory() - before
            answer = service.submit([record(VICTIM, "ListUsers")], "honest")
            require(answer.accepted == 1, "the neighbour was not served")
        finally:
            for peer in peers:
                peer.close()
        require(service.is_alive(), "the service ended")
        figure = f"{connections} connections sent {megabytes(taken)}, memory grew by {megabytes(grown)}"
        require(grown < 300e6, figure)
        return figure


def slow_readers(run):
    """Subscribers over TLS that never read."""
    count = 100 if run.short else 400
    with Service(run.programs) as service:
        service.identity("slow", "subscriber")
        for _ in range(60):
            service.submit([stop_logging(VICTIM, userIdentity={
                "type": "IAMUser", "arn": f"arn:aws:iam::{VICTIM}:user/u{uuid.uuid4().hex}", "accountId": VICTIM,
                "principalId": "AIDA" + uuid.uuid4().hex[:16].upper(), "userName": "x" * 60})])
        before, peers = service.memory(), []
        for _ in range(count):
            peer = Peer(service, "slow", window=1 << 30)
            peer.widen()
            peer.open_call(1, "/trailhound.v1.AlertService/SubscribeAlerts")
            frame = DataFrame(1, b"\x00\x00\x00\x00\x00")
            frame.flags.add("END_STREAM")
            peer.send(frame)
            peers.append(peer)
        time.sleep(2)
        each = (service.memory() - before) / count
        for peer in peers:
            peer.close()
        require(each < 200e3, f"{each / 1e3:.0f} kB for each that never reads")
        return f"{each / 1e3:.0f} kB each"


def few_descriptors(run):
    """More idle connections than the process has descriptors for."""
    with Service(run.programs, descriptors=64) as service:
        peers = []
        for _ in range(100):
            try:
                peers.append(Peer(service))
            except OSError:
                break
        begun, time_before = time.monotonic(), service.cpu_seconds()
        time.sleep(3)
        share = (service.cpu_seconds() - time_before) / (time.monotonic() - begun)
        for peer in peers:
            peer.close()
        time.sleep(1)
        require(service.is_alive(), "the service ended")
        require(share < 0.2, f"{share:.0%} of a core while there are no descriptors")
        service.status()
        return f"{len(peers)} connections, {share:.0%} of a core"


def starved_start(run):
    """A start with too few descriptors ends with a clear sentence, not with a trap."""
    try:
        with Service(run.programs, descriptors=24):
            return "started"
    except RuntimeError as error:
        text = str(error)
        require("descriptor" in text.lower() or "open files" in text.lower() or "nofile" in text.lower(), "no clear error: " + text[-120:])
        return "a clear error"


def empty_padding(run):
    """DATA frames of padding alone, without end."""
    with Service(run.programs) as service:
        peer = Peer(service)
        peer.open_call(1, SUBMIT)
        frame = DataFrame(1, b"", pad_length=0)
        frame.flags.add("PADDED")
        burst, sent = frame.serialize() * 1_000, 0
        try:
            for _ in range(60):
                peer.socket.sendall(burst)
                sent += 1_000
            ended = peer.ended_within(3)
        except OSError:
            ended = True
        require(ended, f"{sent:,} frames of padding were taken")
        service.status()
        return f"ended within {sent:,} frames"


def deep_history(run):
    """A page size and filters beyond their limits are refused by name."""
    with Service(run.programs) as service:
        error = error_of(lambda: service.call(alert_pb2_grpc.AlertServiceStub).ListAlerts(
            alert_pb2.ListAlertsRequest(page_size=2**31, account_ids=["x"] * 5_000)))
        require(error is not None and error.code().name == "INVALID_ARGUMENT", f"answered with {error and error.code()}")
        return "refused by name"


ATTACKS = [
    compile_bomb, silent_chain, unfinished_messages, slow_readers, few_descriptors, starved_start, empty_padding, deep_history,
]

# SPDX-License-Identifier: Apache-2.0
"""Attacks on what is bounded: memory, time, descriptors, frames."""

import gzip
import os
import queue
import socket
import struct
import subprocess
import sys
import time
import uuid
from pathlib import Path

from harness import (
    VICTIM, Service, alert_pb2, alert_pb2_grpc, detection_pb2, detection_pb2_grpc, error_of, grpc, ingest_pb2,
    ingest_pb2_grpc, megabytes, percentile, record, require, stop_logging,
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
            answer = service.submit(padded(VICTIM, 12 << 20), "honest")
            require(answer.rejected == 0, "the neighbour's large batch was refused")
        finally:
            for peer in peers:
                peer.close()
        require(service.is_alive(), "the service ended")
        figure = f"{connections} connections sent {megabytes(taken)}, memory grew by {megabytes(grown)}"
        require(grown < 300e6, figure)
        return figure


def padded(account, size, each=60_000):
    """Records of so many bytes in all."""
    return [record(account, "ListUsers", userAgent="x" * each) for _ in range(size // (each + 700))]


def finished_messages(run):
    """Whole large messages in unary calls that are never ended, and compressed ones that expand a thousandfold."""
    with Service(run.programs) as service:
        service.identity("thief", "analyst", "999988887777")
        before, peers = service.memory(), []
        bomb = gzip.compress(bytes(15 << 20))
        try:
            for number in range(10 if run.short else 40):
                try:
                    peer = Peer(service, "thief")
                    peers.append(peer)
                    peer.socket.settimeout(1)
                    for stream in range(1, 40, 2):
                        if number % 2:
                            peer.open_call(stream, "/trailhound.v1.DetectionService/ValidateRules", encoding="gzip")
                            peer.send(*frames_of(stream, b"\x01" + struct.pack(">I", len(bomb)) + bomb))
                        else:
                            peer.open_call(stream, "/trailhound.v1.DetectionService/ValidateRules")
                            peer.send(*frames_of(stream, b"\x00" + struct.pack(">I", 60_000) + bytes(60_000)))
                except OSError:
                    pass
            time.sleep(1)
            grown = service.memory() - before
            begun = time.monotonic()
            service.status()
            require(time.monotonic() - begun < 1, "GetStatus waits")
        finally:
            for peer in peers:
                peer.close()
        require(service.is_alive(), "the service ended")
        require(grown < 150e6, f"memory grew by {megabytes(grown)}")
        return f"{len(peers)} connections, memory grew by {megabytes(grown)}"


def frames_of(stream, data):
    """DATA frames of bytes that go on."""
    return [DataFrame(stream, data[place:place + 16_384]) for place in range(0, len(data), 16_384)]


def greedy_collector(run):
    """Eight streams of 15 MiB batches of one account, beside small requests of another."""
    seconds = 15 if run.short else 60
    with Service(run.programs) as service:
        service.identity("greedy", "collector", "999988887777")
        service.identity("modest", "collector", VICTIM)
        flood = Path(__file__).with_name("flood.py")
        command = [sys.executable, str(flood), str(service.port), str(service.pki), "greedy", "999988887777", "8"]
        took, memory = [], 0
        stub = service.call(ingest_pb2_grpc.IngestServiceStub, "modest")
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as flooding:
            try:
                time.sleep(5)
                deadline, asked = time.monotonic() + seconds, queue.SimpleQueue()
                answers = stub.SubmitEvents(iter(asked.get, None))
                while time.monotonic() < deadline:
                    batch = run.batch([record(VICTIM, "ListUsers")])
                    begun = time.monotonic()
                    asked.put(ingest_pb2.SubmitEventsRequest(sequence=len(took) + 1, records=batch))
                    next(answers)
                    took.append(time.monotonic() - begun)
                    memory = max(memory, service.memory())
                    time.sleep(0.05)
                asked.put(None)
                status = service.status()
            finally:
                flooding.kill()
                failed = flooding.stdout.read()
        require(not failed, "an honest stream failed: " + failed[:200])
        beside = status.accepted + status.duplicate - len(took)
        require(beside > 10_000, f"the greedy one got {beside:,} records in")
        p99 = percentile(took, 0.99)
        figure = (f"p50 {percentile(took, 0.5) * 1e3:.0f} ms, p99 {p99 * 1e3:.0f} ms over {len(took)} requests, "
                  f"{beside:,} records beside, {megabytes(memory)} resident")
        require(p99 < 0.1, figure)
        require(memory < 600e6, figure)
        return figure


def half_open(run):
    """Connections from three addresses that never go on with their handshake, beside newcomers."""
    with Service(run.programs, accounts=()) as service:
        sockets, reached = [], 0
        for number in range(2_400 if run.short else 4_000):
            try:
                sockets.append(socket.create_connection(
                    ("127.0.0.1", service.port), 2, source_address=(f"127.0.0.{2 + number % 3}", 0)))
            except OSError:
                break
        begun = time.monotonic()
        for _ in range(20):
            peer = Peer(service)
            reached += peer.is_up()
            peer.close()
        took = time.monotonic() - begun
        for one in sockets:
            one.close()
        require(reached == 20, f"{reached} of 20 newcomers got through beside {len(sockets):,}")
        return f"{len(sockets):,} half-open ones, 20 of 20 newcomers in {took:.1f} s"


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
        time.sleep(3)
        rest = (service.memory() - before) / count
        require(each * count < 110e6, f"{megabytes(each * count)} for {count} that never read")
        return f"{each / 1e3:.0f} kB each, {megabytes(each * count)} in all, {megabytes(rest * count)} once they are gone"


def few_descriptors(run):
    """More idle connections than the process has descriptors for."""
    with Service(run.programs, descriptors=64 + 6 * os.cpu_count()) as service:
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
    compile_bomb, silent_chain, unfinished_messages, finished_messages, greedy_collector, half_open, slow_readers, few_descriptors, starved_start, empty_padding, deep_history,
]

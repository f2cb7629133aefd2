# SPDX-License-Identifier: Apache-2.0
"""What one account's flood does to what all accounts share: the stream's memory, the readers, the compiler, the counters."""

import json
import time
import uuid

from harness import (
    ATTACKER, VICTIM, Service, detection_pb2, detection_pb2_grpc, error_of, ingest_pb2, ingest_pb2_grpc, investigation_pb2,
    investigation_pb2_grpc, megabytes, record, require, stop_logging,
)

# `SigmaLimits.correlationGroups`.
GROUPS = 1_000_000
# `Limits.heapRoomBytes`.
HEAP_ROOM = 64 << 20
BATCH = 2_000


def address(number):
    """An address of its own for each number."""
    return f"{11 + (number >> 24)}.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}"


def failed_sign_ins(account, addresses):
    """Failed sign-ins, one from each address."""
    event = record(account, "ConsoleLogin", "signin.amazonaws.com", eventID="ID", sourceIPAddress="ADDRESS",
                   eventType="AwsConsoleSignIn", errorMessage="Failed authentication", responseElements={"ConsoleLogin": "Failure"})
    text = json.dumps(event)
    return [text.replace('"ID"', f'"{uuid.uuid4()}"').replace("ADDRESS", one).encode() for one in addresses]


def ordinary(account, count):
    """Records on which no rule holds."""
    text = json.dumps(record(account, "DescribeInstances", "ec2.amazonaws.com", eventID="ID", readOnly=True))
    return [text.replace('"ID"', f'"{uuid.uuid4()}"').encode() for _ in range(count)]


def flow(service, records, name="admin"):
    """Sends records in one stream, many batches under way at a time, and returns seconds."""
    requests = [
        ingest_pb2.SubmitEventsRequest(sequence=1 + n // BATCH, records=ingest_pb2.RecordBatch(records=records[n:n + BATCH]))
        for n in range(0, len(records), BATCH)
    ]
    begun = time.monotonic()
    answers = list(service.call(ingest_pb2_grpc.IngestServiceStub, name).SubmitEvents(iter(requests), timeout=300))
    seconds = time.monotonic() - begun
    accepted = sum(answer.accepted for answer in answers)
    require(accepted == len(records), f"{accepted:,} of {len(records):,} records were taken")
    return seconds


def sign_in_spray(run):
    """ATTACKER's failed sign-ins from addresses without end, beside ten of VICTIM's from one; then a restart."""
    count, part = (40_000, 20_000) if run.short else (1_200_000, 40_000)
    with Service(run.programs) as service:
        service.identity("thief", "collector", ATTACKER)
        flow(service, ordinary(VICTIM, part))
        usual = part / min(flow(service, ordinary(ATTACKER, part), "thief") for _ in range(2))
        service.submit(failed_sign_ins(VICTIM, ["192.0.2.1"] * 9))
        base = service.memory() - service.status().stream.bytes
        seconds, last = 0, 0
        for first in range(0, count, part):
            last = flow(service, failed_sign_ins(ATTACKER, map(address, range(first, first + part))), "thief")
            seconds += last
        before, resident = service.status().stream, service.memory()
        service.stop()
        begun = time.monotonic()
        service.start()
        started = time.monotonic() - begun
        after, again = service.status().stream, service.memory()
        service.submit(failed_sign_ins(VICTIM, ["192.0.2.1"]))
        found = [alert for alert in service.alerts(VICTIM) if "in a burst" in alert.title]
        figure = (
            f"groups {before.groups:,}, after a restart of {started:.1f} s {after.groups:,}; {usual:,.0f} records/s, "
            f"{count / seconds:,.0f} in the spray, {part / last:,.0f} at its end; resident {megabytes(resident)} and "
            f"{megabytes(again)} where {megabytes(before.bytes)} are told over a base of {megabytes(base)}")
        require(max(before.groups, after.groups) <= GROUPS, "too many groups: " + figure)
        require(found, "VICTIM's burst was forgotten: " + figure)
        # Under load, the heaps of the workers and of the sequencer each keep room beside what is remembered.
        require(resident <= base + 1.2 * before.bytes + 3 * HEAP_ROOM, "more memory than is told: " + figure)
        require(again <= base + 1.2 * after.bytes, "more memory than is told after the restart: " + figure)
        # An unoptimised build spends its time elsewhere.
        require(run.short or min(count / seconds, part / last) >= usual / 2, "the spray slows ingest down: " + figure)
        return figure


def scoped_status(run):
    """ATTACKER's roles ask for the status, to learn of VICTIM's records, refusals, alerts and subscribers."""
    with Service(run.programs) as service:
        for role in ("collector", "analyst", "subscriber"):
            service.identity(role, role, ATTACKER)
        before = {role: service.status(role) for role in ("collector", "analyst", "subscriber")}
        event = stop_logging(VICTIM)
        service.submit([event, *(record(VICTIM, "ListUsers") for _ in range(20))])
        service.submit([event, b"{}", b"nothing"])
        service.submit(failed_sign_ins(VICTIM, ["192.0.2.1"] * 10))
        all_told = service.status()
        require(all_told.accepted == 31 and all_told.duplicate == 1 and all_told.rejected == 2, "the admin is told otherwise")
        for role, told in before.items():
            require(service.status(role) == told, f"the status of the {role} changed: {str(service.status(role))[:300]}")
            require(not told.HasField("stream") and not told.stored_bytes, f"the {role} is told what all share")
        return "no field changes"


def abandoned_queries(run):
    """Timelines whose callers leave at once."""
    stored = 20_000 if run.short else 200_000
    with Service(run.programs) as service:
        service.identity("analyst", "analyst", ATTACKER)
        flow(service, ordinary(ATTACKER, stored))
        stub = service.call(investigation_pb2_grpc.InvestigationServiceStub, "analyst")
        request = investigation_pb2.GetTimelineRequest(value="198.51.100.77", page_size=1000)
        calls = [stub.GetTimeline.future(request, timeout=60) for _ in range(40)]
        time.sleep(0.3)
        for call in calls:
            call.cancel()
        time.sleep(1)
        begun, used = time.monotonic(), service.cpu_seconds()
        time.sleep(2)
        share = (service.cpu_seconds() - used) / (time.monotonic() - begun)
        figure = f"{share:.0%} of a core a second after 40 callers left"
        require(share < 0.25, figure)
        return figure


def validating_neighbour(run):
    """ATTACKER's analyst has sixteen large catalogs compiled; VICTIM's asks for a small one."""
    rules = 300 if run.short else 2_000
    rule = ("title: Rule {n}\nid: {id}\nlogsource: {{product: aws, service: cloudtrail}}\n"
            "detection: {{selection: {{eventName|contains: [a{n}, b{n}, c{n}]}}, condition: selection}}\nlevel: low\n")
    with Service(run.programs) as service:
        service.identity("thief", "analyst", ATTACKER)
        service.identity("honest", "analyst", VICTIM)

        def request(count):
            texts = [rule.format(n=n, id=uuid.uuid4()) for n in range(count)]
            return detection_pb2.ValidateRulesRequest(files=[detection_pb2.RuleFile(path="r.yml", yaml="---\n".join(texts))])
        stub = service.call(detection_pb2_grpc.DetectionServiceStub, "thief")
        large, begun = request(rules), time.monotonic()
        stub.ValidateRules(large, timeout=120)
        one = time.monotonic() - begun
        calls = [stub.ValidateRules.future(large, timeout=300) for _ in range(16)]
        time.sleep(min(one, 0.5))
        begun = time.monotonic()
        error = error_of(lambda: service.call(detection_pb2_grpc.DetectionServiceStub, "honest").ValidateRules(
            request(1), timeout=300))
        waited = time.monotonic() - begun
        for call in calls:
            call.cancel()
        figure = f"waited {waited:.2f} s beside 16 that take {one:.2f} s each"
        require(error is None, f"refused: {error}")
        require(waited < 3 * one + 0.5, figure)
        return figure


ATTACKS = [sign_in_spray, scoped_status, abandoned_queries, validating_neighbour]

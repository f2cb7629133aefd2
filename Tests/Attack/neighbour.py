# SPDX-License-Identifier: Apache-2.0
"""The account next door does its worst, all at once, while stolen keys of this one are to be switched off."""

import json
import subprocess
import sys
import threading
import time
from contextlib import ExitStack
from pathlib import Path

import boto3
from harness import (
    ATTACKER, ROOT, Service, alert_pb2, alert_pb2_grpc, common_pb2, ingest_pb2, ingest_pb2_grpc, investigation_pb2,
    investigation_pb2_grpc, megabytes, percentile, remediation_pb2, remediation_pb2_grpc, record, require,
    stop_logging, user,
)
from sharing import flow, ordinary

# The account of credentials that moto did not give itself.
VICTIM = "123456789012"
CREDENTIALS = {"AWS_REGION": "us-east-1", "AWS_ACCESS_KEY_ID": "AKIDTEST", "AWS_SECRET_ACCESS_KEY": "test-secret",
               "AWS_SESSION_TOKEN": "", "AWS_EC2_METADATA_DISABLED": "true"}


class Moto:
    """A moto server of this attack."""

    def __init__(self):
        self.process = subprocess.Popen(
            [sys.executable, str(ROOT / "Tests" / "AWSTestKit" / "moto_server.py")], stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        self.url = f"http://127.0.0.1:{int(self.process.stdout.readline())}"
        self.iam = boto3.client(
            "iam", endpoint_url=self.url, region_name="us-east-1", aws_access_key_id="AKIDTEST",
            aws_secret_access_key="test-secret")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.stdin.close()
        self.process.wait(20)

    def stolen_key(self, name):
        self.iam.create_user(UserName=name)
        return self.iam.create_access_key(UserName=name)["AccessKey"]["AccessKeyId"]

    def status(self, name):
        return self.iam.list_access_keys(UserName=name)["AccessKeyMetadata"][0]["Status"]


class Measure:
    """VICTIM's calls, in threads of their own, until the end."""

    def __init__(self, service, moto):
        self.service, self.moto = service, moto
        self.ending, self.failures = threading.Event(), []
        self.acknowledged, self.status, self.inactive, self.memory = [], [], [], 0

    def run(self, seconds):
        threads = [threading.Thread(target=self.guarded, args=(body,)) for body in (self.submit, self.ask, self.respond)]
        for thread in threads:
            thread.start()
        self.ending.wait(seconds)
        self.ending.set()
        for thread in threads:
            thread.join(60)

    def guarded(self, body):
        try:
            body()
        except Exception as error:
            self.failures.append(repr(error)[:200])
            self.ending.set()

    def submit(self):
        stub = self.service.call(ingest_pb2_grpc.IngestServiceStub, "honest")

        def requests():
            sequence = 0
            while not self.ending.is_set():
                batch = ingest_pb2.RecordBatch(records=[json.dumps(record(VICTIM, "ListUsers")).encode()])
                sequence += 1
                self.begun = time.monotonic()
                yield ingest_pb2.SubmitEventsRequest(sequence=sequence, records=batch)
                self.answered.acquire()
        self.answered = threading.Semaphore(0)
        for _ in stub.SubmitEvents(requests()):
            self.acknowledged.append(time.monotonic() - self.begun)
            time.sleep(0.1)
            self.answered.release()

    def ask(self):
        stub = self.service.call(investigation_pb2_grpc.InvestigationServiceStub)
        while not self.ending.is_set():
            begun = time.monotonic()
            stub.GetStatus(investigation_pb2.GetStatusRequest(), timeout=60)
            self.status.append(time.monotonic() - begun)
            self.memory = max(self.memory, self.service.memory())
            time.sleep(0.1)

    def respond(self):
        alerts = self.service.call(alert_pb2_grpc.AlertServiceStub).SubscribeAlerts(
            alert_pb2.SubscribeAlertsRequest(account_ids=[VICTIM]))
        stub = self.service.call(ingest_pb2_grpc.IngestServiceStub, "honest")
        number = 0
        while not self.ending.is_set():
            name, number = f"user-{number}", number + 1
            key = self.moto.stolen_key(name)
            event = stop_logging(VICTIM, userIdentity=user(VICTIM, name, key))
            batch = ingest_pb2.RecordBatch(records=[json.dumps(event).encode()])
            begun = time.monotonic()
            next(iter(stub.SubmitEvents(iter([ingest_pb2.SubmitEventsRequest(sequence=1, records=batch)]), timeout=60)))
            for answer in alerts:
                alert = answer.alert
                if alert.actor.access_key_id == key and alert.remediations and alert.remediations[0].outcome:
                    break
            self.inactive.append(time.monotonic() - begun)
            require(self.moto.status(name) == "Inactive", f"{name}: {alert.remediations[0].outcome}, and the key is active")
            time.sleep(0.2)
        alerts.cancel()


def worst_neighbour(run):
    """ATTACKER floods, loops, stalls and validates, all at once, beside VICTIM's stolen keys, small requests and GetStatus."""
    stored, seconds = (20_000, 10) if run.short else (1_500_000, 60)
    with ExitStack() as stack:
        moto = stack.enter_context(Moto())
        service = stack.enter_context(
            Service(run.programs, accounts=(VICTIM, ATTACKER), environment=CREDENTIALS | {"AWS_ENDPOINT_URL": moto.url}))
        for name, role, account in [
            ("siege-analyst", "analyst", ATTACKER), ("siege-collector", "collector", ATTACKER),
            ("greedy", "collector", ATTACKER), ("honest", "collector", VICTIM),
        ]:
            service.identity(name, role, account)
        policy = remediation_pb2.RemediationPolicy(
            action=common_pb2.REMEDIATION_ACTION_DEACTIVATE_ACCESS_KEY, mode=remediation_pb2.REMEDIATION_MODE_AUTO,
            hourly_cap=1_000)
        service.call(remediation_pb2_grpc.RemediationServiceStub).SetPolicy(
            remediation_pb2.SetPolicyRequest(account_id=VICTIM, policy=policy), timeout=60)
        for first in range(0, stored, 50_000):
            flow(service, ordinary(ATTACKER, min(50_000, stored - first)), "greedy")
        here = Path(__file__).parent
        # Attackers have machines of their own: here theirs yields to the service's.
        for arguments in (["flood.py", str(service.port), str(service.pki), "greedy", ATTACKER, "8"],
                          ["siege.py", str(service.port), str(service.pki), ATTACKER]):
            process = subprocess.Popen(
                ["nice", "-n", "19", sys.executable, str(here / arguments[0]), *arguments[1:]],
                stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            stack.callback(process.wait)
            stack.callback(process.kill)
        time.sleep(5)
        before = service.status().accepted
        measure = Measure(service, moto)
        measure.run(seconds)
        require(not measure.failures, f"VICTIM was not served: {measure.failures}")
        beside = service.status().accepted - before
        require(beside > 10_000, f"the flood got {beside:,} records in")
        times = {"key Inactive": (measure.inactive, 0.5), "ack": (measure.acknowledged, 0.1), "status": (measure.status, 0.05)}
        figure = ", ".join(
            f"{name} p50 {percentile(values, .5) * 1e3:.0f} p99 {percentile(values, .99) * 1e3:.0f} ms of {len(values)}"
            for name, (values, _) in times.items())
        figure += f"; {beside:,} records beside; {megabytes(measure.memory)} resident"
        require(measure.memory < 600e6, figure)
        require(run.short or all(percentile(values, .99) < limit for values, limit in times.values()), figure)
        return figure


ATTACKS = [worst_neighbour]

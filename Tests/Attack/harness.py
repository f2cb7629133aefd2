# SPDX-License-Identifier: Apache-2.0
"""A built service of the attacks' own: its certificates, its callers with the stock gRPC package, and its figures."""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import uuid
from datetime import datetime, timedelta, timezone
from pathlib import Path

import grpc

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "Clients" / "python"))
import stubs  # noqa: E402

stubs.generate()
from trailhound.v1 import (  # noqa: E402
    account_pb2,
    account_pb2_grpc,
    alert_pb2,
    alert_pb2_grpc,
    common_pb2,
    dead_letter_pb2,
    dead_letter_pb2_grpc,
    detection_pb2,
    detection_pb2_grpc,
    ingest_pb2,
    ingest_pb2_grpc,
    investigation_pb2,
    investigation_pb2_grpc,
    remediation_pb2,
    remediation_pb2_grpc,
)

VICTIM = "111122223333"
ATTACKER = "999988887777"
START_SECONDS = 20
ANSWER_SECONDS = 30


class Held(Exception):
    """The attack had its way; the text says how."""


def require(condition, text):
    if not condition:
        raise Held(text)


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def stamp(seconds_ago=0):
    return (datetime.now(timezone.utc) - timedelta(seconds=seconds_ago)).strftime("%Y-%m-%dT%H:%M:%SZ")


def user(account, name, key="AKIAEXAMPLE000000001"):
    return {
        "type": "IAMUser",
        "principalId": "AIDA" + uuid.uuid5(uuid.NAMESPACE_DNS, account + name).hex[:16].upper(),
        "arn": f"arn:aws:iam::{account}:user/{name}",
        "accountId": account,
        "accessKeyId": key,
        "userName": name,
    }


def record(account, name, source="iam.amazonaws.com", **more):
    """A management event of `account`, now and from an address of its own."""
    event = {
        "eventVersion": "1.09",
        "userIdentity": user(account, "ci-publisher"),
        "eventTime": stamp(),
        "eventSource": source,
        "eventName": name,
        "awsRegion": "us-east-1",
        "sourceIPAddress": "198.51.100.77",
        "userAgent": "aws-cli/2.17.42",
        "requestParameters": None,
        "responseElements": None,
        "requestID": str(uuid.uuid4()),
        "eventID": str(uuid.uuid4()),
        "readOnly": False,
        "eventType": "AwsApiCall",
        "managementEvent": True,
        "recipientAccountId": account,
        "eventCategory": "Management",
    }
    return event | more


def stop_logging(account, **more):
    """An event that a rule of the catalog finds: CloudTrail switched off."""
    trail = f"arn:aws:cloudtrail:us-east-1:{account}:trail/main"
    return record(account, "StopLogging", "cloudtrail.amazonaws.com", requestParameters={"name": trail}) | more


class Service:
    """A running trailhoundd with a PKI of its own in a temporary folder."""

    def __init__(
        self, programs, accounts=(VICTIM, ATTACKER), descriptors=None, rules=None, environment=None, disk_megabytes=None
    ):
        self.programs = Path(programs).resolve()
        self.folder = Path(tempfile.mkdtemp(prefix="trailhound-attack-"))
        self.data = self.folder / "data"
        self.port = free_port()
        self.descriptors, self.rules = descriptors, rules or ROOT / "Rules"
        self.environment = os.environ | (environment or {})
        self.process, self.has_disk = None, False
        if disk_megabytes:
            self.data.mkdir(mode=0o700)
            mount = ["mount", "-t", "tmpfs", "-o", f"size={disk_megabytes}m,mode=700", "trailhound-attack", str(self.data)]
            self.has_disk = subprocess.run(mount, capture_output=True).returncode == 0
        self.start()
        for account in accounts:
            self.call(account_pb2_grpc.AccountServiceStub).OnboardAccount(
                account_pb2.OnboardAccountRequest(account_id=account)
            )

    def start(self):
        command = [str(self.programs / "trailhoundd"), "serve", "--data-dir", str(self.data)]
        command += ["--listen", f"127.0.0.1:{self.port}", "--rules", str(self.rules)]
        if self.descriptors:
            # Without CAP_SYS_RESOURCE, root can't raise the limit again.
            drop = ["setpriv", "--bounding-set", "-sys_resource"] if os.geteuid() == 0 else []
            command = [*drop, "prlimit", f"--nofile={self.descriptors}:{self.descriptors}", *command]
        self.log = open(self.folder / "service.log", "ab")
        self.process = subprocess.Popen(
            command, stdout=self.log, stderr=self.log, stdin=subprocess.DEVNULL, env=self.environment)
        deadline = time.monotonic() + START_SECONDS
        while True:
            try:
                socket.create_connection(("127.0.0.1", self.port), 1).close()
                return
            except OSError:
                if self.process.poll() is not None or time.monotonic() > deadline:
                    raise RuntimeError("the service did not start: " + self.log_text()[-600:]) from None
                time.sleep(0.05)

    def stop(self, how=signal.SIGTERM):
        if self.process and self.process.poll() is None:
            self.process.send_signal(how)
            try:
                self.process.wait(START_SECONDS)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
                raise Held(f"the service did not end within {START_SECONDS} s of SIGTERM") from None
        self.log.close()

    def close(self):
        try:
            self.stop(signal.SIGKILL)
        finally:
            if self.has_disk:
                subprocess.run(["umount", str(self.data)], capture_output=True)
            shutil.rmtree(self.folder, ignore_errors=True)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def log_text(self):
        return (self.folder / "service.log").read_text(errors="replace")

    @property
    def pki(self):
        return self.data / "pki"

    def is_alive(self):
        return self.process.poll() is None

    def memory(self):
        """Resident bytes."""
        for line in Path(f"/proc/{self.process.pid}/status").read_text().splitlines():
            if line.startswith("VmRSS:"):
                return int(line.split()[1]) * 1024
        return 0

    def cpu_seconds(self):
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rsplit(") ", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def identity(self, name, role, account=None):
        """Issues a client's certificate once and returns its name."""
        if not (self.pki / f"{name}.pem").exists():
            command = [str(self.programs / "trailhound"), "certs", "issue", name, "--role", role, "--pki", str(self.pki)]
            command += ["--account", account] if account else []
            subprocess.run(command, check=True, capture_output=True)
        return name

    def channel(self, name="admin", **options):
        credentials = grpc.ssl_channel_credentials(
            root_certificates=(self.pki / "ca.pem").read_bytes(),
            private_key=(self.pki / f"{name}-key.pem").read_bytes(),
            certificate_chain=(self.pki / f"{name}.pem").read_bytes(),
        )
        settings = {"grpc.max_send_message_length": 64 << 20, "grpc.max_receive_message_length": 64 << 20}
        settings |= {"grpc.use_local_subchannel_pool": 1} | options
        return grpc.secure_channel(f"localhost:{self.port}", credentials, list(settings.items()))

    def call(self, stub, name="admin"):
        return stub(self.channel(name))

    def submit(self, events, name="admin", source="", historical=False):
        """Sends records in one request and returns the answer."""
        batch = ingest_pb2.RecordBatch(records=[e if isinstance(e, bytes) else json.dumps(e).encode() for e in events])
        request = ingest_pb2.SubmitEventsRequest(sequence=1, records=batch, source=source, historical=historical)
        return next(iter(self.call(ingest_pb2_grpc.IngestServiceStub, name).SubmitEvents(iter([request]), timeout=ANSWER_SECONDS)))

    def submit_file(self, data, name="admin", source=""):
        request = ingest_pb2.SubmitEventsRequest(sequence=1, log_file=data, source=source)
        return next(iter(self.call(ingest_pb2_grpc.IngestServiceStub, name).SubmitEvents(iter([request]), timeout=ANSWER_SECONDS)))

    def alerts(self, account=None):
        request = alert_pb2.ListAlertsRequest(page_size=1000, account_ids=[account] if account else [])
        return list(self.call(alert_pb2_grpc.AlertServiceStub).ListAlerts(request, timeout=ANSWER_SECONDS).alerts)

    def status(self, name="admin"):
        return self.call(investigation_pb2_grpc.InvestigationServiceStub, name).GetStatus(
            investigation_pb2.GetStatusRequest(), timeout=ANSWER_SECONDS
        )

    def limit_files(self, size):
        """Sets the size that the service's files may have; None for no limit."""
        limit = "unlimited" if size is None else str(size)
        subprocess.run(["prlimit", "--pid", str(self.process.pid), f"--fsize={limit}:unlimited"], check=True)

    def check(self, path=None):
        """Runs `trailhoundd check` on the data directory, or on another."""
        command = [str(self.programs / "trailhoundd"), "check", "--data-dir", str(path or self.data)]
        return subprocess.run(command, capture_output=True, text=True, timeout=120)

    def cli(self, *arguments):
        """Runs the CLI as an admin."""
        command = [str(self.programs / "trailhound"), *arguments, "--server", f"localhost:{self.port}", "--pki", str(self.pki)]
        return subprocess.run(command, capture_output=True, text=True, timeout=ANSWER_SECONDS)


def percentile(values, share):
    """The value below which `share` of the sorted values lie."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]


def error_of(function):
    """The gRPC error that a call ends with; None where it succeeds."""
    try:
        function()
    except grpc.RpcError as error:
        return error
    return None


def megabytes(count):
    return f"{count / 1e6:.0f} MB"

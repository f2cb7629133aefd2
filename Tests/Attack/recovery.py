# SPDX-License-Identifier: Apache-2.0
"""Clocks, files and disks that go wrong under the service, and input that is meant to be missed."""

import gzip
import json
import random
import shutil
import struct
import subprocess
import time
from pathlib import Path

from harness import (
    VICTIM, Service, detection_pb2, detection_pb2_grpc, error_of, grpc, record, require, stamp, stop_logging, user,
)


def far_future(run):
    """A record of the year 9999 sets the account's clock."""
    with Service(run.programs) as service:
        answer = service.submit([record(VICTIM, "ListUsers", eventTime="9999-12-31T23:59:59Z")])
        require(answer.rejected == 1, "a record of the year 9999 was taken")
        require("eventTime" in answer.rejections[0].detail, "the refusal does not name eventTime: " + answer.rejections[0].detail)
        scan = scanned(run, [json.dumps(record(VICTIM, "ListUsers", eventTime="9999-12-31T23:59:59Z")).encode()])
        require(scan.returncode == 3 and "eventTime" in scan.stderr, "a scan takes it: " + scan.stderr[-200:])
        return answer.rejections[0].reason + ", and a scan says so too"


def scanned(run, records):
    """Scans a log file of records with the catalog."""
    path = run.folder / "scanned.json"
    path.write_bytes(b'{"Records":[' + b",".join(records) + b"]}")
    command = [str(run.programs / "trailhound"), "scan", str(path), "--rules", str(run.root / "Rules"), "-o", "jsonl"]
    return subprocess.run(command, capture_output=True, text=True, timeout=60)


class Clock:
    """The clock of a service under attack, which can be set while it runs."""

    def __init__(self, run):
        compiler = shutil.which("cc") or shutil.which("clang")
        if compiler is None:
            raise RuntimeError("no C compiler to make the clock with")
        library, self.file = run.folder / "clock.so", run.folder / "clock-offset"
        source = str(Path(__file__).resolve().parent / "clock.c")
        subprocess.run([compiler, "-shared", "-fPIC", "-O1", "-o", str(library), source], check=True, capture_output=True)
        self.set(0)
        self.environment = {"LD_PRELOAD": str(library), "CLOCK_OFFSET": str(self.file)}

    def set(self, seconds):
        """Sets the clock ahead by so many seconds."""
        if self.file.exists():
            with open(self.file, "r+b") as file:
                file.write(struct.pack("=q", seconds))
        else:
            self.file.write_bytes(struct.pack("=q", seconds))


def clock_ahead(run):
    """The service's clock is weeks ahead for a moment, in which a record of that time is taken: ten failed sign-ins from the
    same address have to be seen once the clock is right, in this process and after a restart."""
    ahead = 20 * 86_400
    source = "203.0.113.57"

    def sign_in(seconds_ago=0):
        person = {"type": "IAMUser", "accountId": VICTIM, "accessKeyId": "", "userName": "morgan.reyes"}
        return record(
            VICTIM, "ConsoleLogin", "signin.amazonaws.com", userIdentity=person, sourceIPAddress=source,
            eventTime=stamp(seconds_ago), responseElements={"ConsoleLogin": "Failure"},
            errorMessage="Failed authentication", eventType="AwsConsoleSignIn")

    def bursts(service):
        return [alert for alert in service.alerts(VICTIM) if alert.title == "Console sign-ins fail in a burst"]

    clock = Clock(run)
    for restarts in (False, True):
        with Service(run.programs, environment=clock.environment) as service:
            service.submit([record(VICTIM, "ListUsers")])
            clock.set(ahead)
            answer = service.submit([sign_in(-ahead)])
            require(answer.accepted == 1, "the clock could not be set")
            clock.set(0)
            if restarts:
                service.stop()
                service.start()
            service.submit([record(VICTIM, "ListUsers")])
            service.submit([sign_in(60 - n) for n in range(10)])
            deadline = time.monotonic() + 10
            while not bursts(service):
                require(time.monotonic() < deadline, "ten failed sign-ins raise nothing" + (" after a restart" if restarts else ""))
                time.sleep(0.2)
    return "the burst is seen, in one process and after a restart"


def lone_surrogates(run):
    """eventIDs that differ in lone surrogates only."""
    with Service(run.programs) as service:
        bodies = [json.dumps(record(VICTIM, "ListUsers", eventID="MARK")).replace("MARK", "id-\\ud80%x" % n).encode() for n in range(3)]
        answer = service.submit(bodies)
        require(answer.duplicate == 0, f"{answer.duplicate} of 3 count as duplicates")
        unnamed = [r.detail for r in answer.rejections if "eventID" not in r.detail]
        require(not unnamed, "the refusal does not name eventID: " + "".join(unnamed[:1]))
        return f"{answer.accepted} accepted, {answer.rejected} refused"


def dodged_rules(run):
    """Spellings that AWS does not write, so that a rule would miss the event."""
    def twice(member, harmless, last=True):
        def spell(event):
            rest = json.dumps({key: value for key, value in event.items() if key != member})[1:-1]
            pair = [f'"{member}": {json.dumps(event[member])}', f'"{member}": {json.dumps(harmless)}']
            return "{" + ", ".join(pair if last else pair[::-1]) + ", " + rest + "}"
        return spell

    def deep(event):
        return json.dumps(event).replace('"userName":', '"userName": "nobody", "userName":', 1)

    spellings = {
        "errorCode empty": lambda e: json.dumps(e | {"errorCode": ""}),
        "errorCode and errorMessage empty": lambda e: json.dumps(e | {"errorCode": "", "errorMessage": ""}),
        "errorCode a blank": lambda e: json.dumps(e | {"errorCode": " "}),
        "errorCode false": lambda e: json.dumps(e | {"errorCode": False}),
        "errorCode a list": lambda e: json.dumps(e | {"errorCode": []}),
        "zero width in the name": lambda e: json.dumps(e | {"eventName": "Stop\u200bLogging"}),
        "another alphabet's letter": lambda e: json.dumps(e | {"eventName": "St\u043epLogging"}),
        "small letters in the name": lambda e: json.dumps(e | {"eventName": "stoplogging"}),
        "capitals in the source": lambda e: json.dumps(e | {"eventSource": "CloudTrail.amazonaws.com"}),
        "no-break blank in the source": lambda e: json.dumps(e | {"eventSource": e["eventSource"] + "\u00a0"}),
        "blank behind the type": lambda e: json.dumps(e | {"eventType": "AwsApiCall "}),
        "caller's type in small letters": lambda e: json.dumps(e | {"userIdentity": e["userIdentity"] | {"type": "iamuser"}}),
        "source twice, harmless first": twice("eventSource", "s3.amazonaws.com", last=False),
        "errorCode twice": lambda e: json.dumps(e)[:-1] + ', "errorCode": null, "errorCode": "AccessDenied"}',
        "caller twice": twice("userIdentity", {"type": "AWSService", "invokedBy": "cloudtrail.amazonaws.com"}),
        "parameters twice": twice("requestParameters", None),
        "caller's name twice": deep,
        "trailing blank": lambda e: json.dumps(e | {"eventName": e["eventName"] + " "}),
        "leading tab": lambda e: json.dumps(e | {"eventName": "\t" + e["eventName"]}),
        "blank in the source": lambda e: json.dumps(e | {"eventSource": e["eventSource"] + " "}),
        "named twice": lambda e: json.dumps(e)[:-1] + ', "eventName": "ListTrails"}',
        "named twice, escaped": lambda e: json.dumps(e)[:-1] + ', "event\\u004eame": "ListTrails"}',
    }
    missed, apart, unnamed = [], [], []
    with Service(run.programs) as service:
        for number, (name, spell) in enumerate(spellings.items()):
            # One caller each, so that each makes an alert of its own.
            caller = user(VICTIM, f"caller-{number}")
            data = spell(stop_logging(VICTIM, userIdentity=caller)).encode()
            known = {alert.alert_id for alert in service.alerts(VICTIM)}
            answer = service.submit([data])
            seen = any(alert.alert_id not in known for alert in service.alerts(VICTIM))
            if not answer.rejected and not seen:
                missed.append(name)
            scan = scanned(run, [data])
            if (scan.returncode == 3, bool(scan.stdout.strip())) != (answer.rejected == 1, seen):
                apart.append(name)
            if answer.rejected and not any(word in answer.rejections[0].detail for word in ("event", "error", "userIdentity", "requestParameters")):
                unnamed.append(name)
    require(not missed, "taken and missed: " + ", ".join(missed))
    require(not apart, "scan and service differ: " + ", ".join(apart))
    require(not unnamed, "refused without a name: " + ", ".join(unnamed))
    return f"{len(spellings)} spellings seen or refused, by service and scan alike"


def damaged_gzip(run):
    """Good records in a gzip file with bytes behind it, NULs, or a byte missing."""
    with Service(run.programs) as service:
        def file():
            return gzip.compress(json.dumps({"Records": [record(VICTIM, "ListUsers") for _ in range(1_000)]}).encode())
        stored = {}
        for name, spoil in {"garbage": lambda d: d + b"garbage", "NULs": lambda d: d + bytes(512), "a byte missing": lambda d: d[:-1]}.items():
            stored[name] = service.submit_file(spoil(file())).accepted
        short = {name: count for name, count in stored.items() if count < 999}
        require(not short, "; ".join(f"{name}: {count} of 1,000 stored" for name, count in short.items()))
        return ", ".join(f"{name} {count:,}" for name, count in stored.items())


def vanished_list(run):
    """crl.pem is deleted; the revoked would come back."""
    with Service(run.programs) as service:
        service.identity("gone", "analyst")
        revoke = [str(run.programs / "trailhound"), "certs", "revoke", "gone", "--pki", str(service.pki)]
        subprocess.run(revoke, check=True, capture_output=True)

        def knock():
            from harness import investigation_pb2, investigation_pb2_grpc
            return error_of(lambda: service.call(investigation_pb2_grpc.InvestigationServiceStub, "gone").GetStatus(
                investigation_pb2.GetStatusRequest(), timeout=5))
        deadline = time.monotonic() + 15
        while not knock():
            require(time.monotonic() < deadline, "the revoked was not cut off")
            time.sleep(0.5)
        (service.pki / "crl.pem").unlink()
        time.sleep(7)
        require(knock(), "the revoked is back once the list is gone")
        return "the revoked stays out"


def damaged_pages(run):
    """Pages of the stopped service's database are overwritten, others in each round."""
    rounds, noise = (4 if run.short else 16), random.Random(20261201)
    said = 0
    with Service(run.programs) as service:
        for _ in range(20):
            service.submit([stop_logging(VICTIM, sourceIPAddress=f"198.51.100.{n % 250}") for n in range(50)])
        service.stop()
        whole = service.folder / "whole"
        shutil.copytree(service.data, whole)
        for _ in range(rounds):
            shutil.rmtree(service.data)
            shutil.copytree(whole, service.data)
            database = max((f for f in service.data.iterdir() if f.is_file()), key=lambda f: f.stat().st_size)
            with open(database, "r+b") as file:
                for page in range(2, database.stat().st_size // 4096):
                    if noise.random() < 0.15:
                        file.seek(page * 4096 + noise.choice((0, 64, 2048)))
                        file.write(noise.randbytes(noise.choice((8, 512, 2048))))
            try:
                service.start()
            except RuntimeError as error:
                require("Fatal error" not in str(error) and service.process.returncode >= 0, "it traps: " + str(error)[-160:])
                said += 1
                continue
            calls = (service.alerts, lambda: service.submit([stop_logging(VICTIM)]), lambda: service.cli("timeline", "StopLogging"))
            said += any([error_of(call) for call in calls])
            time.sleep(0.5)
            require(service.is_alive(), f"the service ended by {service.process.returncode}")
            service.stop()
    return f"no trap in {rounds} rounds, {said} told by an error"


def empty_rules(run):
    """The rules folder is empty at a reload."""
    rules = run.folder / "rules-to-empty"
    shutil.copytree(run.root / "Rules", rules, dirs_exist_ok=True)
    with Service(run.programs, rules=rules) as service:
        for file in rules.rglob("*.yml"):
            file.unlink()
        error = error_of(lambda: service.call(detection_pb2_grpc.DetectionServiceStub).ReloadRules(
            detection_pb2.ReloadRulesRequest(), timeout=30))
        enabled = service.status().detections_enabled
        require(error is not None and enabled > 0, f"{enabled} detections are left, and nothing was said")
        return f"refused, {enabled} detections go on"


def open_folders(run):
    """A data directory that everybody may write, and a CA key that everybody may read."""
    with Service(run.programs) as service:
        service.stop()
        (service.pki / "ca-key.pem").chmod(0o644)
        service.data.chmod(0o777)
        started = True
        try:
            service.start()
        except RuntimeError:
            started = False
        text = service.log_text()
        require("ca-key" in text or "mode" in text or "permission" in text.lower(), "nothing is said of the open key")
        return "said" if started else "refused at the start"


def failed_handshakes(run):
    """Somebody without a certificate knocks: the log says so without a debug level."""
    import socket, ssl
    with Service(run.programs) as service:
        tls = ssl.create_default_context(cafile=service.pki / "ca.pem")
        for _ in range(3):
            try:
                with tls.wrap_socket(socket.create_connection(("127.0.0.1", service.port), 5), server_hostname="localhost") as peer:
                    peer.recv(1)
            except OSError:
                pass
        time.sleep(1)
        require("handshake" in service.log_text().lower(), "the log does not tell of failed handshakes")
        return "logged"


ATTACKS = [
    far_future, clock_ahead, lone_surrogates, dodged_rules, damaged_gzip, vanished_list, damaged_pages, empty_rules, open_folders,
    failed_handshakes,
]

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
    ATTACKER, VICTIM, Service, account_pb2, account_pb2_grpc, alert_pb2, alert_pb2_grpc, dead_letter_pb2,
    dead_letter_pb2_grpc, detection_pb2, detection_pb2_grpc, error_of, grpc, record, remediation_pb2,
    remediation_pb2_grpc, require, stamp, stop_logging, user,
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
        names = [problem.name for problem in service.status().problems]
        require(names == ["revocation_list_missing"], f"status tells {names}")
        require("revocation list is missing" in service.log_text(), "the log does not tell of it")
        service.stop()
        try:
            service.start()
        except RuntimeError as error:
            require("crl.pem is missing" in str(error), "no clear error: " + str(error)[-200:])
            return "the revoked stays out, status tells, and a restart is refused"
        require(knock(), "the revoked is back after a restart")
        return "the revoked stays out"


def damaged_pages(run):
    """Pages of the stopped service's database are overwritten, others in each round; the service and the check meet them."""
    rounds, noise = (4 if run.short else 16), random.Random(20261201)
    refused = named = served = missed = 0
    accounts = (VICTIM, ATTACKER, "444455556666")
    with Service(run.programs, accounts=accounts) as service:
        for batch in range(20):
            for account in accounts:
                service.submit([stop_logging(account, sourceIPAddress=f"198.51.100.{n % 250}") for n in range(50)])
            service.submit([b"{not json"])
        service.stop()
        whole = service.check()
        require(whole.returncode == 0, f"a whole store is called damaged: {whole.stdout[-300:]}{whole.stderr[-300:]}")
        copy = service.folder / "whole"
        shutil.copytree(service.data, copy)
        for round in range(rounds):
            shutil.rmtree(service.data)
            shutil.copytree(copy, service.data)
            database = max((f for f in service.data.iterdir() if f.is_file()), key=lambda f: f.stat().st_size)
            share = (0.0015, 0.005, 0.02, 0.15)[round % 4]
            damaged = 0
            with open(database, "r+b") as file:
                for page in range(2, database.stat().st_size // 4096):
                    if noise.random() < share:
                        file.seek(page * 4096 + noise.choice((0, 64, 2048)))
                        file.write(noise.randbytes(noise.choice((8, 512, 2048))))
                        damaged += 1
            told = service.check()
            require(told.returncode in (0, 1, 2), f"the check ends by {told.returncode}: {told.stderr[-300:]}")
            # Bytes that no row has may be hit alone.
            missed += damaged > 4 and told.returncode == 0
            try:
                service.start()
            except RuntimeError as error:
                require("Fatal error" not in str(error) and service.process.returncode >= 0, "it traps: " + str(error)[-160:])
                require("damaged" in service.log_text() or "not-a-journal" in service.log_text(), "it ends without a name")
                refused += 1
                continue
            calls = [lambda a=a: service.alerts(a) for a in accounts] + [
                lambda: service.submit([stop_logging(VICTIM)]), lambda: service.cli("timeline", "StopLogging"), service.status]
            errors = [error_of(call) for call in calls]
            unnamed = [e for e in errors if e and e.code() in (grpc.StatusCode.UNKNOWN, grpc.StatusCode.INTERNAL)]
            require(not unnamed, f"no name for damage: {unnamed[:1]}")
            named += any(errors)
            served += not all(errors)
            time.sleep(0.5)
            require(service.is_alive(), f"the service ended by {service.process.returncode}")
            service.stop()
    require(not missed, f"{missed} damaged stores pass the check")
    return f"{rounds} rounds: {refused} refused at the start, {served} served on, {named} with errors by name"


def changing_calls(service):
    """Every kind of call that writes, by name."""
    frozen = remediation_pb2.SetFreezeRequest(frozen=True, reason="x" * 900)
    rule = next(d for d in service.call(detection_pb2_grpc.DetectionServiceStub).ListDetections(
        detection_pb2.ListDetectionsRequest(), timeout=30).detections)
    alert = service.alerts(VICTIM)[0]
    account = service.call(account_pb2_grpc.AccountServiceStub)
    detection = service.call(detection_pb2_grpc.DetectionServiceStub)
    remediation = service.call(remediation_pb2_grpc.RemediationServiceStub)
    return {
        "SetFreeze": lambda: remediation.SetFreeze(frozen, timeout=30),
        "SetPolicy": lambda: remediation.SetPolicy(remediation_pb2.SetPolicyRequest(
            account_id=VICTIM, policy=remediation_pb2.RemediationPolicy(action=1, mode=remediation_pb2.REMEDIATION_MODE_OFF, hourly_cap=3)), timeout=30),
        "OnboardAccount": lambda: account.OnboardAccount(
            account_pb2.OnboardAccountRequest(account_id="777788889999", name="n" * 250), timeout=30),
        "UpdateAccount": lambda: account.UpdateAccount(
            account_pb2.UpdateAccountRequest(account_id=ATTACKER, name="m" * 250), timeout=30),
        "OffboardAccount": lambda: account.OffboardAccount(
            account_pb2.OffboardAccountRequest(account_id=ATTACKER), timeout=30),
        "UpdateAlert": lambda: service.call(alert_pb2_grpc.AlertServiceStub).UpdateAlert(
            alert_pb2.UpdateAlertRequest(alert_id=alert.alert_id, note="n" * 4000), timeout=30),
        "SetDetectionState": lambda: detection.SetDetectionState(
            detection_pb2.SetDetectionStateRequest(detection_id=rule.detection_id, enabled=False), timeout=30),
        "TuneDetection": lambda: detection.TuneDetection(
            detection_pb2.TuneDetectionRequest(detection_id=rule.detection_id, trial=1), timeout=30),
        "PurgeDeadLetters": lambda: service.call(dead_letter_pb2_grpc.DeadLetterServiceStub).PurgeDeadLetters(
            dead_letter_pb2.PurgeDeadLettersRequest(all=True), timeout=30),
    }


def states(service):
    """What calls tell of the state that `changing_calls` change."""
    detections = service.call(detection_pb2_grpc.DetectionServiceStub).ListDetections(
        detection_pb2.ListDetectionsRequest(), timeout=30).detections
    accounts = service.call(account_pb2_grpc.AccountServiceStub).ListAccounts(
        account_pb2.ListAccountsRequest(include_offboarded=True), timeout=30).accounts
    remediation = service.call(remediation_pb2_grpc.RemediationServiceStub)
    return {
        "frozen": remediation.GetFreeze(remediation_pb2.GetFreezeRequest(), timeout=30).freeze.frozen,
        "policy": str(remediation.GetPolicy(remediation_pb2.GetPolicyRequest(account_id=VICTIM), timeout=30).account.policies),
        "accounts": sorted((a.account_id, a.name, a.state == account_pb2.ACCOUNT_STATE_OFFBOARDED) for a in accounts),
        "enabled": sorted((d.detection_id, d.enabled) for d in detections),
        "alerts": sorted((a.alert_id, a.note, a.status) for a in service.alerts()),
    }


def without_room(service, fill, empty):
    """Calls everything that writes on a disk without room, then with it, and compares memory with the store."""
    for n in range(20):
        service.submit([stop_logging(VICTIM, sourceIPAddress=f"198.51.100.{n}")])
    calls = changing_calls(service)
    fill()
    error = None
    for _ in range(400):
        error = error_of(lambda: service.submit([record(VICTIM, "ListUsers", userAgent=random.randbytes(400).hex()) for _ in range(200)]))
        if error:
            break
    require(error is not None, "records are taken without room for them")
    require(error.code() == grpc.StatusCode.UNAVAILABLE and "store" in error.details(), f"records: {error.code()}: {error.details()}")
    before, refused = states(service), {}
    for name, call in calls.items():
        error = error_of(call)
        if error:
            named = error.code() in (grpc.StatusCode.RESOURCE_EXHAUSTED, grpc.StatusCode.UNAVAILABLE) and "store" in error.details()
            require(named, f"{name} fails as {error.code().name}: {error.details()}")
            refused[name] = error
    require(len(refused) > len(calls) // 2, f"only {sorted(refused)} were refused: the disk has room")
    if "SetFreeze" in refused:
        require(not states(service)["frozen"], "SetFreeze was refused, and everything is frozen")
    if len(refused) == len(calls):
        require(states(service) == before, "what was refused is half done")
    require(service.is_alive(), "the service ended")
    told = states(service)
    empty()
    service.stop()
    service.start()
    stored = states(service)
    require(told == stored, "memory and store differ: " + ", ".join(k for k in told if told[k] != stored[k]))
    for name, call in changing_calls(service).items():
        error = error_of(call)
        done = error is None or error.code() == grpc.StatusCode.ALREADY_EXISTS
        require(done, f"{name} fails with room again: {error}")
    require(service.submit([record(VICTIM, "ListUsers")]).accepted == 1, "no record is taken with room again")
    service.stop()
    check = service.check()
    require(check.returncode == 0, "the store is damaged: " + check.stdout[-300:])
    return f"{len(refused)} of {len(calls)} calls refused by name, all of them done with room"


def full_disk(run):
    """A disk of 24 MB is full."""
    with Service(run.programs, disk_megabytes=24) as service:
        require(service.has_disk, "no tmpfs can be mounted here")
        filler = service.data / "filler"

        def fill():
            with open(filler, "wb", buffering=0) as file:
                try:
                    while True:
                        file.write(bytes(1 << 16))
                except OSError:
                    pass
        return without_room(service, fill, filler.unlink)


def file_limit(run):
    """The service's files may not grow: writes fail as on a broken disk, and SIGXFSZ comes."""
    with Service(run.programs) as service:
        size = max(f.stat().st_size for f in service.data.glob("journal.sqlite*"))
        return without_room(service, lambda: service.limit_files(size + (1 << 20)), lambda: service.limit_files(None))


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
    """A data directory that everybody may write, and keys that everybody may read."""
    with Service(run.programs) as service:
        service.stop()
        service.data.chmod(0o777)
        service.start()
        require("mode 777" in service.log_text(), "the log does not warn of the open folder")
        names = [problem.name for problem in service.status().problems]
        require(names == ["data_directory_open"], f"status tells {names}")
        (service.pki / "admin-key.pem").chmod(0o644)
        answer = service.cli("status")
        require(answer.returncode != 0 and "mode 644" in answer.stderr, "the CLI uses an open key: " + answer.stderr[-200:])
        (service.pki / "admin-key.pem").chmod(0o600)
        for name in ("ca", "server", "admin"):
            service.stop()
            (service.pki / f"{name}-key.pem").chmod(0o644)
            try:
                service.start()
            except RuntimeError as error:
                require(f"{name}-key.pem has mode 644" in str(error), "no clear error: " + str(error)[-200:])
            else:
                require(False, f"{name}-key.pem may be read by everybody, and is used")
            (service.pki / f"{name}-key.pem").chmod(0o600)
            service.start()
        return "the folder is warned of, three keys are refused by name"


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
        require("missingCertificate" in service.log_text(), "the log does not tell of failed handshakes")
        before = len(service.log_text())
        for _ in range(300):
            try:
                with socket.create_connection(("127.0.0.1", service.port), 5) as peer:
                    peer.sendall(b"GET / HTTP/1.1\r\n\r\n")
                    peer.recv(1)
            except OSError:
                pass
        grown = len(service.log_text()) - before
        require(grown < 20_000, f"300 of them wrote {grown} bytes into the log")
        counts = {count.name: count.count for count in service.status().transport.handshake_failures}
        require(counts.get("missing_certificate") == 3 and counts.get("not_tls", 0) >= 300, f"status tells {counts}")
        return f"told, {grown} bytes of log for 300 more, counted by reason"


ATTACKS = [
    far_future, clock_ahead, lone_surrogates, dodged_rules, damaged_gzip, vanished_list, damaged_pages, full_disk, file_limit,
    empty_rules, open_folders,
    failed_handshakes,
]

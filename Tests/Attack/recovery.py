# SPDX-License-Identifier: Apache-2.0
"""Clocks, files and disks that go wrong under the service, and input that is meant to be missed."""

import gzip
import json
import random
import shutil
import subprocess
import time

from harness import (
    VICTIM, Service, detection_pb2, detection_pb2_grpc, error_of, grpc, record, require, stop_logging,
)


def far_future(run):
    """A record of the year 9999 sets the account's clock."""
    with Service(run.programs) as service:
        answer = service.submit([record(VICTIM, "ListUsers", eventTime="9999-12-31T23:59:59Z")])
        require(answer.rejected == 1, "a record of the year 9999 was taken")
        require("eventTime" in answer.rejections[0].detail, "the refusal does not name eventTime: " + answer.rejections[0].detail)
        return answer.rejections[0].reason


def lone_surrogates(run):
    """eventIDs that differ in lone surrogates only."""
    with Service(run.programs) as service:
        bodies = [json.dumps(record(VICTIM, "ListUsers", eventID="MARK")).replace("MARK", "id-\\ud80%x" % n).encode() for n in range(3)]
        answer = service.submit(bodies)
        require(answer.duplicate == 0, f"{answer.duplicate} of 3 count as duplicates")
        return f"{answer.accepted} accepted, {answer.rejected} refused"


def dodged_rules(run):
    """Spellings that AWS does not write, so that a rule would miss the event."""
    spellings = {
        "errorCode empty": lambda e: json.dumps(e | {"errorCode": ""}),
        "trailing blank": lambda e: json.dumps(e | {"eventName": e["eventName"] + " "}),
        "leading tab": lambda e: json.dumps(e | {"eventName": "\t" + e["eventName"]}),
        "blank in the source": lambda e: json.dumps(e | {"eventSource": e["eventSource"] + " "}),
        "named twice": lambda e: json.dumps(e)[:-1] + ', "eventName": "ListTrails"}',
        "named twice, escaped": lambda e: json.dumps(e)[:-1] + ', "event\\u004eame": "ListTrails"}',
    }
    missed = []
    for name, spell in spellings.items():
        with Service(run.programs) as service:
            answer = service.submit([spell(stop_logging(VICTIM)).encode()])
            if not answer.rejected and not service.alerts(VICTIM):
                missed.append(name)
    require(not missed, "taken and missed: " + ", ".join(missed))
    return f"{len(spellings)} spellings seen or refused"


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
    far_future, lone_surrogates, dodged_rules, damaged_gzip, vanished_list, damaged_pages, empty_rules, open_folders,
    failed_handshakes,
]

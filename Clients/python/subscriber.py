#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Prints alerts as they fire, one line each.

The cursor of the last alert that was printed is kept in a file, so that the next run goes on from there: history first,
then live, nothing left out and nothing twice.
"""

import os
import sys
import time
from pathlib import Path

import grpc
import stubs
from trailhound.v1 import alert_pb2, alert_pb2_grpc, common_pb2

ATTEMPTS = 20  # connections in a row that gave nothing, then it gives up


def line(alert):
    severity = common_pb2.Severity.Name(alert.severity).removeprefix("SEVERITY_")
    when = alert.last_seen.ToDatetime().strftime("%Y-%m-%d %H:%M:%S")
    actor = stubs.visible(alert.actor.principal or alert.actor.arn)
    count = f" x{alert.match_count}" if alert.match_count > 1 else ""
    return (
        f"{when} {severity:<8} {alert.account_id} {stubs.visible(alert.title)}{count} | {actor} | {alert.alert_id} r{alert.revision}"
    )


def keep(file, cursor):
    """Replaces the cursor's file at once, so that a crash leaves the old one or the new one."""
    new = file.with_name(file.name + ".new")
    new.write_text(cursor)
    os.replace(new, file)


def follow(service, file, once):
    """Prints until the stream ends. Returns how many alerts came, and the error that ended it, if any."""
    cursor = file.read_text() if file.exists() else ""
    request = alert_pb2.SubscribeAlertsRequest(cursor=cursor, until_caught_up=once)
    count = 0
    try:
        for answer in service.SubscribeAlerts(request):
            print(line(answer.alert), flush=True)
            keep(file, answer.cursor)
            count += 1
    except grpc.RpcError as error:
        return count, error
    return count, None


def main():
    parser = stubs.arguments(__doc__.splitlines()[0])
    parser.add_argument("--cursor-file", type=Path, default=Path("alerts.cursor"), help="(default: %(default)s)")
    parser.add_argument("--once", action="store_true", help="stop when all alerts so far are printed")
    options = parser.parse_args()
    attempts = 0
    with stubs.channel(options) as channel:
        service = alert_pb2_grpc.AlertServiceStub(channel)
        while True:
            count, error = follow(service, options.cursor_file, options.once)
            if error is None and options.once:
                return
            if error and error.code() != grpc.StatusCode.UNAVAILABLE:
                sys.exit(f"{error.code().name}: {error.details()}")
            attempts = 0 if count else attempts + 1
            if attempts >= ATTEMPTS:
                sys.exit("the service can't be reached" if error else "the service keeps ending the stream")
            time.sleep(min(0.1 * 2**attempts, 5))


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        sys.exit(130)

#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes an ordinary morning of a made-up AWS account, with an attack in it, as CloudTrail log files.

The files lie under OUTPUT/AWSLogs/ACCOUNT/CloudTrail/REGION/YYYY/MM/DD/ as AWS delivers them. The same start and seed
give the same bytes. Needs Python 3.9 or newer and nothing else.
"""

import argparse
import gzip
import json
import random
import shutil
from datetime import datetime, timedelta, timezone
from pathlib import Path

from attack import attack
from ordinary import ordinary_morning
from records import ACCOUNT, Morning

MINUTES = 150
ATTACK_BEGINS = 95  # minutes after the start
FILE_MINUTES = 10  # of each region go into one file


def this_morning(now):
    """06:00 UTC of the last day on which the whole morning is over."""
    start = now.replace(hour=6, minute=0, second=0, microsecond=0)
    return start if start + timedelta(minutes=MINUTES) <= now else start - timedelta(days=1)


def parse_time(text):
    return datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=timezone.utc)


def files_of(morning):
    """Groups records by region and time, and puts those of a file in no order, as CloudTrail does."""
    groups = {}
    for record in morning.records:
        minutes = (parse_time(record["eventTime"]) - morning.start) / timedelta(minutes=1)
        groups.setdefault((int(minutes // FILE_MINUTES), record["awsRegion"]), []).append(record)
    for (window, region), records in sorted(groups.items()):
        morning.rng.shuffle(records)
        delivered = morning.start + timedelta(minutes=(window + 1) * FILE_MINUTES)
        letters = "".join(morning.rng.choices("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789", k=16))
        folder = Path("AWSLogs", ACCOUNT, "CloudTrail", region, delivered.strftime("%Y/%m/%d"))
        yield folder / f"{ACCOUNT}_CloudTrail_{region}_{delivered:%Y%m%dT%H%MZ}_{letters}.json.gz", records


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--output", type=Path, required=True, help="folder to write AWSLogs/ into; an older one there is replaced"
    )
    parser.add_argument(
        "--start", type=parse_time, help="first minute, as 2026-11-22T06:00:00Z (default: this morning)"
    )
    parser.add_argument("--seed", type=int, default=7)
    arguments = parser.parse_args()

    start = arguments.start or this_morning(datetime.now(timezone.utc))
    morning = Morning(start, random.Random(f"{arguments.seed} {start:%Y-%m-%dT%H:%MZ}"))
    ordinary_morning(morning, MINUTES)
    attack(morning, ATTACK_BEGINS)

    shutil.rmtree(arguments.output / "AWSLogs", ignore_errors=True)
    count = 0
    for path, records in files_of(morning):
        target = arguments.output / path
        target.parent.mkdir(parents=True, exist_ok=True)
        document = json.dumps({"Records": records}, separators=(",", ":")).encode()
        target.write_bytes(gzip.compress(document, mtime=0))
        count += 1
    print(f"{len(morning.records):,} records of account {ACCOUNT} in {count} files from {start:%Y-%m-%d %H:%M} UTC")


if __name__ == "__main__":
    main()

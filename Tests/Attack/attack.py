#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Attacks a built service from outside, as a hostile client would, and prints a verdict a line.

Each attack starts a service of its own on the loopback, with certificates of its own. Exits 1 where one had its way.
"""

import argparse
import sys
import tempfile
import time
import traceback
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

import harness  # noqa: E402
import isolation  # noqa: E402
import limits  # noqa: E402
import neighbour  # noqa: E402
import recovery  # noqa: E402
import sharing  # noqa: E402

# Judged by a time or a rate, which a machine that does other work beside can spoil.
TIMED = {"analyst_loops", "greedy_collector", "validating_neighbour", "sign_in_spray", "half_open", "compile_bomb",
         "worst_neighbour"}


class Run:
    """What an attack may know of this run."""

    def __init__(self, programs, short, folder):
        self.programs, self.short, self.folder, self.root = programs, short, folder, harness.ROOT

    def batch(self, events):
        import json

        return harness.ingest_pb2.RecordBatch(records=[json.dumps(event).encode() for event in events])


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--programs", type=Path, default=harness.ROOT / ".build" / "release", help="folder of the built programs")
    parser.add_argument("--untimed", action="store_true", help="without the attacks whose verdict is a time or a rate")
    parser.add_argument("--short", action="store_true", help="fewer records and connections")
    parser.add_argument("names", nargs="*", help="only these attacks")
    options = parser.parse_args()
    attacks = [attack for module in (isolation, limits, recovery, sharing, neighbour) for attack in module.ATTACKS]
    unknown = set(options.names) - {attack.__name__ for attack in attacks}
    if unknown:
        parser.error("no such attack: " + ", ".join(sorted(unknown)))
    lost = passed = 0
    print(f"{'ATTACK':<20} {'VERDICT':<8} {'TIME':>6}  FIGURE", flush=True)
    with tempfile.TemporaryDirectory(prefix="trailhound-attacks-") as folder:
        run = Run(options.programs.resolve(), options.short, Path(folder))
        for attack in attacks:
            if options.names and attack.__name__ not in options.names:
                continue
            if options.untimed and attack.__name__ in TIMED:
                continue
            begun = time.monotonic()
            try:
                verdict, figure = "held", attack(run)
                passed += 1
            except harness.Held as reason:
                verdict, figure, lost = "LOST", str(reason), lost + 1
            except Exception as error:  # an attack that could not be made is not one that was withstood
                verdict, figure, lost = "BROKEN", repr(error)[:200], lost + 1
                traceback.print_exc(file=sys.stderr)
            print(f"{attack.__name__:<20} {verdict:<8} {time.monotonic() - begun:5.1f}s  {figure}", flush=True)
    print(f"{passed} passed, {lost} failed")
    sys.exit(1 if lost else 0)


if __name__ == "__main__":
    main()

# SPDX-License-Identifier: Apache-2.0
"""Judges an HTTP/2 server by RFC 9113 and RFC 7541: `http2_cases.py --port N` prints a verdict a case.

The server is one of test.Echo: Unary, Chat, and Hold, which reads nothing.
"""

import argparse
import concurrent.futures
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "http2"))

import connections  # noqa: E402,F401
import frames  # noqa: E402,F401
import hpack_cases  # noqa: E402,F401
import messages  # noqa: E402,F401
from cases import CASES  # noqa: E402
from peer import Failed, Peer  # noqa: E402


def run(port, function, settings, handshake):
    peer = Peer(port, settings=settings, handshake=handshake)
    try:
        function(peer)
        return "ok"
    except Failed as failure:
        return f"failed: {failure}"
    except OSError as error:
        return f"failed: {error}"
    finally:
        peer.close()


def guarded(port, function, settings, handshake):
    try:
        return run(port, function, settings, handshake)
    except (Failed, OSError) as failure:
        return f"failed in the handshake: {failure}"


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--list", action="store_true", help="print the sections and their cases' number")
    parser.add_argument("--section", help="only this one")
    arguments = parser.parse_args()
    if arguments.list:
        for section in dict.fromkeys(entry[0] for entry in CASES):
            print(f"{section}\t{sum(entry[0] == section for entry in CASES)}")
        return
    chosen = [entry for entry in CASES if arguments.section in (None, entry[0])]
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        verdicts = pool.map(lambda entry: guarded(arguments.port, *entry[2:]), chosen)
        for (section, title, *_), verdict in zip(chosen, verdicts):
            print(f"{section}\t{title}\t{verdict}", flush=True)


main()

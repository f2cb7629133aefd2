# SPDX-License-Identifier: Apache-2.0
"""A flood of TLS handshakes: `handshake_flood.py --port N --ca F --cert F --key F --count N go|stall|half|whole`.

go     each is completed, and the connection closed without another word;
stall  each sends its first message and nothing more;
half   each takes the server's answer, and gives none;
whole  each is completed, and HTTP/2 never begins.

They come from 127.0.0.2, so that the server can tell them from others. Prints how many handshakes came as far as that, and
holds their connections until its input ends.
"""

import argparse
import concurrent.futures
import socket
import ssl
import sys

SOURCE = "127.0.0.2"
PATIENCE_SECONDS = 60
LANES = 8


def context(arguments):
    tls = ssl.create_default_context(cafile=arguments.ca)
    tls.load_cert_chain(arguments.cert, arguments.key)
    tls.set_alpn_protocols(["h2"])
    return tls


def begin(tls, mode, connection):
    """The handshake over memory as far as the mode says; True when it came so far."""
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    session = tls.wrap_bio(incoming, outgoing, server_hostname="localhost")
    while True:
        try:
            session.do_handshake()
            is_complete = True
        except ssl.SSLWantReadError:
            is_complete = False
        connection.sendall(outgoing.read())
        if is_complete or mode == "stall":
            return True
        answer = connection.recv(65536)
        if not answer:
            return False
        if mode == "half":
            return True
        incoming.write(answer)


def attack(tls, arguments):
    """One connection, or None where the server refused it."""
    try:
        connection = socket.create_connection(
            ("127.0.0.1", arguments.port), timeout=PATIENCE_SECONDS, source_address=(SOURCE, 0))
        got_far = begin(tls, arguments.mode, connection)
    except (ConnectionError, ssl.SSLError):
        return None
    if arguments.mode == "go":
        connection.close()
    return connection if got_far else None


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("mode", choices=["go", "stall", "half", "whole"])
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--count", type=int, required=True)
    for name in ("ca", "cert", "key"):
        parser.add_argument("--" + name, required=True)
    arguments = parser.parse_args()
    tls = context(arguments)
    with concurrent.futures.ThreadPoolExecutor(LANES) as pool:
        held = list(pool.map(lambda _: attack(tls, arguments), range(arguments.count)))
    print(sum(connection is not None for connection in held), flush=True)
    sys.stdin.read()


main()

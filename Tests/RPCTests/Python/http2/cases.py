# SPDX-License-Identifier: Apache-2.0
"""The list of cases, by section."""

CASES = []


def case(section, title, settings=b"", handshake=True):
    """Adds a case to its section ("RFC 9113 6.1"). Its function gets a peer that has connected, and, unless
    `handshake` is false, has shaken hands with these settings."""

    def add(function):
        CASES.append((section, title, function, settings, handshake))
        return function

    return add

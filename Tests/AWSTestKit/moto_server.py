# SPDX-License-Identifier: Apache-2.0
"""Starts moto's server on a free port, prints the port, and ends when its standard input does.

The tests hold the other end of that pipe, so the server goes away with them however they end.
"""

import logging
import sys

from moto.server import ThreadedMotoServer

logging.getLogger("werkzeug").setLevel(logging.ERROR)
server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
server.start()
print(server.get_host_and_port()[1], flush=True)
sys.stdin.read()

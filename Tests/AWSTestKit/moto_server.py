# SPDX-License-Identifier: Apache-2.0
"""Starts moto's server on a free port, prints the port, and ends when its standard input does.

The tests hold the other end of that pipe, so the server goes away with them however they end.

With TRAILHOUND_CALLS set to a folder, every call is written down there: see `moto_calls.Recorder`. With
TRAILHOUND_GUARDED set, the policies of the account's roles and users hold: see `moto_guard.Guard`.
"""

import logging
import os
import sys
import threading

from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import make_server

from moto_calls import Recorder
from moto_guard import Guard

logging.getLogger("werkzeug").setLevel(logging.ERROR)
application = Guard(DomainDispatcherApplication(create_backend_app), bool(os.environ.get("TRAILHOUND_GUARDED")))
if folder := os.environ.get("TRAILHOUND_CALLS"):
    application = Recorder(application, folder)
server = make_server("127.0.0.1", 0, application, True)
threading.Thread(target=server.serve_forever, daemon=True).start()
print(server.server_address[1], flush=True)
sys.stdin.read()

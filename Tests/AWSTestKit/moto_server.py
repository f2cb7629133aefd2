# SPDX-License-Identifier: Apache-2.0
"""Starts moto's server on a free port, prints the port, and ends when its standard input does.

The tests hold the other end of that pipe, so the server goes away with them however they end.

With TRAILHOUND_CALLS set to a folder, every call is written down there: a file for each server, a JSON object a line,
in the order of arrival, as `CallRecorder` reads them:

    {"action": "iam:UpdateAccessKey", "caller": "arn:aws:iam::123456789012:role/Remediation", "status": 200}

`action` is what an IAM policy would have to allow. `caller` is the role whose session signed the call, by what
AssumeRole gave out in this server, or else the access key's id; it is empty for a call that is not signed.
"""

import json
import logging
import os
import re
import sys
import threading
from urllib.parse import parse_qs

from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import make_server

CREDENTIAL = re.compile(r"Credential=([^/]+)/\d+/[^/]*/([^/]+)/aws4_request")
FORM = re.compile(rb"(?:^|&)Action=(\w+)")
KEY = re.compile(rb"<AccessKeyId>(\w+)</AccessKeyId>")


def s3_action(method, path, query):
    """The permission that S3 asks for, as far as Trailhound and its tests call S3."""
    is_bucket = "/" not in path.strip("/")
    if is_bucket:
        return {"GET": "ListBucket", "HEAD": "ListBucket", "PUT": "CreateBucket"}.get(method, method)
    if method in ("GET", "HEAD"):
        return "GetObjectVersion" if "versionId=" in query else "GetObject"
    return {"PUT": "PutObject", "DELETE": "DeleteObject"}.get(method, method)


class Recorder:
    """Writes down every call that passes through to the application."""

    def __init__(self, application, folder):
        self.application = application
        os.makedirs(folder, exist_ok=True)
        self.file = open(os.path.join(folder, f"calls-{os.getpid()}.jsonl"), "a", buffering=1, encoding="utf-8")
        self.roles = {}
        self.lock = threading.Lock()

    def __call__(self, environ, start_response):
        length = int(environ.get("CONTENT_LENGTH") or 0)
        body = environ["wsgi.input"].read(length) if length else b""

        class Replay:
            """The body once more, for the application."""

            def __init__(self):
                self.rest = body

            def read(self, size=-1):
                size = len(self.rest) if size is None or size < 0 else size
                part, self.rest = self.rest[:size], self.rest[size:]
                return part

            def readline(self, size=-1):
                end = self.rest.find(b"\n") + 1 or len(self.rest)
                return self.read(end if size < 0 else min(end, size))

            def __iter__(self):
                return iter(self.readline, b"")

        environ["wsgi.input"] = Replay()
        status = []

        def begin(line, headers, *rest):
            status.append(int(line.split()[0]))
            return start_response(line, headers, *rest)

        answer = b"".join(self.application(environ, begin))
        self.note(environ, body, answer, status[0] if status else 0)
        return [answer]

    def note(self, environ, body, answer, status):
        match = CREDENTIAL.search(environ.get("HTTP_AUTHORIZATION", ""))
        key, service = match.groups() if match else ("", "sts")
        target = environ.get("HTTP_X_AMZ_TARGET")
        form = FORM.search(body)
        if target:
            operation = target.rsplit(".", 1)[-1]
        elif form:
            operation = form.group(1).decode()
        elif service == "s3":
            operation = s3_action(environ["REQUEST_METHOD"], environ["PATH_INFO"], environ.get("QUERY_STRING", ""))
        else:
            return
        with self.lock:
            if operation.startswith("AssumeRole") and (given := KEY.search(answer)):
                role = parse_qs(body.decode("utf-8", "replace")).get("RoleArn", [""])[0]
                self.roles[given.group(1).decode()] = role
            line = {"action": f"{service}:{operation}", "caller": self.roles.get(key, key), "status": status}
            self.file.write(json.dumps(line) + "\n")


logging.getLogger("werkzeug").setLevel(logging.ERROR)
application = DomainDispatcherApplication(create_backend_app)
if folder := os.environ.get("TRAILHOUND_CALLS"):
    application = Recorder(application, folder)
server = make_server("127.0.0.1", 0, application, True)
threading.Thread(target=server.serve_forever, daemon=True).start()
print(server.server_address[1], flush=True)
sys.stdin.read()

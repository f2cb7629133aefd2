# SPDX-License-Identifier: Apache-2.0
"""Reads what a request to a stand-in for AWS calls, and writes calls down."""

import json
import os
import re
import threading
from urllib.parse import parse_qs, unquote

from moto.iam.models import iam_backends

CREDENTIAL = re.compile(r"Credential=([^/]+)/\d+/([^/]*)/([^/]+)/aws4_request")
FORM = re.compile(rb"(?:^|&)Action=(\w+)")
KEY = re.compile(rb"<AccessKeyId>(\w+)</AccessKeyId>")


class Replay:
    """A body that was read, once more."""

    def __init__(self, body):
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


class Call:
    """One call: who signed it with which key, for which service, and what it asks for."""

    def __init__(self, environ):
        length = int(environ.get("CONTENT_LENGTH") or 0)
        self.body = environ["wsgi.input"].read(length) if length else b""
        environ["wsgi.input"] = Replay(self.body)
        match = CREDENTIAL.search(environ.get("HTTP_AUTHORIZATION", ""))
        self.key, self.region, self.service = match.groups() if match else ("", "us-east-1", "sts")
        self.path = unquote(environ["PATH_INFO"]).strip("/")
        self.query = parse_qs(environ.get("QUERY_STRING", ""))
        self.is_json = "HTTP_X_AMZ_TARGET" in environ
        form = FORM.search(self.body)
        self.operation = None
        if self.is_json:
            self.operation = environ["HTTP_X_AMZ_TARGET"].rsplit(".", 1)[-1]
        elif form:
            self.operation = form.group(1).decode()
        elif self.service == "s3":
            self.operation = self.s3_operation(environ["REQUEST_METHOD"])

    def s3_operation(self, method):
        """The permission that S3 asks for, as far as Trailhound and its tests call S3."""
        if "/" not in self.path:
            return {"GET": "ListBucket", "HEAD": "ListBucket", "PUT": "CreateBucket"}.get(method, method)
        if method in ("GET", "HEAD"):
            return "GetObjectVersion" if "versionId" in self.query else "GetObject"
        return {"PUT": "PutObject", "DELETE": "DeleteObject"}.get(method, method)

    @property
    def action(self):
        """What an IAM policy would have to allow."""
        operation = "DeleteMessage" if self.operation == "DeleteMessageBatch" else self.operation
        return f"{self.service}:{operation}"

    def parameter(self, name):
        """A parameter of the call, by its name in the service's protocol; empty where it has none."""
        if self.is_json:
            return json.loads(self.body or b"{}").get(name, "")
        return parse_qs(self.body.decode("utf-8", "replace")).get(name, [""])[0]

    def parameters(self, name):
        """A list of the query protocol: `name.member.1` and on."""
        form = parse_qs(self.body.decode("utf-8", "replace"))
        return [form[key][0] for key in form if key.startswith(name + ".member.")]

    @staticmethod
    def of(environ):
        """The call of a request; read once."""
        if "trailhound.call" not in environ:
            environ["trailhound.call"] = Call(environ)
        return environ["trailhound.call"]


def user_of(key):
    """The user of IAM whose access key it is; nothing for any other key."""
    for partitions in list(iam_backends.values()):
        for backend in list(partitions.values()):
            for user in list(backend.users.values()):
                if any(known.access_key_id == key for known in user.access_keys):
                    return user.arn
    return None


class Recorder:
    """Writes down every call that passes through to the application.

    A file for each server, a JSON object a line, in the order of arrival, as `CallRecorder` reads them:

        {"action": "iam:UpdateAccessKey", "caller": "arn:aws:iam::123456789012:role/Remediation", "status": 200}

    `action` is what an IAM policy would have to allow. `caller` is the role whose session signed the call, by what
    AssumeRole gave out in this server, or the user whose key did, or else the access key's id; it is empty for a call
    that is not signed. Whoever reads an encrypted object asks KMS for the decryption with a permission of its own: that
    is a line too.
    """

    def __init__(self, application, folder):
        self.application = application
        os.makedirs(folder, exist_ok=True)
        self.file = open(os.path.join(folder, f"calls-{os.getpid()}.jsonl"), "a", buffering=1, encoding="utf-8")
        self.roles = {}
        self.lock = threading.Lock()

    def __call__(self, environ, start_response):
        call = Call.of(environ)
        status, headers = [], {}

        def begin(line, pairs, *rest):
            status.append(int(line.split()[0]))
            headers.update((name.lower(), value) for name, value in pairs)
            return start_response(line, pairs, *rest)

        answer = b"".join(self.application(environ, begin))
        if call.operation:
            self.note(call, answer, status[0] if status else 0, headers)
        return [answer]

    def note(self, call, answer, status, headers):
        with self.lock:
            if call.operation.startswith("AssumeRole") and (given := KEY.search(answer)):
                self.roles[given.group(1).decode()] = call.parameter("RoleArn")
            actions = [call.action]
            if call.operation == "GetObject" and headers.get("x-amz-server-side-encryption") == "aws:kms":
                actions.append("kms:Decrypt")
            for action in actions:
                caller = self.roles.get(call.key) or user_of(call.key) or call.key
                line = {"action": action, "caller": caller, "status": status}
                self.file.write(json.dumps(line) + "\n")

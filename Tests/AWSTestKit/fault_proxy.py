# SPDX-License-Identifier: Apache-2.0
"""An HTTP proxy that stands before a stand-in for AWS and does to chosen calls what networks and AWS do.

    fault_proxy.py http://127.0.0.1:5000

It prints its port, and ends when its standard input does. `http://127.0.0.1:PORT/c/NAME` is an endpoint (for
AWS_ENDPOINT_URL) whose calls are counted, and scripted, under NAME, so that many tests share one proxy:

    PUT  /faults/NAME   {"faults": ["throttled", "reset"], "operation": "UpdateAccessKey", "times": 3}
    GET  /calls/NAME    {"seen": ["ListAccessKeys", …], "passed": [...]}: asked for; answered by the other side

An operation of "*" is any. Calls of the operation meet the faults one after the other, and so `times` over. They are:

    throttled, serverError, expiredCredentials, clockSkew, accessDenied   an error of AWS, in the call's own format
    echoed               accessDenied, and the message repeats the whole request, signature and token
    garbage              HTTP 200 with something that is no answer
    reset                the connection is reset before the call goes on
    lostAnswer           the call has its effect, then the connection is reset
    timeoutAfterEffect   the call has its effect, then nothing comes until the caller gives up
    halfAnswer           the call has its effect, and the answer breaks off in its middle
"""

import email.utils
import http.client
import json
import re
import socket
import struct
import sys
import threading
import time
import urllib.parse
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

FORM = re.compile(rb"(?:^|&)Action=(\w+)")
ERRORS = {
    "throttled": (400, "Throttling", "ThrottlingException", "Rate exceeded"),
    "serverError": (500, "ServiceFailure", "InternalFailure", "The service has failed"),
    "expiredCredentials": (403, "ExpiredToken", "ExpiredTokenException", "The security token is expired"),
    "clockSkew": (403, "SignatureDoesNotMatch", "InvalidSignatureException", "Signature expired: it is too old"),
    "accessDenied": (403, "AccessDenied", "AccessDeniedException", "not authorized to perform it"),
}
lock = threading.Lock()
faults = {}
calls = {}


class Proxy(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def do_PUT(self):
        self.work()

    do_GET = do_POST = do_HEAD = do_DELETE = do_PUT

    def work(self):
        body = self.rfile.read(int(self.headers.get("content-length") or 0))
        kind, _, rest = self.path.lstrip("/").partition("/")
        name, slash, path = rest.partition("/")
        if kind == "faults":
            with lock:
                faults[name] = json.loads(body)
            return self.reply(200, b"{}")
        if kind == "calls":
            with lock:
                return self.reply(200, json.dumps(calls.get(name, {"seen": [], "passed": []})).encode())
        target = self.headers.get("x-amz-target")
        form = FORM.search(body)
        operation = target.rsplit(".", 1)[-1] if target else form.group(1).decode() if form else self.command
        with lock:
            entry = calls.setdefault(name, {"seen": [], "passed": []})
            entry["seen"].append(operation)
            script = faults.get(name)
            fault = None
            if script and script["operation"] in ("*", operation):
                turn = script["turn"] = script.get("turn", -1) + 1
                if turn < len(script["faults"]) * script["times"]:
                    fault = script["faults"][turn % len(script["faults"])]
        self.act(fault, entry, operation, (slash or "/") + path, body, bool(target))

    def act(self, fault, entry, operation, path, body, is_json):
        if fault in ERRORS:
            return self.error(*ERRORS[fault], is_json)
        if fault == "echoed":
            request = "".join(f"{key}: {value} " for key, value in self.headers.items()) + body.decode()
            code = ERRORS["accessDenied"]
            return self.error(*code[:3], json.dumps(request).replace("&", "&amp;").strip('"'), is_json)
        if fault == "garbage":
            return self.reply(200, b"<html><body>hello")
        if fault == "reset":
            return self.reset()
        status, headers, answer = self.forward(path, body)
        with lock:
            entry["passed"].append(operation)
        if fault == "lostAnswer":
            return self.reset()
        if fault == "timeoutAfterEffect":
            self.connection.settimeout(60)
            try:
                self.connection.recv(1)
            except OSError:
                pass
            return self.reset()
        if fault == "halfAnswer":
            self.begin(status, headers, len(answer))
            self.wfile.write(answer[: len(answer) // 2])
            self.wfile.flush()
            self.close_connection = True
            return self.connection.shutdown(socket.SHUT_RDWR)
        self.begin(status, headers, len(answer))
        if self.command != "HEAD":
            self.wfile.write(answer)

    def forward(self, path, body):
        connection = http.client.HTTPConnection(upstream.hostname, upstream.port, timeout=60)
        headers = {key: value for key, value in self.headers.items() if key.lower() not in ("host", "connection")}
        connection.request(self.command, path, body, {**headers, "host": upstream.netloc})
        response = connection.getresponse()
        answer = response.read()
        connection.close()
        return response.status, response.getheaders(), answer

    def begin(self, status, headers, length):
        self.send_response_only(status)
        for key, value in headers:
            if key.lower() not in ("content-length", "connection", "transfer-encoding"):
                self.send_header(key, value)
        self.send_header("content-length", str(length))
        self.end_headers()

    def error(self, status, code, json_code, message, is_json):
        if is_json:
            body = json.dumps({"__type": json_code, "message": message.replace("&amp;", "&")})
        else:
            body = f"<ErrorResponse><Error><Code>{code}</Code><Message>{message}</Message></Error>"
            body += "<RequestId>req-1</RequestId></ErrorResponse>"
        self.reply(status, body.encode(), {"x-amzn-requestid": "req-1"})

    def reply(self, status, body, headers=None):
        date = email.utils.formatdate(time.time(), usegmt=True)
        self.begin(status, [("date", date), *(headers or {}).items()], len(body))
        self.wfile.write(body)

    def reset(self):
        self.close_connection = True
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.connection.close()
        # What the handler does at its end then has nothing to do.
        self.wfile = open("/dev/null", "wb")


class Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def handle_error(self, *_):
        """A caller that went away is no news here."""

    def shutdown_request(self, request):
        try:
            super().shutdown_request(request)
        except OSError:
            pass


upstream = urllib.parse.urlsplit(sys.argv[1])
server = Server(("127.0.0.1", 0), Proxy)
threading.Thread(target=server.serve_forever, daemon=True).start()
print(server.server_address[1], flush=True)
sys.stdin.read()

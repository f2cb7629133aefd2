# SPDX-License-Identifier: Apache-2.0
"""An AWS service of the JSON protocol whose answers are given: a JSON object of them by operation, in the first argument.

For the few calls that moto lacks, behind AWS_ENDPOINT_URL_CLOUDTRAIL and its like. Prints its port, and ends when its
standard input does.
"""

import json
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

ANSWERS = json.loads(sys.argv[1])


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        self.rfile.read(int(self.headers.get("content-length", 0)))
        operation = self.headers.get("x-amz-target", "").split(".")[-1]
        answer = ANSWERS.get(operation)
        body = json.dumps(answer if answer is not None else {"__type": "UnknownOperationException"}).encode()
        self.send_response(200 if answer is not None else 400)
        self.send_header("content-type", "application/x-amz-json-1.1")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *arguments):
        pass


server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
threading.Thread(target=server.serve_forever, daemon=True).start()
print(server.server_port, flush=True)
sys.stdin.read()

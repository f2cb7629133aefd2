# SPDX-License-Identifier: Apache-2.0
"""Signs requests with botocore, so that the tests can compare a second implementation.

Reads a JSON array of requests from standard input and prints a JSON array of Authorization headers.
"""

import datetime
import json
import sys
from unittest import mock

from botocore import auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

answers = []
for case in json.load(sys.stdin):
    request = AWSRequest(
        method=case["method"], url=case["url"], data=bytes.fromhex(case["body"]), headers=case["headers"]
    )
    credentials = Credentials(case["key"], case["secret"], case.get("token"))
    signer = auth.S3SigV4Auth if case["service"] == "s3" else auth.SigV4Auth
    moment = datetime.datetime.strptime(case["timestamp"], "%Y%m%dT%H%M%SZ")
    with mock.patch("botocore.auth.get_current_datetime", lambda remove_tzinfo=True: moment):
        request.context["payload_signing_enabled"] = True
        signer(credentials, case["service"], case["region"]).add_auth(request)
    answers.append(request.headers["Authorization"])
print(json.dumps(answers))

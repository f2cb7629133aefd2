# SPDX-License-Identifier: Apache-2.0
"""CloudTrail records of a made-up account, in the shape in which AWS delivers them."""

import random
import uuid
from datetime import datetime, timedelta

ACCOUNT = "111122223333"
OUTSIDER = "999988887777"
HOME = "eu-north-1"
GLOBAL = "us-east-1"  # where IAM, the global STS endpoint and console sign-in report

OFFICE = "203.0.113.24"
CI_NETWORK = "203.0.113.200"
ATTACKER = "198.51.100.77"

CLI = "aws-cli/2.17.42 md/awscrt#0.21.2 ua/2.0 os/linux#6.8 lang/python#3.11.9"
SDK = "aws-sdk-js/3.645.0 ua/2.0 os/linux#5.10 lang/js md/nodejs#20.15.1 api/s3#3.645.0"
TERRAFORM = "APN/1.0 HashiCorp/1.0 Terraform/1.9.5 terraform-provider-aws/5.66.0 aws-sdk-go-v2/1.30.4"
BROWSER = "Mozilla/5.0 (X11; Linux x86_64; rv:132.0) Gecko/20100101 Firefox/132.0"

READ_PREFIXES = (
    "Get",
    "List",
    "Describe",
    "Head",
    "Assume",
    "Decrypt",
    "GenerateDataKey",
    "BatchGet",
    "Filter",
    "Lookup",
)
GLOBAL_SOURCES = ("iam", "organizations", "signin")
DATA_CALLS = ("GetObject", "PutObject", "DeleteObject", "HeadObject")


def user(name, key):
    """An IAM user with a long-term key."""
    return {
        "type": "IAMUser",
        "principalId": "AIDA" + pseudo_id(name),
        "arn": f"arn:aws:iam::{ACCOUNT}:user/{name}",
        "accountId": ACCOUNT,
        "accessKeyId": key,
        "userName": name,
    }


def role(name, session, started, path="", mfa="false", **more):
    """A session of a role; `started` is when it was assumed."""
    identity = {
        "type": "AssumedRole",
        "principalId": f"AROA{pseudo_id(name)}:{session}",
        "arn": f"arn:aws:sts::{ACCOUNT}:assumed-role/{name}/{session}",
        "accountId": ACCOUNT,
        "accessKeyId": "ASIA" + pseudo_id(name + session + started),
        "sessionContext": {
            "sessionIssuer": {
                "type": "Role",
                "principalId": "AROA" + pseudo_id(name),
                "arn": f"arn:aws:iam::{ACCOUNT}:role/{path}{name}",
                "accountId": ACCOUNT,
                "userName": name,
            },
            "attributes": {"creationDate": started, "mfaAuthenticated": mfa},
        },
    }
    return identity | more


def person(name, permission_set, started):
    """Somebody signed in through IAM Identity Center."""
    full = f"AWSReservedSSO_{permission_set}_{pseudo_id(permission_set).lower()}"
    return role(full, name, started, path=f"aws-reserved/sso.amazonaws.com/{HOME}/")


def service_role(name, service, session, started):
    """A service that acts through its service-linked role."""
    return role(name, session, started, path=f"aws-service-role/{service}/", invokedBy=service)


def service(name):
    """A service that acts by itself."""
    return {"type": "AWSService", "invokedBy": name}


def pseudo_id(text):
    """Sixteen characters as in AWS's unique ids, always the same for the same text."""
    return "".join(random.Random(text).choices("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", k=16))


def stamp(time):
    return time.strftime("%Y-%m-%dT%H:%M:%SZ")


class Morning:
    """Collects the records of a morning. Times are minutes after its start."""

    def __init__(self, start: datetime, rng: random.Random):
        self.start = start
        self.rng = rng
        self.records = []

    def at(self, minute):
        return stamp(self.start + timedelta(minutes=minute))

    def guid(self):
        return str(uuid.UUID(int=self.rng.getrandbits(128), version=4))

    def instance_id(self):
        return "i-0" + "".join(self.rng.choices("0123456789abcdef", k=16))

    def add(self, minute, source, name, who, address, agent, request=None, response=None, error=None, **more):
        """Adds one record and returns it. `error` is a pair of code and message."""
        invoked_by = who.get("invokedBy")
        region = more.pop("region", GLOBAL if source in GLOBAL_SOURCES else HOME)
        record = {
            "eventVersion": "1.10",
            "userIdentity": who,
            "eventTime": self.at(minute),
            "eventSource": f"{source}.amazonaws.com",
            "eventName": name,
            "awsRegion": region,
            "sourceIPAddress": invoked_by or address,
            "userAgent": invoked_by or agent,
        }
        if error:
            record |= {"errorCode": error[0], "errorMessage": error[1]}
        data = name in DATA_CALLS
        record |= {
            "requestParameters": request,
            "responseElements": None if error else response,
            "requestID": self.guid(),
            "eventID": self.guid(),
            "readOnly": name.startswith(READ_PREFIXES),
        }
        if data:
            bucket = f"arn:aws:s3:::{request['bucketName']}"
            record["resources"] = [
                {"type": "AWS::S3::Object", "ARN": f"{bucket}/{request['key']}"},
                {"accountId": ACCOUNT, "type": "AWS::S3::Bucket", "ARN": bucket},
            ]
        record |= {
            "eventType": "AwsApiCall",
            "managementEvent": not data,
            "recipientAccountId": ACCOUNT,
            "eventCategory": "Data" if data else "Management",
        }
        if not invoked_by:
            record["tlsDetails"] = {
                "tlsVersion": "TLSv1.3",
                "cipherSuite": "TLS_AES_128_GCM_SHA256",
                "clientProvidedHostHeader": f"{source}.{region}.amazonaws.com",
            }
        record |= more
        self.records.append(record)
        return record

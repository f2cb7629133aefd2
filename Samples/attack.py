# SPDX-License-Identifier: Apache-2.0
"""The attack in the morning: a leaked key of a build server's user, used from a network never seen before."""

import json

from records import ACCOUNT, ATTACKER, CLI, OFFICE, OUTSIDER, person, service, user

STOLEN = "AKIAIOSFODNN7EXAMPLE"
SECOND = "AKIAI44QH8DHBEXAMPLE"
VOLUME = "vol-0b2c3d4e5f6071829"
SNAPSHOT = "snap-0b2c3d4e5f6071829"
BUCKET = "customer-exports"


def attack(morning, begins):
    """Adds the attack's records, from minute `begins` on for about half an hour."""
    thief = user("ci-publisher", STOLEN)
    helper = user("backup-agent", SECOND)
    look_around(morning, begins, thief)
    climb(morning, begins + 5, thief)
    go_dark(morning, begins + 10, helper)
    take_data(morning, begins + 13, helper)
    stay(morning, begins + 20, helper)
    spend(morning, begins + 24, helper)
    found_out(morning, begins + 27)


def look_around(morning, minute, who):
    """Who am I, and what may I do? Most of it is refused."""
    morning.add(minute, "sts", "GetCallerIdentity", who, ATTACKER, CLI)
    tries = (
        ("s3", "ListBuckets", True),
        ("iam", "ListUsers", False),
        ("iam", "ListRoles", False),
        ("ec2", "DescribeInstances", True),
        ("iam", "GetAccountAuthorizationDetails", False),
        ("secretsmanager", "ListSecrets", False),
        ("rds", "DescribeDBInstances", True),
        ("ec2", "DescribeSnapshots", True),
        ("ses", "GetSendQuota", False),
        ("organizations", "DescribeOrganization", False),
        ("lambda", "ListFunctions20150331", True),
        ("iam", "ListAttachedUserPolicies", True),
    )
    for step, (source, name, allowed) in enumerate(tries):
        error = None if allowed else refused(who, source, name)
        morning.add(minute + 0.3 + step * 0.15, source, name, who, ATTACKER, CLI, None, None, error)
    for step in range(6):
        request = {"instanceId": morning.instance_id(), "attribute": "userData"}
        error = ("Client.UnauthorizedOperation", "You are not authorized to perform this operation.")
        morning.add(
            minute + 3 + step * 0.1, "ec2", "DescribeInstanceAttribute", who, ATTACKER, CLI, request, None, error
        )


def climb(morning, minute, who):
    """The user may attach policies, which nobody meant it to."""
    admin = "arn:aws:iam::aws:policy/AdministratorAccess"
    morning.add(minute, "iam", "AttachUserPolicy", who, ATTACKER, CLI, {"userName": "ci-publisher", "policyArn": admin})
    morning.add(minute + 1, "iam", "ListUsers", who, ATTACKER, CLI)
    morning.add(
        minute + 2,
        "iam",
        "CreateAccessKey",
        who,
        ATTACKER,
        CLI,
        {"userName": "backup-agent"},
        {
            "accessKey": {
                "accessKeyId": SECOND,
                "status": "Active",
                "userName": "backup-agent",
                "createDate": morning.at(minute + 2),
            },
        },
    )
    morning.add(
        minute + 2.5, "iam", "AttachUserPolicy", who, ATTACKER, CLI, {"userName": "backup-agent", "policyArn": admin}
    )
    everything = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}
    request = {"name": "support", "durationSeconds": 129600, "policy": json.dumps(everything)}
    morning.add(
        minute + 4,
        "sts",
        "GetFederationToken",
        who,
        ATTACKER,
        CLI,
        request,
        {
            "credentials": {"accessKeyId": "ASIAIOSFODNN7EXAMPLE", "expiration": morning.at(minute + 4 + 36 * 60)},
            "federatedUser": {
                "federatedUserId": f"{ACCOUNT}:support",
                "arn": f"arn:aws:sts::{ACCOUNT}:federated-user/support",
            },
        },
    )


def go_dark(morning, minute, who):
    """The trail and the flow logs go. The organisation's own trail still sees it."""
    morning.add(minute, "sts", "GetCallerIdentity", who, ATTACKER, CLI)
    morning.add(minute + 0.5, "cloudtrail", "DescribeTrails", who, ATTACKER, CLI, {"trailNameList": []})
    morning.add(minute + 1, "cloudtrail", "StopLogging", who, ATTACKER, CLI, {"name": "management-events"})
    request = {"DeleteFlowLogsRequest": {"FlowLogId": {"tag": 1, "content": "fl-0a1b2c3d4e5f67890"}}}
    morning.add(
        minute + 2,
        "ec2",
        "DeleteFlowLogs",
        who,
        ATTACKER,
        CLI,
        request,
        {"DeleteFlowLogsResponse": {"unsuccessful": ""}},
    )


def take_data(morning, minute, who):
    """A disk, a database and a bucket leave the account."""
    morning.add(
        minute,
        "ec2",
        "CreateSnapshot",
        who,
        ATTACKER,
        CLI,
        {"volumeId": VOLUME},
        {"snapshotId": SNAPSHOT, "status": "pending"},
    )
    request = {
        "snapshotId": SNAPSHOT,
        "attributeType": "CREATE_VOLUME_PERMISSION",
        "createVolumePermission": {"add": {"items": [{"userId": OUTSIDER}]}},
    }
    morning.add(minute + 1, "ec2", "ModifySnapshotAttribute", who, ATTACKER, CLI, request, {"_return": True})
    names = {"dBInstanceIdentifier": "shop", "dBSnapshotIdentifier": "shop-copy"}
    morning.add(minute + 2, "rds", "CreateDBSnapshot", who, ATTACKER, CLI, names, {"status": "creating"})
    request = {"dBSnapshotIdentifier": "shop-copy", "attributeName": "restore", "valuesToAdd": ["all"]}
    morning.add(
        minute + 3.5,
        "rds",
        "ModifyDBSnapshotAttribute",
        who,
        ATTACKER,
        CLI,
        request,
        {"dBSnapshotIdentifier": "shop-copy"},
    )
    host = {"bucketName": BUCKET, "Host": f"{BUCKET}.s3.eu-north-1.amazonaws.com"}
    morning.add(minute + 4, "s3", "DeleteBucketPublicAccessBlock", who, ATTACKER, CLI, host | {"publicAccessBlock": ""})
    policy = {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": "*",
                "Action": ["s3:GetObject", "s3:ListBucket"],
                "Resource": [f"arn:aws:s3:::{BUCKET}", f"arn:aws:s3:::{BUCKET}/*"],
            }
        ],
    }
    morning.add(
        minute + 4.5, "s3", "PutBucketPolicy", who, ATTACKER, CLI, host | {"policy": "", "bucketPolicy": policy}
    )
    for step in range(120):
        request = {"bucketName": BUCKET, "key": f"2026/{step:03d}.csv.gz"}
        morning.add(minute + 5 + step * 0.012, "s3", "GetObject", who, ATTACKER, CLI, request)


def stay(morning, minute, who):
    """Ways back in: a role that trusts an outsider, and a function on the open web."""
    trust = {
        "Version": "2012-10-17",
        "Statement": [
            {"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"},
            {"Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{OUTSIDER}:root"}, "Action": "sts:AssumeRole"},
        ],
    }
    request = {"roleName": "web-app", "policyDocument": json.dumps(trust)}
    morning.add(minute, "iam", "UpdateAssumeRolePolicy", who, ATTACKER, CLI, request)
    request = {"functionName": "mail-digest", "publish": True, "dryRun": False}
    morning.add(
        minute + 1.5,
        "lambda",
        "UpdateFunctionCode20150331v2",
        who,
        ATTACKER,
        CLI,
        request,
        {"functionName": "mail-digest"},
    )
    request = {"functionName": "mail-digest", "authType": "NONE"}
    morning.add(
        minute + 2.5,
        "lambda",
        "CreateFunctionUrlConfig",
        who,
        ATTACKER,
        CLI,
        request,
        {
            "functionUrl": "https://abcdefghijklmnopqrstuvwxyz012345.lambda-url.eu-north-1.on.aws/",
            "authType": "NONE",
        },
    )


def spend(morning, minute, who):
    """Miners want graphics cards; the quota says no."""
    for step, region in enumerate(("us-east-1", "eu-north-1")):
        request = {
            "instancesSet": {"items": [{"imageId": "ami-0c1a2b3c4d5e6f708", "minCount": 1, "maxCount": 8}]},
            "instanceType": "p4d.24xlarge",
        }
        error = (
            "Client.VcpuLimitExceeded",
            "You have requested more vCPU capacity than your current vCPU limit of 0 allows.",
        )
        morning.add(minute + step * 0.5, "ec2", "RunInstances", who, ATTACKER, CLI, request, None, error, region=region)


def found_out(morning, minute):
    """AWS finds the key in a public repository; a colleague starts to clean up."""
    request = {"userName": "ci-publisher", "policyArn": "arn:aws:iam::aws:policy/AWSCompromisedKeyQuarantineV3"}
    morning.add(minute, "iam", "AttachUserPolicy", service("iam.amazonaws.com"), None, None, request)
    robin = person("robin.lindqvist", "PowerUserAccess", morning.at(12))
    for step, (name, key) in enumerate((("ci-publisher", STOLEN), ("backup-agent", SECOND))):
        request = {"userName": name, "accessKeyId": key, "status": "Inactive"}
        morning.add(minute + 3 + step, "iam", "UpdateAccessKey", robin, OFFICE, CLI, request)
    morning.add(minute + 6, "cloudtrail", "StartLogging", robin, OFFICE, CLI, {"name": "management-events"})


def refused(who, source, name):
    call = f"{source}:{name.removesuffix('20150331')}"
    return (
        "AccessDenied",
        f"User: {who['arn']} is not authorized to perform: {call} because no identity-based policy allows it",
    )

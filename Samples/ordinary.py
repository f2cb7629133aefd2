# SPDX-License-Identifier: Apache-2.0
"""What an ordinary morning of a small web shop looks like in CloudTrail."""

from records import (
    ACCOUNT,
    BROWSER,
    CI_NETWORK,
    CLI,
    HOME,
    OFFICE,
    SDK,
    TERRAFORM,
    person,
    role,
    service,
    service_role,
    user,
)

FUNCTIONS = ("orders-webhook", "invoice-render", "stock-sync", "mail-digest")
BUCKETS = ("example-shop-assets", "example-shop-uploads", "customer-exports")
LOOKS = (
    ("ec2", "DescribeInstances", {"instancesSet": {}, "filterSet": {}}),
    ("ec2", "DescribeSecurityGroups", {"securityGroupSet": {}, "filterSet": {}}),
    ("rds", "DescribeDBInstances", None),
    ("lambda", "ListFunctions20150331", None),
    ("monitoring", "DescribeAlarms", {"maxRecords": 100}),
    ("s3", "ListBuckets", None),
    ("logs", "DescribeLogGroups", {"limit": 50}),
    ("cloudtrail", "DescribeTrails", {"trailNameList": []}),
    ("ecs", "DescribeServices", {"cluster": "shop", "services": ["web"]}),
    ("tagging", "GetResources", None),
)


def ordinary_morning(morning, minutes):
    """Adds the benign records of `minutes` minutes."""
    instances = [morning.instance_id() for _ in range(6)]
    web_servers(morning, minutes, instances)
    functions(morning, minutes)
    auto_scaling(morning, minutes)
    people(morning, minutes)
    deployments(morning, minutes)
    old_build_server(morning, minutes)
    terraform(morning, minutes)
    services(morning, minutes)


def web_servers(morning, minutes, instances):
    """Instances read and write objects, decrypt, and report to Systems Manager from inside the VPC."""
    rng = morning.rng
    for number, instance in enumerate(instances):
        who = role("web-app", instance, morning.at(-90))
        address = f"10.0.{number % 3 + 1}.{20 + number}"
        for _ in range(minutes * 2):
            minute = rng.uniform(0, minutes)
            roll = rng.random()
            bucket = rng.choice(BUCKETS[:2])
            key = f"carts/{rng.randrange(10 ** 6):06d}.json"
            if roll < 0.5:
                morning.add(minute, "s3", "GetObject", who, address, SDK, {"bucketName": bucket, "key": key})
            elif roll < 0.7:
                morning.add(minute, "s3", "PutObject", who, address, SDK, {"bucketName": bucket, "key": key})
            elif roll < 0.9:
                context = {
                    "encryptionContext": {"aws:s3:arn": f"arn:aws:s3:::{bucket}"},
                    "encryptionAlgorithm": "SYMMETRIC_DEFAULT",
                }
                morning.add(minute, "kms", "Decrypt", who, address, SDK, context)
            else:
                morning.add(
                    minute, "secretsmanager", "GetSecretValue", who, address, SDK, {"secretId": "shop/database"}
                )
        for minute in range(number, minutes, 15):
            request = {
                "instanceId": instance,
                "agentName": "amazon-ssm-agent",
                "agentStatus": "Active",
                "platformType": "Linux",
            }
            morning.add(
                minute, "ssm", "UpdateInstanceInformation", who, address, "aws-sdk-go/1.55.5 amazon-ssm-agent/", request
            )


def functions(morning, minutes):
    """Lambda takes each function's role, and the functions open log streams and decrypt."""
    rng = morning.rng
    for _ in range(minutes * 3):
        minute = rng.uniform(0, minutes)
        name = rng.choice(FUNCTIONS)
        arn = f"arn:aws:iam::{ACCOUNT}:role/{name}-role"
        morning.add(
            minute,
            "sts",
            "AssumeRole",
            service("lambda.amazonaws.com"),
            None,
            None,
            {"roleArn": arn, "roleSessionName": name},
            {"assumedRoleUser": {"arn": arn, "assumedRoleId": name}},
        )
        who = role(f"{name}-role", name, morning.at(minute))
        address = f"10.0.9.{rng.randrange(4, 250)}"
        if rng.random() < 0.4:
            request = {"logGroupName": f"/aws/lambda/{name}", "logStreamName": f"[$LATEST]{rng.getrandbits(64):016x}"}
            morning.add(minute + 0.02, "logs", "CreateLogStream", who, address, "awslambda-worker/1.0", request)
        else:
            morning.add(
                minute + 0.02,
                "kms",
                "Decrypt",
                who,
                address,
                SDK,
                {"encryptionContext": {"aws:lambda:FunctionArn": name}},
            )


def auto_scaling(morning, minutes):
    """The group of web servers grows and shrinks."""
    who = service_role("AWSServiceRoleForAutoScaling", "autoscaling.amazonaws.com", "AutoScaling", morning.at(-600))
    for minute in range(4, minutes, 12):
        instance = morning.instance_id()
        items = {"instancesSet": {"items": [{"imageId": "ami-0c1a2b3c4d5e6f708", "minCount": 1, "maxCount": 1}]}}
        morning.add(
            minute,
            "ec2",
            "RunInstances",
            who,
            None,
            None,
            items | {"instanceType": "t3.medium"},
            {"instancesSet": {"items": [{"instanceId": instance}]}},
        )
        old = {"instancesSet": {"items": [{"instanceId": instance}]}}
        morning.add(minute + 9.5, "ec2", "TerminateInstances", who, None, None, old, old)
    for minute in range(0, minutes, 2):
        morning.add(
            minute, "elasticloadbalancing", "DescribeTargetHealth", who, None, None, {"targetGroupArn": "shop-web"}
        )


def people(morning, minutes):
    """Colleagues sign in, look at things, and one of them logs in to an instance."""
    rng = morning.rng
    for name, permission_set, arrives in (
        ("robin.lindqvist", "PowerUserAccess", 12),
        ("sam.okafor", "DeveloperAccess", 21),
        ("alex.moreau", "ReadOnlyAccess", 35),
    ):
        who = person(name, permission_set, morning.at(arrives))
        login(morning, arrives, who | {"accessKeyId": ""}, "No")
        for _ in range(110):
            source, call, request = rng.choice(LOOKS)
            morning.add(rng.uniform(arrives, minutes), source, call, who, OFFICE, BROWSER, request)
    login(morning, 48, user("kim.tanaka", ""), "Yes")
    sam = person("sam.okafor", "DeveloperAccess", morning.at(21))
    request = {"instanceId": morning.instance_id(), "instanceOSUser": "ec2-user", "sSHPublicKey": "ssh-ed25519 AAAA"}
    morning.add(57, "ec2-instance-connect", "SendSSHPublicKey", sam, OFFICE, CLI, request, {"success": True})


def login(morning, minute, who, mfa):
    """A console sign-in. Those through Identity Center say no MFA, since that happened before."""
    extra = {"LoginTo": "https://console.aws.amazon.com/console/home", "MobileVersion": "No", "MFAUsed": mfa}
    morning.add(
        minute,
        "signin",
        "ConsoleLogin",
        who,
        OFFICE,
        BROWSER,
        None,
        {"ConsoleLogin": "Success"},
        eventType="AwsConsoleSignIn",
        additionalEventData=extra,
    )


def deployments(morning, minutes):
    """The pipeline deploys with a role that it takes by OpenID Connect."""
    for number, minute in enumerate(range(18, minutes, 26)):
        session = f"deploy-{4711 + number}"
        arn = f"arn:aws:iam::{ACCOUNT}:role/github-deploy"
        web = {
            "type": "WebIdentityUser",
            "principalId": "token.actions.example:shop",
            "userName": "repo:example/shop",
            "identityProvider": "token.actions.example",
        }
        morning.add(
            minute,
            "sts",
            "AssumeRoleWithWebIdentity",
            web,
            CI_NETWORK,
            SDK,
            {"roleArn": arn, "roleSessionName": session},
        )
        who = role("github-deploy", session, morning.at(minute))
        for step, name in enumerate(FUNCTIONS):
            request = {"functionName": name, "publish": True, "dryRun": False, "s3Bucket": "example-releases"}
            morning.add(
                minute + 1 + step * 0.3,
                "lambda",
                "UpdateFunctionCode20150331v2",
                who,
                CI_NETWORK,
                SDK,
                request,
                {"functionName": name},
            )
        for step in range(8):
            morning.add(
                minute + 1 + step * 0.1,
                "ecr",
                "PutImage" if step == 7 else "UploadLayerPart",
                who,
                CI_NETWORK,
                SDK,
                {"repositoryName": "shop/web"},
            )
        morning.add(minute + 3, "ecs", "UpdateService", who, CI_NETWORK, SDK, {"cluster": "shop", "service": "web"})
        for step in range(12):
            request = {"cluster": "shop", "services": ["web"]}
            morning.add(minute + 3.2 + step * 0.25, "ecs", "DescribeServices", who, CI_NETWORK, SDK, request)


def old_build_server(morning, minutes):
    """An older build server publishes with a user's long-term key."""
    who = user("ci-publisher", "AKIAIOSFODNN7EXAMPLE")
    for minute in range(6, minutes, 20):
        morning.add(minute, "sts", "GetCallerIdentity", who, CI_NETWORK, CLI)
        for step in range(14):
            request = {"bucketName": "example-releases", "key": f"shop/2.{minute}.0/part-{step:02d}.tar.gz"}
            morning.add(minute + 0.2 + step * 0.05, "s3", "PutObject", who, CI_NETWORK, CLI, request)


def terraform(morning, minutes):
    """A plan reads everything and changes little."""
    calls = LOOKS + (
        ("iam", "GetRole", {"roleName": "web-app"}),
        ("iam", "ListAttachedRolePolicies", {"roleName": "web-app"}),
        ("s3", "GetBucketPolicy", {"bucketName": BUCKETS[0]}),
        ("s3", "GetBucketVersioning", {"bucketName": BUCKETS[0]}),
        ("rds", "DescribeDBSnapshots", {"dBInstanceIdentifier": "shop"}),
        ("kms", "DescribeKey", {"keyId": "alias/shop"}),
    )
    for number, minute in enumerate(range(30, minutes, 55)):
        who = role("terraform-plan", f"plan-{number}", morning.at(minute))
        for step in range(140):
            source, call, request = calls[step % len(calls)]
            morning.add(minute + step * 0.02, source, call, who, CI_NETWORK, TERRAFORM, request)
        tags = {
            "resourcesSet": {"items": [{"resourceId": "vpc-0a1b2c3d4e5f67890"}]},
            "tagSet": {"items": [{"key": "plan", "value": str(number)}]},
        }
        morning.add(minute + 4, "ec2", "CreateTags", who, CI_NETWORK, TERRAFORM, tags, {"_return": True})


def services(morning, minutes):
    """AWS Config, AWS Backup and Trusted Advisor at work."""
    config = service_role("AWSServiceRoleForConfig", "config.amazonaws.com", "AWSConfig-Describe", morning.at(-60))
    backup = role("backup-service", "AWSBackup-nightly", morning.at(-30), invokedBy="backup.amazonaws.com")
    advisor = service_role(
        "AWSServiceRoleForTrustedAdvisor", "trustedadvisor.amazonaws.com", "TrustedAdvisor", morning.at(-60)
    )
    for minute in range(minutes):
        source, call, request = LOOKS[minute % len(LOOKS)]
        morning.add(minute + 0.4, source, call, config, None, None, request)
    for minute in range(3, 20, 4):
        snapshot = f"snap-0{morning.rng.getrandbits(64):016x}"
        morning.add(
            minute,
            "ec2",
            "CreateSnapshot",
            backup,
            None,
            None,
            {"volumeId": "vol-0a1b2c3d4e5f67890"},
            {"snapshotId": snapshot},
        )
        morning.add(
            minute + 1, "ec2", "DeleteSnapshot", backup, None, None, {"snapshotId": snapshot}, {"_return": True}
        )
    morning.add(70, "ses", "GetSendQuota", advisor, None, None, region=HOME)

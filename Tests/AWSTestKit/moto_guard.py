# SPDX-License-Identifier: Apache-2.0
"""What moto leaves out of an account, and what has to be there to see whether Trailhound gets by with its policies.

It answers ListPublicKeys, once PUT /stage/public-keys {"FINGERPRINT": "the key's DER in base64"} has published a key,
and lets trails be started and stopped by their ARNs, where moto knows names alone.

The rest is there where the guard is on. In moto anybody may do anything; its own authorisation knows neither conditions
nor the resources of most services. Behind the guard:

- a role is taken on only by whom its trust policy names, under its conditions, as with the external id;
- a session of a role and a user of IAM may do what their inline policies allow, with actions, resources and conditions;
- reading an encrypted object asks for kms:Decrypt on its key as well;
- SimulatePrincipalPolicy is there, and GetTrailStatus tells of deliveries and of digests.

The stage is set with a key that is nobody's in IAM, `AKIDTEST`, for which nothing of this holds. Signatures are not
looked at.
"""

import calendar
import json
import re

from moto.cloudtrail.models import cloudtrail_backends
from moto.core import DEFAULT_ACCOUNT_ID as ACCOUNT
from moto.iam.models import iam_backends
from moto.s3.models import s3_backends
from moto.sts.models import sts_backends

from moto_calls import Call, Replay

STAGE = "AKIDTEST"


def listed(value):
    return value if isinstance(value, list) else [value]


def matches(pattern, text):
    """IAM's wildcards."""
    return re.fullmatch(re.escape(pattern).replace(r"\*", ".*").replace(r"\?", "."), text) is not None


def holds(test, expected, given):
    """Whether a condition holds for what a call says; a test that is not known here is an error of the tests."""
    if given is None:
        return False
    if test == "StringEquals":
        return given in expected
    if test == "StringLike":
        return any(matches(pattern, given) for pattern in expected)
    if test == "Bool":
        return given.lower() in expected
    raise NotImplementedError(test)


def is_met(statement, action, resource, context, principal):
    if not any(matches(pattern.lower(), action.lower()) for pattern in listed(statement["Action"])):
        return False
    if "Resource" in statement and not any(matches(pattern, resource) for pattern in listed(statement["Resource"])):
        return False
    if "Principal" in statement and principal not in listed(statement["Principal"]["AWS"]):
        return False
    return all(
        holds(test, listed(values), context.get(key))
        for test, keys in statement.get("Condition", {}).items()
        for key, values in keys.items()
    )


def decide(documents, action, resource, context=None, principal=""):
    """IAM's decision on an action by policies: a Deny before any Allow, and no Allow is a refusal too."""
    effects = {
        statement["Effect"]
        for document in documents
        for statement in listed(document["Statement"])
        if is_met(statement, action, resource, context or {}, principal)
    }
    return "explicitDeny" if "Deny" in effects else "allowed" if "Allow" in effects else "implicitDeny"


class Principal:
    """Whoever signed a call: a user of IAM or a role's session, with inline policies."""

    def __init__(self, arn, policies):
        self.arn = arn
        self.policies = [json.loads(policy) for policy in policies]

    @staticmethod
    def of(key):
        for session in sts_backends[ACCOUNT]["aws"].assumed_roles:
            if session.access_key_id == key:
                role = find_role(session.role_arn)
                return Principal(role.arn, role.policies.values()) if role else None
        for user in iam_backends[ACCOUNT]["aws"].users.values():
            if any(known.access_key_id == key for known in user.access_keys):
                return Principal(user.arn, user.policies.values())
        return None


def find_role(arn):
    return next((role for role in iam_backends[ACCOUNT]["aws"].roles.values() if role.arn == arn), None)


def user_arn(name):
    user = iam_backends[ACCOUNT]["aws"].users.get(name)
    return user.arn if user else f"arn:aws:iam::{ACCOUNT}:user/{name}"


def role_arn(name):
    role = next((role for role in iam_backends[ACCOUNT]["aws"].roles.values() if role.name == name), None)
    return role.arn if role else f"arn:aws:iam::{ACCOUNT}:role/{name}"


def resource_of(call):
    """The ARN that a policy's Resource has to match; `*` for calls of nothing in particular."""
    if call.service == "s3":
        return f"arn:aws:s3:::{call.path}"
    if call.service == "sqs":
        name = call.parameter("QueueName") or call.parameter("QueueUrl").rsplit("/", 1)[-1]
        return f"arn:aws:sqs:{call.region}:{ACCOUNT}:{name}"
    if call.service == "cloudtrail":
        trail = call.parameter("Name") or call.parameter("TrailName") or "*"
        return trail if trail == "*" or ":" in trail else f"arn:aws:cloudtrail:{call.region}:{ACCOUNT}:trail/{trail}"
    if call.service == "kms":
        key = call.parameter("KeyId")
        return key if ":" in key else f"arn:aws:kms:{call.region}:{ACCOUNT}:key/{key}"
    if call.operation == "AssumeRole":
        return call.parameter("RoleArn")
    if call.operation == "SimulatePrincipalPolicy":
        return call.parameter("PolicySourceArn")
    if call.operation == "GetAccessKeyLastUsed":
        wanted = call.parameter("AccessKeyId")
        for user in iam_backends[ACCOUNT]["aws"].users.values():
            if any(key.access_key_id == wanted for key in user.access_keys):
                return user.arn
        return user_arn("nobody")
    if name := call.parameter("UserName"):
        return user_arn(name)
    if name := call.parameter("RoleName"):
        return role_arn(name)
    return "*"


class Guard:
    def __init__(self, application, is_on):
        self.application = application
        self.is_on = is_on
        self.public_keys = {}

    def __call__(self, environ, start_response):
        call = Call.of(environ)
        if call.path == "stage/public-keys":
            self.public_keys.update(json.loads(call.body))
            return self.answer(start_response, 200, "{}", True)
        is_guarded = self.is_on and call.operation and call.key != STAGE
        if is_guarded and (reason := self.refusal(call)):
            return self.refuse(start_response, call, *reason)
        if call.operation == "ListPublicKeys" and self.public_keys:
            keys = [{"Fingerprint": name, "Value": value} for name, value in self.public_keys.items()]
            return self.answer(start_response, 200, json.dumps({"PublicKeyList": keys}), True)
        if call.operation in ("StartLogging", "StopLogging"):
            body = json.dumps({"Name": call.parameter("Name").rsplit("/", 1)[-1]}).encode()
            environ |= {"wsgi.input": Replay(body), "CONTENT_LENGTH": str(len(body))}
        if not is_guarded:
            return self.application(environ, start_response)
        if call.operation == "SimulatePrincipalPolicy":
            return self.simulate(start_response, call)
        if call.operation == "GetTrailStatus":
            return self.status(environ, start_response, call)
        return self.application(environ, start_response)

    def refusal(self, call):
        """Why a call is refused: status, code and message; nothing where it is let."""
        principal = Principal.of(call.key)
        if principal is None:
            return 403, "InvalidClientTokenId", "The security token included in the request is invalid."
        if call.action == "sts:GetCallerIdentity":
            return None
        context = {"s3:prefix": call.query.get("prefix", [None])[0]}
        wanted = [(call.action, resource_of(call))]
        if call.operation == "GetObject" and (key := self.key_of(call)):
            wanted.append(("kms:Decrypt", key))
        for action, resource in wanted:
            if decide(principal.policies, action, resource, context) != "allowed":
                return 403, "AccessDenied", f"{principal.arn} is not authorized to perform: {action} on {resource}"
        if call.operation == "AssumeRole":
            role = find_role(call.parameter("RoleArn"))
            context = {"sts:ExternalId": call.parameter("ExternalId") or None}
            trust = [json.loads(role.assume_role_policy_document)] if role else []
            if decide(trust, call.action, "", context, principal.arn) != "allowed":
                return 403, "AccessDenied", f"{principal.arn} may not take the role on"
        return None

    @staticmethod
    def key_of(call):
        """The key that an object is encrypted with."""
        bucket, _, name = call.path.partition("/")
        known = s3_backends[ACCOUNT]["aws"].buckets.get(bucket)
        found = known.keys.get(name) if known else None
        return getattr(found, "kms_key_id", None) if getattr(found, "encryption", None) == "aws:kms" else None

    def simulate(self, start_response, call):
        role = find_role(call.parameter("PolicySourceArn"))
        if role is None:
            return self.refuse(start_response, call, 404, "NoSuchEntity", "There is no such role.")
        policies = [json.loads(policy) for policy in role.policies.values()]
        resources = call.parameters("ResourceArns") or ["*"]
        results = ""
        for action in call.parameters("ActionNames"):
            decisions = {decide(policies, action, resource) for resource in resources}
            decision = next(iter(decisions - {"allowed"}), "allowed")
            results += (
                f"<member><EvalActionName>{action}</EvalActionName>"
                f"<EvalDecision>{decision}</EvalDecision></member>")
        body = (
            "<SimulatePrincipalPolicyResponse><SimulatePrincipalPolicyResult><IsTruncated>false</IsTruncated>"
            f"<EvaluationResults>{results}</EvaluationResults></SimulatePrincipalPolicyResult>"
            "</SimulatePrincipalPolicyResponse>"
        )
        return self.answer(start_response, 200, body, False)

    def status(self, environ, start_response, call):
        """moto's answer, with the times of the newest log file and the newest digest in the trail's bucket."""
        answer = json.loads(b"".join(self.application(environ, lambda *_: None)))
        if "IsLogging" not in answer:
            return self.refuse(start_response, call, 400, "TrailNotFoundException", "There is no such trail.")
        name = call.parameter("Name").rsplit("/", 1)[-1]
        trail = cloudtrail_backends[ACCOUNT][call.region].trails[name]
        objects = s3_backends[ACCOUNT]["aws"].buckets[trail.bucket_name].keys.items()
        newest = {}
        for key, item in objects:
            kind = "LatestDigestDeliveryTime" if "/CloudTrail-Digest/" in key else "LatestDeliveryTime"
            newest[kind] = max(newest.get(kind, 0), calendar.timegm(item.last_modified.timetuple()))
        answer.pop("LatestDeliveryTime", None)
        return self.answer(start_response, 200, json.dumps(answer | newest), True)

    @staticmethod
    def answer(start_response, status, body, is_json):
        body = body.encode()
        kind = "application/x-amz-json-1.1" if is_json else "text/xml"
        start_response(f"{status} X", [("content-type", kind), ("content-length", str(len(body)))])
        return [body]

    def refuse(self, start_response, call, status, code, message):
        if call.is_json:
            name = "AccessDeniedException" if code == "AccessDenied" else code
            return self.answer(start_response, status, json.dumps({"__type": name, "message": message}), True)
        error = f"<Code>{code}</Code><Message>{message}</Message>"
        if call.service == "s3":
            return self.answer(start_response, status, f"<Error>{error}</Error>", False)
        return self.answer(start_response, status, f"<ErrorResponse><Error>{error}</Error></ErrorResponse>", False)

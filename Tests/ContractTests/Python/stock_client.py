# SPDX-License-Identifier: Apache-2.0
"""A stock gRPC client that knows nothing of the server but its port and the reflection protocol.

    stock_client.py SET PORT

SET is a file with the FileDescriptorSet, from which only the standard services' messages are taken; those of
trailhound.v1 come from the server's reflection. Writes one line for each thing found.
"""

import sys

import grpc
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory


def classes(files):
    pool = descriptor_pool.DescriptorPool()
    waiting = {file.name: file for file in files}

    def add(name):
        file = waiting.pop(name, None)
        if file is not None:
            for dependency in file.dependency:
                add(dependency)
            pool.Add(file)

    for name in list(waiting):
        add(name)
    return lambda name: message_factory.GetMessageClass(pool.FindMessageTypeByName(name))


def call(channel, shape, path, request, response):
    return getattr(channel, shape)(
        path, request_serializer=request.SerializeToString, response_deserializer=response.FromString)


def main():
    with open(sys.argv[1], "rb") as file:
        standard = classes(
            file for file in descriptor_pb2.FileDescriptorSet.FromString(file.read()).file
            if not file.name.startswith("trailhound/"))
    channel = grpc.insecure_channel(f"127.0.0.1:{sys.argv[2]}")

    request, response = (standard(f"grpc.health.v1.HealthCheck{kind}") for kind in ("Request", "Response"))
    check = call(channel, "unary_unary", "/grpc.health.v1.Health/Check", request, response)
    print("health", check(request(), timeout=20).status)
    watch = call(channel, "unary_stream", "/grpc.health.v1.Health/Watch", request, response)
    watching = watch(request(service="none"), timeout=20)
    print("watch", next(watching).status)
    watching.cancel()

    for version in ("v1", "v1alpha"):
        package = f"grpc.reflection.{version}"
        request, response = (standard(f"{package}.ServerReflection{kind}") for kind in ("Request", "Response"))
        reflect = call(channel, "stream_stream", f"/{package}.ServerReflection/ServerReflectionInfo", request, response)
        answers = list(reflect(iter([
            request(list_services="*"), request(file_containing_symbol="trailhound.v1.AccountService"),
            request(file_containing_symbol="no.such.Thing")]), timeout=20))
        print(version, *(service.name for service in answers[0].list_services_response.service))
        print(version, "error", answers[2].error_response.error_code)
        files = [
            descriptor_pb2.FileDescriptorProto.FromString(file)
            for file in answers[1].file_descriptor_response.file_descriptor_proto]

    found = classes(files)
    request, response = (found(f"trailhound.v1.ListAccounts{kind}") for kind in ("Request", "Response"))
    path = "/trailhound.v1.AccountService/ListAccounts"
    listing = call(channel, "unary_unary", path, request, response)
    print("accounts", *(account.account_id for account in listing(request(), timeout=20).accounts))

    request, response = (found(f"trailhound.v1.OnboardAccount{kind}") for kind in ("Request", "Response"))
    onboard = call(channel, "unary_unary", "/trailhound.v1.AccountService/OnboardAccount", request, response)
    try:
        onboard(request(account_id="x"), timeout=20)
    except grpc.RpcError as error:
        details = dict(error.trailing_metadata())["grpc-status-details-bin"]
        status = standard("google.rpc.Status").FromString(details)
        bad = standard("google.rpc.BadRequest").FromString(status.details[0].value)
        print("refused", error.code().name, status.code, status.details[0].type_url, bad.field_violations[0].field)
    try:
        channel.unary_unary(path)(b"\xff\xff", timeout=20)
    except grpc.RpcError as error:
        print("garbage", error.code().name)


main()

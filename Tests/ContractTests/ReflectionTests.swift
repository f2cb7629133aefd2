// SPDX-License-Identifier: Apache-2.0

import Contract
import Messages
import RPC
import Testing

@Suite(.timeLimit(.minutes(1))) struct ReflectionTests {
    typealias Request = GrpcReflectionV1.ServerReflectionRequest
    typealias Response = GrpcReflectionV1.ServerReflectionResponse

    private func services(_ router: inout Router) {
        router.register(Health())
        Reflection.register(in: &router)
    }

    private func ask(_ client: Client, _ questions: [Request.MessageRequest?]) async throws -> [Response] {
        let call = try await GrpcReflectionV1ServerReflectionClient(client).serverReflectionInfo()
        var answers: [Response] = []
        for question in questions {
            try await call.requests.write(Request(host: "h", messageRequest: question))
            if let answer = try await call.responses.next() { answers.append(answer) }
        }
        try await call.requests.finish()
        #expect(try await call.responses.next() == nil)
        return answers
    }

    @Test(arguments: Transport.allCases)
    func registeredServicesAreListed(transport: Transport) async throws {
        try await withClient(transport, services) { client async throws in
            let answers = try await ask(client, [.listServices("*")])
            #expect(answers.first?.validHost == "h")
            #expect(answers.first?.originalRequest?.messageRequest == .listServices("*"))
            let names = [
                "grpc.health.v1.Health", "grpc.reflection.v1.ServerReflection",
                "grpc.reflection.v1alpha.ServerReflection",
            ]
            #expect(
                answers.first?.messageResponse == .listServicesResponse(.init(service: names.map { .init(name: $0) })))
        }
    }

    @Test func filesComeWithWhatTheyImport() async throws {
        try await withClient(.inProcess, services) { client async throws in
            let paths = ["trailhound/v1/alert.proto", "google/protobuf/timestamp.proto", "trailhound/v1/common.proto"]
            let expected = paths.compactMap { path in ProtoFile.all.first { $0.path == path }?.descriptor }
            #expect(expected.count == 3)
            let answers = try await ask(
                client,
                [
                    .fileByFilename("trailhound/v1/alert.proto"),
                    .fileContainingSymbol("trailhound.v1.AlertService"),
                    .fileContainingSymbol("trailhound.v1.AlertService.ListAlerts"),
                    .fileContainingSymbol("trailhound.v1.Alert"), .fileContainingSymbol("trailhound.v1.Alert.title"),
                    .fileContainingSymbol("trailhound.v1.ALERT_STATUS_OPEN"),
                ])
            for answer in answers {
                #expect(
                    answer.messageResponse == .fileDescriptorResponse(.init(fileDescriptorProto: expected)))
            }
            #expect(answers.count == 6)
        }
    }

    @Test func whatIsNotThereIsAnErrorInTheAnswer() async throws {
        try await withClient(.inProcess, services) { client async throws in
            let answers = try await ask(
                client,
                [
                    .fileByFilename("none.proto"), .fileContainingSymbol("no.Symbol"), .fileContainingSymbol(""),
                    .fileContainingExtension(.init(containingType: "trailhound.v1.Alert", extensionNumber: 5)),
                    .allExtensionNumbersOfType("no.Type"), .allExtensionNumbersOfType("trailhound.v1.Alert"), nil,
                ])
            let codes = answers.map { answer -> Int32? in
                if case .errorResponse(let error) = answer.messageResponse { error.errorCode } else { nil }
            }
            #expect(codes == [5, 5, 5, 5, 5, nil, 3])
            #expect(
                answers[5].messageResponse
                    == .allExtensionNumbersResponse(.init(baseTypeName: "trailhound.v1.Alert")))
        }
    }

    @Test func theOldNameAnswersTheSame() async throws {
        try await withClient(.inProcess, services) { client async throws in
            let call = try await GrpcReflectionV1alphaServerReflectionClient(client).serverReflectionInfo()
            try await call.requests.write(.init(messageRequest: .fileByFilename("trailhound/v1/common.proto")))
            guard case .fileDescriptorResponse(let files) = try await call.responses.next()?.messageResponse else {
                Issue.record("there is no file in the answer")
                return
            }
            #expect(files.fileDescriptorProto.count == 1)
            call.cancel()
        }
    }
}

// SPDX-License-Identifier: Apache-2.0

import Contract
import Messages
import PKI
import RPC
import Testing

/// Acknowledges what came, and tells who called in the details of a rejection.
private struct CountingIngest: IngestServiceProvider {
    func submitEvents(
        _ requests: RequestStream<SubmitEventsRequest>, _ responses: ResponseWriter<SubmitEventsResponse>,
        _ context: CallContext
    ) async throws {
        let role = ClientIdentity(uris: context.peer.certificate?.uris ?? [])?.role.rawValue ?? "nobody"
        for try await request in requests {
            var response = SubmitEventsResponse(sequence: request.sequence)
            switch request.payload {
            case .records(let batch):
                response.accepted = UInt32(batch.records.count)
                response.rejections = [Rejection(reason: role, detail: "\(batch.records.map(\.count).reduce(0, +))")]
            case .logFile(let file): response.rejected = UInt32(file.count)
            case nil: throw RPCError.invalidArgument("payload", "it is missing")
            }
            try await responses.write(response)
        }
    }
    func reportLogFindings(
        _ request: ReportLogFindingsRequest, _ context: CallContext
    ) async throws -> ReportLogFindingsResponse {
        ReportLogFindingsResponse(known: UInt32(request.findings.count))
    }
}

@Suite(.timeLimit(.minutes(1))) struct ServicesTests {
    @Test(arguments: Transport.allCases)
    func batchesAreAcknowledgedInOrder(transport: Transport) async throws {
        let role = transport == .tls ? "admin" : "nobody"
        try await withClient(transport, { $0.register(CountingIngest()) }) { client async throws in
            let call = try await IngestServiceClient(client).submitEvents()
            for sequence: UInt64 in 1...50 {
                let records = Array(repeating: Bytes(Array(repeating: 0x61, count: 1_200)), count: Int(sequence))
                try await call.requests.write(
                    SubmitEventsRequest(sequence: sequence, payload: .records(RecordBatch(records: records))))
                let response = try await call.responses.next()
                #expect(
                    response
                        == SubmitEventsResponse(
                            sequence: sequence, accepted: UInt32(sequence),
                            rejections: [Rejection(reason: role, detail: "\(sequence * 1_200)")]))
            }
            try await call.requests.write(SubmitEventsRequest(sequence: 51, payload: .logFile([1, 2, 3])))
            try await call.requests.finish()
            #expect(try await call.responses.next() == SubmitEventsResponse(sequence: 51, rejected: 3))
            #expect(try await call.responses.next() == nil)
        }
    }

    @Test(arguments: Transport.allCases)
    func unaryCallsAnswer(transport: Transport) async throws {
        try await withClient(transport, { $0.register(OneAccount()) }) { client async throws in
            let accounts = AccountServiceClient(client)
            #expect(try await accounts.listAccounts(ListAccountsRequest()).accounts.map(\.name) == ["one"])
            #expect(try await accounts.getAccount(GetAccountRequest(accountID: "1")) == GetAccountResponse())
            #expect(try await accounts.offboardAccount(OffboardAccountRequest()) == OffboardAccountResponse())
        }
    }

    @Test(arguments: Transport.allCases)
    func theFieldAtFaultIsNamed(transport: Transport) async throws {
        try await withClient(transport, { $0.register(OneAccount()) }) { client async throws in
            let accounts = AccountServiceClient(client)
            let error = await #expect(throws: RPCError.self) {
                try await accounts.onboardAccount(OnboardAccountRequest(accountID: "büro"))
            }
            #expect(error?.code == .invalidArgument)
            #expect(error?.message == "account_id: twelve digits are wanted, not büro")
            #expect(
                error?.fieldViolations
                    == [.init(field: "account_id", description: "twelve digits are wanted, not büro")])
            #expect(error?.richStatus?.code == 3)
            // An error without details has none.
            let plain = await #expect(throws: RPCError.self) {
                try await accounts.updateAccount(UpdateAccountRequest())
            }
            #expect(plain?.code == .failedPrecondition && plain?.richStatus == nil && plain?.fieldViolations == [])
        }
    }

    @Test(arguments: Transport.allCases)
    func garbageIsAnInvalidArgument(transport: Transport) async throws {
        try await withClient(transport, { $0.register(OneAccount()) }) { client async throws in
            let method = rawMethod(AccountService.name, "GetAccount", .unary)
            for garbage: [UInt8] in [[0xFF], [0x0A, 0x7F], Array(repeating: 0x0B, count: 5_000)] {
                let error = await #expect(throws: RPCError.self) { try await client.unary(method, garbage) }
                #expect(error?.code == .invalidArgument)
                #expect(error?.message == "not a trailhound.v1.GetAccountRequest: malformed protobuf")
            }
            let error = await #expect(throws: RPCError.self) { try await client.unary(method, [0x0A, 1, 0xFF]) }
            #expect(error?.code == .invalidArgument)
            #expect(error?.fieldViolations == [.init(field: "account_id", description: "not UTF-8")])
            // The connection and its neighbours go on.
            #expect(try await AccountServiceClient(client).listAccounts(ListAccountsRequest()).accounts.count == 1)
        }
    }

    @Test func aServersGarbageIsItsOwnFault() async throws {
        let services: (inout Router) -> Void = { router in
            router.unary(rawMethod(AccountService.name, "GetAccount", .unary)) { _, _ in [0xFF] }
        }
        try await withClient(.inProcess, services) { client async throws in
            let error = await #expect(throws: RPCError.self) {
                try await AccountServiceClient(client).getAccount(GetAccountRequest())
            }
            #expect(error?.code == .internalError)
        }
    }

    @Test func detailsThatAreGarbageAreNone() {
        #expect(RPCError(.internalError, "x", details: [0xFF]).richStatus == nil)
        #expect(RPCError(.internalError, "x", details: [0xFF]).fieldViolations == [])
        let many = (0...ContractLimits.fieldViolations).map {
            GoogleRpc.BadRequest.FieldViolation(field: "\($0)", description: "")
        }
        let error = RPCError(.invalidArgument, "x", violations: many)
        #expect(error.fieldViolations.count == ContractLimits.fieldViolations)
    }

    @Test func everyServiceOfTheProtosHasItsMethods() {
        let named = [
            IngestService.name, AlertService.name, AccountService.name, AuditService.name, DetectionService.name,
            InvestigationService.name, RemediationService.name, DeadLetterService.name, GrpcHealthV1Health.name,
            GrpcReflectionV1ServerReflection.name,
            GrpcReflectionV1alphaServerReflection.name,
        ]
        #expect(Set(named) == Set(ProtoFile.all.flatMap(\.services)))
        #expect(AlertService.subscribeAlerts.path == "/trailhound.v1.AlertService/SubscribeAlerts")
        #expect(AlertService.subscribeAlerts.shape == .serverStreaming)
        #expect(IngestService.submitEvents.shape == .bidirectional)
        #expect(AlertService.getAlert.shape == .unary)
    }
}

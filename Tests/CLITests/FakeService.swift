// SPDX-License-Identifier: Apache-2.0

import CloudTrail
import Contract
import Messages
import RPC
import Synchronization
import TrailhoundCLI

/// A service without an engine: it stores texts, counts, and can be told to fail at the worst instants.
final class FakeService: Sendable {
    /// What it does with the nth request that it gets, counted over all streams from 1.
    enum Mishap: Sendable {
        /// Ends the stream before anything is stored.
        case loseBefore
        /// Stores, and ends the stream before it acknowledges.
        case loseAfter
        /// Ends the stream with OK, as a service that shuts down may.
        case end
        /// Acknowledges another sequence.
        case acknowledgeWrongly
        /// Refuses the stream for good.
        case refuse
    }

    struct State {
        var requests = 0
        var stored: [String: Int] = [:]
        var sources: Set<String> = []
        var alerts: [Alert] = []
        var subscriptions: [String] = []
        var detections: [String] = []
        var asked: [[String]] = []
        var isHistorical: Set<Bool> = []
        var mostInFlight = 0
    }

    let state = Mutex(State())
    private let mishaps: [Int: Mishap]
    private let alertsPerStream: Int?

    init(mishaps: [Int: Mishap] = [:], alertsPerStream: Int? = nil) {
        self.mishaps = mishaps
        self.alertsPerStream = alertsPerStream
    }

    /// Runs a server on loopback around `body`.
    func serving<Value>(_ body: (Session) async throws -> Value) async throws -> Value {
        let server = try makeServer(port: 0)
        let address = try await server.start()[0]
        let session = try Session(Self.settings(port: address.port))
        let outcome: Result<Value, any Error>
        do { outcome = .success(try await body(session)) } catch { outcome = .failure(error) }
        await session.close()
        await server.shutdown(gracePeriod: .zero)
        return try outcome.get()
    }

    static func settings(port: Int) throws -> ConnectionSettings {
        var choices = ConnectionSettings.Choices()
        choices.server = "127.0.0.1:\(port)"
        choices.plaintext = true
        return try ConnectionSettings(choices, environment: { _ in nil }, isReadable: { _ in false })
    }

    func makeServer(port: Int) throws -> Server {
        var router = Router()
        router.unary(GrpcHealthV1Health.check) { _, _ in GrpcHealthV1.HealthCheckResponse(status: .serving) }
        router.bidirectional(IngestService.submitEvents) { requests, responses, _ in
            try await self.submit(requests, responses)
        }
        router.serverStreaming(AlertService.subscribeAlerts) { request, responses, _ in
            try await self.subscribe(request, responses)
        }
        router.unary(DetectionService.listDetections) { _, _ in
            ListDetectionsResponse(
                detections: self.state.withLock { $0.detections }.map { Detection(detectionID: $0, title: "a rule") })
        }
        router.unary(AlertService.listAlerts) { request, _ in
            self.state.withLock { $0.asked.append(request.detectionIDs) }
            return ListAlertsResponse()
        }
        router.unary(AccountService.onboardAccount) { request, _ in
            guard request.accountID.utf8.count == 12 else {
                throw RPCError.invalidArgument("account_id", "must be twelve digits")
            }
            return OnboardAccountResponse(account: Account(accountID: request.accountID, name: request.name))
        }
        router.unary(AccountService.getAccount) { request, _ in
            throw RPCError(.notFound, "the account \(request.accountID) is not onboarded")
        }
        router.unary(AccountService.listAccounts) { _, _ in throw RPCError(.permissionDenied, "the role is collector") }
        var configuration = ServerConfiguration(addresses: [.tcp(host: "127.0.0.1", port: port)])
        configuration.eventLoops = 1
        return try Server(configuration: configuration, router: router)
    }

    private func submit(
        _ requests: RequestStream<SubmitEventsRequest>, _ responses: ResponseWriter<SubmitEventsResponse>
    ) async throws {
        var last: UInt64 = 0
        for try await request in requests {
            let number = state.withLock { state in
                state.requests += 1
                state.sources.insert(request.source)
                state.isHistorical.insert(request.historical)
                return state.requests
            }
            guard request.sequence > last else { throw RPCError(.invalidArgument, "the sequence does not rise") }
            last = request.sequence
            let mishap = mishaps[number]
            switch mishap {
            case .loseBefore?: throw RPCError(.unavailable, "lost before")
            case .refuse?: throw RPCError(.resourceExhausted, "the message is too large")
            case .end?: return
            case .loseAfter?, .acknowledgeWrongly?, nil: break
            }
            var response = store(request)
            if case .loseAfter? = mishap { throw RPCError(.unavailable, "lost after") }
            if case .acknowledgeWrongly? = mishap { response.sequence += 7 }
            try await responses.write(response)
        }
    }

    /// The records of a log file, and what stands between them, as the service reads it.
    private static func records(of file: [UInt8]) -> [String] {
        var found: [String] = []
        file.withUnsafeBytes { file in
            LogDataReader.forEach(file) { step in
                switch step {
                case .record(let bytes, _, _), .unreadable(_, let bytes):
                    found.append(String(decoding: bytes, as: UTF8.self))
                case .needsInput, .end: break
                }
            }
        }
        return found
    }

    /// Stores every record once; a record that begins with `!` is refused.
    private func store(_ request: SubmitEventsRequest) -> SubmitEventsResponse {
        var response = SubmitEventsResponse(sequence: request.sequence)
        let records: [String] =
            switch request.payload {
            case .records(let batch)?: batch.records.map { String(decoding: $0.array, as: UTF8.self) }
            case .logFile(let bytes)?: Self.records(of: bytes.array)
            case nil: []
            }
        for (index, record) in records.enumerated() {
            if record.hasPrefix("!") {
                response.rejected += 1
                response.rejections.append(
                    Messages.Rejection(index: UInt32(index), reason: "not_json", detail: "no value"))
                continue
            }
            let times = state.withLock { state in
                state.stored[record, default: 0] += 1
                return state.stored[record] ?? 0
            }
            if times == 1 { response.accepted += 1 } else { response.duplicate += 1 }
        }
        return response
    }

    /// The alerts after the cursor, which is the number of the last one, with a cut where that was asked for.
    private func subscribe(
        _ request: SubscribeAlertsRequest, _ responses: ResponseWriter<SubscribeAlertsResponse>
    ) async throws {
        let start = Int(request.cursor) ?? 0
        let alerts = state.withLock { state in
            state.subscriptions.append(request.cursor)
            state.asked.append(request.detectionIDs)
            return state.alerts
        }
        for (sent, index) in (start..<alerts.count).enumerated() {
            if sent == alertsPerStream { throw RPCError(.unavailable, "cut") }
            try await responses.write(SubscribeAlertsResponse(cursor: String(index + 1), alert: alerts[index]))
        }
    }
}

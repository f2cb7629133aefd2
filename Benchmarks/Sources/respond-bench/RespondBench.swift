// SPDX-License-Identifier: Apache-2.0

import BenchKit
import Contract
import Foundation
import Messages
import RPC
import ServiceKit
import TestKit

/// One stolen key after the other: its record goes in, and a subscriber waits for the alert and for the remediation.
struct RespondBench {
    private let runs: Int
    private let pause: Int
    private let patience: Int
    private let moto: Moto
    private let service: RunningService
    private let client: Client

    private struct Times {
        /// From the record's sending to the alert.
        var detection: Double
        /// From the alert to the change that was made and seen.
        var response: Double
        var total: Double { detection + response }
    }

    init(_ options: Options) async throws {
        runs = max(1, options.number("--runs"))
        pause = options.number("--pause")
        patience = options.number("--patience")
        moto = try Moto(python: options["--python"])
        for (name, value) in [
            "AWS_ENDPOINT_URL": moto.url, "AWS_REGION": "us-east-1", "AWS_ACCESS_KEY_ID": "AKIDTEST",
            "AWS_SECRET_ACCESS_KEY": "test-secret", "AWS_SESSION_TOKEN": "", "AWS_EC2_METADATA_DISABLED": "true",
        ] { setenv(name, value, 1) }
        service = try await RunningService(
            program: options["--service"], rules: options["--rules"],
            options: options["--server-args"].split(separator: " ").map(String.init), parent: options["--data-dir"])
        try await service.onboard([Moto.account])
        client = try service.connect()
    }

    func run() async throws {
        let policy = RemediationPolicy(action: .deactivateAccessKey, mode: .auto, hourlyCap: UInt32(runs))
        _ = try await client.unary(
            RemediationService.setPolicy, SetPolicyRequest(accountID: Moto.account, policy: policy))
        // From the beginning: there is nothing yet, and of what comes nothing can be missed.
        let alerts = try await client.serverStreaming(AlertService.subscribeAlerts, SubscribeAlertsRequest())
        let records = try await client.bidirectional(IngestService.submitEvents)
        var times: [Times] = []
        for run in 0..<runs {
            let impatience = Task { [patience] in
                try await Task.sleep(for: .seconds(patience))
                alerts.cancel()
            }
            do { times.append(try await measure(run, alerts, records)) } catch {
                throw BenchFailure("run \(run): \(error)\n\(service.lastWords)")
            }
            impatience.cancel()
            try await Task.sleep(for: .milliseconds(pause))
        }
        report(
            "\(runs) stolen keys, one after the other, over TLS and moto's IAM (\(ProcessInfo.processInfo.activeProcessorCount)",
            "cores shared with moto, load \(load())):")
        for (name, values) in [
            ("record sent → alert", times.map(\.detection)), ("alert → Inactive, verified", times.map(\.response)),
            ("record sent → Inactive, verified", times.map(\.total)),
        ] {
            let sorted = values.sorted()
            func at(_ part: Double) -> String {
                decimal(1_000 * sorted[min(sorted.count - 1, Int(Double(sorted.count) * part))], 1)
            }
            report("  \(name): p50 \(at(0.5)) ms, p99 \(at(0.99)) ms, worst \(at(1)) ms")
        }
        await client.close(now: true)
        try await service.stop()
    }

    private func measure(
        _ run: Int, _ alerts: ResponseStream<SubscribeAlertsResponse>,
        _ records: BidirectionalStream<SubmitEventsRequest, SubmitEventsResponse>
    ) async throws -> Times {
        let user = "user-\(run)"
        let key = try await moto.makeKey(of: user)
        let watch = Watch()
        let record = Bytes(Self.record(user, key))
        try await records.requests.write(
            SubmitEventsRequest(
                sequence: UInt64(run + 1), source: "bench", payload: .records(RecordBatch(records: [record]))))
        var detected: Double?
        while let alert = try await alerts.next()?.alert {
            guard alert.actor?.accessKeyID == key else { continue }
            detected = detected ?? watch.seconds
            guard let remediation = alert.remediations.first, !remediation.outcome.isEmpty else { continue }
            let end = watch.seconds
            let status = try await moto.status(ofKeyOf: user)
            guard remediation.outcome == "succeeded", status == "Inactive" else {
                throw BenchFailure("run \(run): \(remediation.outcome), and IAM says \(status)")
            }
            _ = try await records.responses.next()
            // Taken back, so that nobody watches it while the next one is measured.
            _ = try await client.unary(
                RemediationService.rollbackRemediation,
                RollbackRemediationRequest(remediationID: remediation.remediationID))
            return Times(detection: detected ?? 0, response: end - (detected ?? 0))
        }
        throw BenchFailure("the service ended the subscription")
    }

    /// StopLogging with the key, now: an alert of high severity.
    private static func record(_ user: String, _ key: String) -> [UInt8] {
        let account = Moto.account
        let time = SyntheticTrail.timestamp(Int64(Date().timeIntervalSince1970))
        return Array(
            """
            {"eventVersion":"1.10","userIdentity":{"type":"IAMUser","principalId":"AIDAEXAMPLE","arn":\
            "arn:aws:iam::\(account):user/\(user)","accountId":"\(account)","accessKeyId":"\(key)","userName":"\(user)"},\
            "eventTime":"\(time)","eventSource":"cloudtrail.amazonaws.com","eventName":"StopLogging","awsRegion":\
            "us-east-1","sourceIPAddress":"203.0.113.57","userAgent":"aws-cli/2.17.42","requestParameters":{"name":\
            "arn:aws:cloudtrail:us-east-1:\(account):trail/main"},"responseElements":null,"requestID":\
            "\(UUID().uuidString.lowercased())","eventID":"\(UUID().uuidString.lowercased())","readOnly":false,\
            "eventType":"AwsApiCall","managementEvent":true,"recipientAccountId":"\(account)","eventCategory":\
            "Management"}
            """.utf8)
    }
}

// SPDX-License-Identifier: Apache-2.0

import Contract
import Foundation
import Messages
import PKI
import RPC
import Serve
import TestKit
import Testing

/// The metrics as a scraper gets them, read by the parser of Prometheus' own client library for Python.
@Suite(.serialized) struct MetricsTests {
    /// The Python of the virtual environment that `make deps` makes.
    private static let python = URL(fileURLWithPath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        .appendingPathComponent(".venv/bin/python").path

    /// Fetches a page and prints what the parser makes of it: a line `name|type|{labels}|value` for each sample.
    private static let program = """
        import json, sys, urllib.request
        from prometheus_client.parser import text_string_to_metric_families
        answer = urllib.request.urlopen(sys.argv[1])
        assert answer.headers["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8", answer.headers
        text = answer.read().decode()
        families = list(text_string_to_metric_families(text))
        assert len({f.name for f in families}) == len(families), "a metric comes twice"
        for family in families:
            assert family.documentation and family.type in ("counter", "gauge", "histogram"), family
            for sample in family.samples:
                print("|".join([sample.name, family.type, json.dumps(sample.labels, sort_keys=True), repr(sample.value)]))
        print("end")
        """

    /// What was scraped: values by name and labels.
    private struct Scrape {
        var values: [String: Double] = [:]
        var types: [String: String] = [:]

        subscript(_ name: String, _ labels: String = "{}") -> Double? { values["\(name) \(labels)"] }

        /// The sum of all samples of a name.
        func sum(_ name: String) -> Double {
            values.filter { $0.key.hasPrefix("\(name) ") }.reduce(0) { $0 + $1.value }
        }
    }

    private static func scrape(_ rig: ServiceRig) async throws -> Scrape {
        let port = try #require(rig.service.metrics?.port)
        let parser = try Subprocess(python, ["-c", program, "http://127.0.0.1:\(port)/metrics"])
        var scrape = Scrape()
        var isWhole = false
        while let line = await parser.nextLine() {
            let parts = line.split(separator: "|", maxSplits: 3).map(String.init)
            guard parts.count == 4 else {
                isWhole = line == "end"
                continue
            }
            scrape.values["\(parts[0]) \(parts[2])"] = Double(parts[3])
            scrape.types[parts[0]] = parts[1]
        }
        #expect(isWhole, "the parser refused the text")
        return scrape
    }

    @Test(
        .timeLimit(.minutes(1)),
        .enabled(if: FileManager.default.isExecutableFile(atPath: python), "needs .venv: make deps"))
    func everythingIsSeen() async throws {
        try await ServiceRig.run {
            $0.metrics = ("127.0.0.1", 0)
        } _: { rig in
            try await rig.seed()
            let collector = try rig.issue("collector", .collector)
            try await rig.withClient(collector) { client in
                await #expect(throws: RPCError.self) {
                    try await client.unary(AlertService.listAlerts, ListAlertsRequest())
                }
                let stranger = SyntheticTrail(account: "999900001111", seed: 5)
                _ = try await rig.submit(stranger, 0..<4, client)
            }
            let nobody = try rig.client(.some(nil))
            await #expect(throws: RPCError.self) { try await rig.alerts(nobody) }
            await nobody.close(now: true)
            let subscriber = try rig.client()
            let stream = try await subscriber.serverStreaming(
                AlertService.subscribeAlerts, SubscribeAlertsRequest())
            _ = try await stream.next()

            let seen = try await Self.scrape(rig)
            let ingest =
                #""grpc_method": "SubmitEvents", "grpc_service": "trailhound.v1.IngestService", "grpc_type": "bidi_stream""#
            #expect(seen["grpc_server_handled_total", #"{"grpc_code": "OK", \#(ingest)}"#] == 3)
            #expect(seen["grpc_server_handling_seconds_count", "{\(ingest)}"] == 3)
            let list =
                #""grpc_method": "ListAlerts", "grpc_service": "trailhound.v1.AlertService", "grpc_type": "unary""#
            #expect(seen["grpc_server_handled_total", #"{"grpc_code": "PERMISSION_DENIED", \#(list)}"#] == 1)
            let subscribe =
                #""grpc_method": "SubscribeAlerts", "grpc_service": "trailhound.v1.AlertService", "grpc_type": "server_stream""#
            #expect(seen["grpc_server_streams", "{\(subscribe)}"] == 1)
            #expect(seen["trailhound_records_total", #"{"result": "accepted"}"#] == 24)
            #expect(seen["trailhound_records_total", #"{"result": "rejected"}"#] == 4)
            #expect(seen["trailhound_records_rejected_total", #"{"reason": "account_not_onboarded"}"#] == 4)
            #expect(seen["trailhound_dead_letters"] == 1)
            #expect(seen["trailhound_dead_letter_records"] == 4)
            #expect(seen["trailhound_dead_letter_bytes"] ?? 0 > 100)
            #expect(seen["trailhound_dead_letter_bytes_limit"] == 268_435_456)
            #expect(seen["trailhound_dead_letter_age_limit_seconds"] == 2_592_000)
            #expect(seen["trailhound_alerts_total", #"{"severity": "high"}"#] == 4)
            #expect(seen["trailhound_subscribers"] == 1)
            #expect(seen["trailhound_handshake_failures_total", #"{"reason": "missing_certificate"}"#] ?? 0 >= 1)
            #expect(seen["trailhound_connections"] ?? 0 >= 1)
            #expect(seen["trailhound_received_bytes_total"] ?? 0 > 10_000)
            #expect(seen["trailhound_commit_seconds_count"] ?? 0 >= 3)
            #expect(seen["trailhound_stored_records"] == 24)
            #expect(seen["trailhound_audit_forgotten_total"] == 0)
            #expect(seen["trailhound_stream_entries", #"{"kind": "groups"}"#] == 0)
            #expect(seen["trailhound_stream_evicted_total", #"{"kind": "groups"}"#] == 0)
            #expect(seen["trailhound_stream_late_events_total"] == 0)
            #expect(seen["trailhound_detections_inactive"] == 0)
            #expect(seen["process_resident_memory_bytes"] ?? 0 > 1_000_000)
            #expect(seen["trailhound_queue_depth", #"{"queue": "evaluate"}"#] == 0)
            let expiry = try #require(seen["trailhound_certificate_expiry_timestamp_seconds", #"{"name": "server"}"#])
            #expect(expiry == Double(try #require(rig.service.certificates?.loaded.server.notAfter)))
            #expect(seen.sum("trailhound_refused_total") == 0)
            stream.cancel()
            await subscriber.close(now: true)
        }
    }

    /// Metrics are for whoever watches the service: they tell of no account, certificate, source or address.
    @Test(.timeLimit(.minutes(1)))
    func noLabelNamesAnAccount() async throws {
        try await ServiceRig.run {
            $0.metrics = ("127.0.0.1", 0)
        } _: { rig in
            try await rig.withClient { client in
                for account in ServiceRig.accounts {
                    _ = try await client.unary(
                        AccountService.onboardAccount, OnboardAccountRequest(accountID: account, name: "n", owner: "o"))
                }
                let stream = try await client.bidirectional(IngestService.submitEvents)
                let record = Bytes(Array(#"{"recipientAccountId":"\#(ServiceRig.accounts[0])"}"#.utf8))
                try await stream.requests.write(
                    SubmitEventsRequest(
                        sequence: 1, source: "the-source", payload: .records(RecordBatch(records: [record]))))
                try await stream.requests.finish()
                while try await stream.responses.next() != nil {}
            }
            let port = try #require(rig.service.metrics?.port)
            let text = try await Self.ask(
                port, "GET /metrics HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 0\r\n\r\n",
                whole: true)
            #expect(text.contains("trailhound_refused_total"))
            for secret in ServiceRig.accounts + ["the-source", "CN=", "127.0.0.1"] {
                #expect(!text.contains(secret), "\(secret)")
            }
        }
    }

    @Test(.timeLimit(.minutes(1)))
    func nothingElseIsAnswered() async throws {
        try await ServiceRig.run {
            $0.metrics = ("127.0.0.1", 0)
        } _: { rig in
            let port = try #require(rig.service.metrics?.port)
            let cases = [
                ("GET / HTTP/1.1", "404"), ("POST /metrics HTTP/1.1", "405"), ("GET /metrics/../x HTTP/1.1", "404"),
                ("HEAD /metrics HTTP/1.1", "200"), ("GET /metrics?name=x HTTP/1.1", "200"),
            ]
            for (line, status) in cases {
                let answer = try await Self.ask(
                    port, "\(line)\r\nHost: x\r\nConnection: close\r\nContent-Length: 0\r\n\r\n")
                #expect(answer.hasPrefix("HTTP/1.1 \(status) "), "\(line): \(answer.prefix(40))")
            }
            #expect(try await Self.ask(port, "nonsense\r\n\r\n").hasPrefix("HTTP/1.1 400 "))
        }
    }

    @Test func metricsAreForTheLoopback() throws {
        var settings = ServiceConfiguration(dataDirectory: "data", rules: "Rules")
        for address in ["127.0.0.1:9100", "[::1]:0", "localhost:1"] { try settings.serveMetrics(on: address) }
        #expect(settings.metrics?.host == "localhost" && settings.metrics?.port == 1)
        for address in ["0.0.0.0:9100", "192.0.2.1:1", "example.com:1", "9100", "[::]:1"] {
            #expect(throws: ConfigurationError.self) { try settings.serveMetrics(on: address) }
        }
    }

    /// Sends bytes and returns the first line of what comes back, or all of it in one line.
    private static func ask(_ port: Int, _ request: String, whole: Bool = false) async throws -> String {
        let peer = try Subprocess(
            "python3",
            [
                "-c",
                """
                import socket, sys
                s = socket.create_connection(("127.0.0.1", int(sys.argv[1])))
                s.sendall(sys.argv[2].encode())
                data = b""
                while True:
                    part = s.recv(65536)
                    if not part: break
                    data += part
                print(repr(data) if len(sys.argv) > 3 else data.decode().split("\\r\\n")[0])
                """, String(port), request,
            ] + (whole ? ["whole"] : []))
        return await peer.nextLine() ?? ""
    }
}

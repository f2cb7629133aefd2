// SPDX-License-Identifier: Apache-2.0

import Messages
import PKI
import RPC
import Testing
import TrailhoundCLI

@Suite struct PresentationTests {
    private static let long = String(repeating: "long ", count: 60)
    private static let time = Timestamp(seconds: 1_688_989_503, nanos: 120_000_000)

    private static let alert = Alert(
        alertID: "01a20214-263b-700d-8f7d-71bb652f3df4", detectionID: "d5d6e710-c88a-4876-ad3d-42c15204bddb",
        title: long,
        severity: .informational, status: .acknowledged, audience: .owner, accountID: "123456789012",
        actor: Actor(principal: "arn:aws:iam::123456789012:user/\(long)", userAgent: "evil\u{1B}[2J"), firstSeen: time,
        lastSeen: time, createdAt: time, matchCount: 1_234_567, eventIDs: (1...7).map(String.init),
        evidence: [Evidence(name: "a\nb", value: long)], historical: true, revision: 12, duetAnswer: .unexpected)

    private static var tables: [(String, Table)] {
        let account = Account(
            accountID: "123456789012", name: long, state: .offboarded, lastEventAt: time, eventCount: 9_999_999_999,
            owner: long)
        let detection = Detection(
            detectionID: "d5d6e710-c88a-4876-ad3d-42c15204bddb", title: long, severity: .critical, audience: .analyst,
            attackTechniques: ["T1098.001", "T1098.003", "T1537"])
        let entry = TimelineEntry(
            eventTime: time, accountID: "123456789012", region: "ap-southeast-1",
            eventSource: "secretsmanager.amazonaws.com", eventName: "BatchGetSecretValueAndMore",
            principal: "arn:aws:iam::123456789012:user/\(long)", sourceIP: "2001:db8:85a3:8d3:1319:8a2e:370:7348",
            errorCode: "Client.UnauthorizedOperation")
        let lineage = GetLineageResponse(
            actor: long,
            steps: [
                LineageStep(
                    eventID: "1", eventTime: time, accountID: "123456789012",
                    eventName: "AssumeRoleWithWebIdentity", caller: "arn:aws:iam::123456789012:role/\(long)",
                    sourceIP: "2001:db8:85a3:8d3:1319:8a2e:370:7348",
                    sessionArn: "arn:aws:sts::123456789012:assumed-role/role/\(long)",
                    sessionAccessKeyID: "ASIAIOSFODNN7EXAMPLE")
            ])
        return [
            ("lineage", LineagePresentation.table(lineage)),
            ("alerts", AlertPresentation.table([alert])), ("accounts", AccountPresentation.table([account])),
            ("detections", DetectionPresentation.table([detection])), ("timeline", TimelinePresentation.table([entry])),
        ]
    }

    @Test(arguments: [80, 100, 132, 200])
    func everyTableFitsItsTerminal(width: Int) {
        for (name, table) in Self.tables {
            for line in table.lines(width: width, colour: false) {
                #expect(DisplayWidth.of(line) <= width, "\(name): \(line)")
            }
        }
    }

    @Test(arguments: [80, 100, 132, 200])
    func linesOfATailFitAndAlign(width: Int) {
        let layout = AlertPresentation.layout(width: width)
        let heading = layout.line(Table.heading(AlertPresentation.columns), AlertPresentation.columns, colour: false)
        let line = layout.line(AlertPresentation.row(Self.alert), AlertPresentation.columns, colour: false)
        #expect(DisplayWidth.of(line) <= width)
        #expect(DisplayWidth.of(heading) <= width)
        let title = heading.firstRange(of: "TITLE").map { heading[..<$0.lowerBound].count }
        let place = line.firstRange(of: "DUET: long").map { line[..<$0.lowerBound].count }
        #expect(title == place)
    }

    @Test func nothingFromOutsideCommandsTheTerminal() {
        for line in AlertPresentation.fields(Self.alert).lines(width: 100, colour: false) {
            #expect(!line.unicodeScalars.contains { $0.value < 0x20 })
        }
        #expect(!AlertPresentation.json(Self.alert).compact.contains { $0 < 0x20 })
    }

    @Test func jsonHasTheContractsNames() {
        let json = text(AlertPresentation.json(Self.alert, cursor: "9").compact)
        #expect(json.hasPrefix(#"{"cursor":"9","alert_id":"01a20214-263b-700d-8f7d-71bb652f3df4","detection_id":"#))
        for part in [
            #""severity":"informational""#, #""status":"acknowledged""#, #""audience":"owner""#,
            #""match_count":1234567"#,
            #""first_seen":"2023-07-10T11:45:03.120Z""#, #""duet_answer":"unexpected""#, #""revision":12"#,
            #""event_ids":["1","2","3","4","5","6","7"]"#, #""user_agent":"evil\u001b[2J""#,
        ] {
            #expect(json.contains(part))
        }
    }

    @Test func equalCallsInARowAreOneLineOfATimeline() {
        func entry(_ id: Int, _ name: String, error: String = "") -> TimelineEntry {
            TimelineEntry(
                eventID: "\(id)", eventTime: Timestamp(milliseconds: Int64(10 - id) * 1_000), accountID: "111122223333",
                eventSource: "s3.amazonaws.com", eventName: name, errorCode: error)
        }
        let entries = [
            entry(1, "GetObject"), entry(2, "GetObject"), entry(3, "GetObject", error: "AccessDenied"),
            entry(4, "GetObject"), entry(5, "PutObject"),
        ]
        let folded = TimelinePresentation.table(entries, isFolded: true)
        #expect(folded.rows.map { $0[4].text } == ["2", "1", "1", "1"])
        #expect(folded.rows.first?.first?.text == "1970-01-01 00:00:09")
        #expect(TimelinePresentation.table(entries).rows.count == 5)
    }

    @Test func aListTellsItsOrderAndWhatItLeftOut() {
        let note = ListNote("record", order: "newest first by event time")
        #expect(
            note.text(shown: 100, total: 159, hasMore: true)
                == "100 of 159 records, newest first by event time; --limit N shows more, --all everything.")
        #expect(
            note.text(shown: 100, total: 34_000, isExact: false, hasMore: true)
                == "100 of at least 34,000 records, newest first by event time; --limit N shows more, --all everything."
        )
        #expect(note.text(shown: 159, total: 159, hasMore: false) == "159 records, newest first by event time.")
        #expect(note.text(shown: 1, total: 1, hasMore: false) == "1 record, newest first by event time.")
        #expect(note.text(shown: 9, total: nil, hasMore: true)?.hasPrefix("The first 9 records, newest first") == true)
        #expect(note.text(shown: 0, total: 0, hasMore: false) == nil)
    }

    @Test func eightyColumnsShowWhoAndWhat() {
        for table in [AlertPresentation.table([Self.alert]), AlertPresentation.duetTable([Self.alert])] {
            let lines = table.lines(width: 80, colour: false)
            #expect(lines[0].contains("ACTOR"))
            #expect(lines[0].contains("TITLE"))
            #expect(lines.allSatisfy { DisplayWidth.of($0) <= 80 })
        }
    }

    @Test func aFrozenServiceSaysSo() throws {
        let endpoint = try #require(Endpoint("127.0.0.1:7443"))
        let status = GetStatusResponse(remediationsFrozen: true, frozenSince: Timestamp(seconds: 0, nanos: 0))
        let lines = StatusPresentation.fields(status, endpoint: endpoint, now: Timestamp(seconds: 9, nanos: 0))
            .lines(width: nil, colour: false)
        #expect(lines.contains { $0.hasPrefix("Remediations") && $0.contains("FROZEN since 1970-01-01T00:00:00Z") })
        #expect(
            text(StatusPresentation.json(status, endpoint: endpoint).compact).contains(#""remediations_frozen":true"#))
    }

    @Test func bothSpellingsAreTaken() {
        #expect(SeverityChoice(argument: "info") == .informational)
        #expect(SeverityChoice(argument: "informational") == .informational)
        #expect(ActionChoice(argument: "deactivate_access_key") == .deactivateAccessKey)
        #expect(ActionChoice(argument: "deactivate-access-key") == .deactivateAccessKey)
        #expect(ActionChoice(argument: "deactivate") == nil)
    }

    @Test func whatAServiceSaysOfACertificateIsNoLostConnection() {
        func error(_ kind: HandshakeFailure) -> RPCError { RPCError(.unavailable, "no connection", cause: kind) }
        for kind in [HandshakeFailure.ownCertificateRevoked, .ownCertificateExpired, .ownCertificateUntrusted] {
            #expect(!ServiceError.isTransient(error(kind)))
        }
        #expect(ServiceError.isTransient(error(.timeout)))
        #expect(ServiceError.isTransient(RPCError(.unavailable, "gone")))
    }

    @Test func aRecordStandsInItsEntryAsItIs() {
        let record = #"{"eventID": "1",  "x":1e0}"#
        let json = text(TimelinePresentation.json(TimelineEntry(eventID: "1", record: Bytes(record))).compact)
        #expect(json.hasSuffix(#""record":\#(record)}"#))
        #expect(json.contains(#""event_time":null"#))
    }

    @Test func problemsReadAsCompilersWriteThem() {
        let problem = RuleProblem(file: "a.yml", line: 3, message: "no title", isError: true)
        #expect(DetectionPresentation.line(problem) == "a.yml:3: error: no title")
        #expect(DetectionPresentation.line(RuleProblem(file: "a.yml", message: "x")) == "a.yml: warning: x")
    }

    @Test func statusCountsTheTimeSinceTheStart() {
        let status = GetStatusResponse(version: "1", startedAt: Timestamp(seconds: 100, nanos: 0), storedRecords: 2900)
        guard let endpoint = Endpoint("h:1") else { return }
        let lines = StatusPresentation.fields(status, endpoint: endpoint, now: Timestamp(seconds: 285, nanos: 0))
            .lines(width: nil, colour: false)
        #expect(lines.contains("Up for       3:05 (since 1970-01-01T00:01:40Z)"))
        // A certificate of some accounts is not told the size of the store.
        #expect(lines.contains("Records      2,900"))
    }

    @Test func statusTellsWhatTheStreamLostAndWhatIsInactive() {
        let status = GetStatusResponse(
            stream: StreamStatus(groups: 12, heldMatches: 1, bytes: 2_048, lateEvents: 3, evictedGroups: 4_000),
            inactiveDetections: [InactiveDetection(detectionID: "d", title: "Travel", needs: "a city database")])
        guard let endpoint = Endpoint("h:1") else { return }
        let lines = StatusPresentation.fields(status, endpoint: endpoint, now: Timestamp(seconds: 285, nanos: 0))
            .lines(width: nil, colour: false)
        #expect(lines.contains { $0.hasPrefix("Stream") && $0.contains("12 correlation groups") }, "\(lines)")
        #expect(lines.contains { $0.hasPrefix("Waiting") && $0.hasSuffix("1 for later events") }, "\(lines)")
        #expect(lines.contains { $0.hasSuffix("3 late events, 4,000 evicted groups") }, "\(lines)")
        #expect(lines.contains { $0.hasPrefix("Inactive") && $0.hasSuffix("Travel: needs a city database") })
        let json = text(StatusPresentation.json(status, endpoint: endpoint).compact)
        #expect(json.contains(#""evicted_groups":4000"#) && json.contains(#""needs":"a city database""#))
    }

    @Test func certificatesTellWhatTheyAreFor() throws {
        let authority = try CertificateAuthority.mint(commonName: "ca", now: 1_700_000_000)
        let client = try authority.issueClient(
            name: "siem", identity: ClientIdentity(role: .subscriber, accounts: .all), now: 1_700_000_000)
        let server = try authority.issueServer(hosts: ["hound", "10.0.0.1"], now: 1_700_000_000)
        let entries = [authority.certificate, client.certificate, server.certificate].map {
            CertificatePresentation.Entry(file: "x.pem", certificate: $0)
        }
        let now = Timestamp(seconds: 1_900_000_000, nanos: 0)
        let lines = CertificatePresentation.table(entries, now: now).lines(width: nil, colour: false)
        for (line, word) in zip(lines.dropFirst(), ["authority", "subscriber", "server"]) {
            #expect(line.contains(word))
        }
        #expect(lines[2].hasSuffix("expired"))
        #expect(lines[2].contains("*"))
        let json = text(CertificatePresentation.json(entries[2]).compact)
        #expect(json.contains(#""dns_names":["hound"],"ip_addresses":["10.0.0.1"]"#))
    }
}

@Suite struct ShortIDTests {
    private let ids = ["01a20214-263b-700d-8f7d-71bb652f3df4", "01a20214-263b-700d-8f7d-99bb652f3df4", "odd"]

    @Test func tablesShowWhatTellsIdsApart() {
        #expect(ShortID.ofAlert(ids[0]) == "71bb652f3df4")
        #expect(ShortID.ofDetection(ids[0]) == "01a20214")
        #expect(ShortID.ofAlert("odd") == "odd")
    }

    @Test func aPartFindsItsId() throws {
        let found = try ShortID.resolve("71BB652f3df4", among: ids, kind: "alert")
        #expect(found == ids[0])
        let ambiguous = Failure("more than one alert has an id like 01a20214: give more of it")
        #expect(throws: ambiguous) { try ShortID.resolve("01a20214", among: ids, kind: "alert") }
        #expect(try ShortID.resolve("od", among: ids, kind: "alert") == "odd")
        #expect(throws: Failure("no alert has an id like ffff")) {
            try ShortID.resolve("ffff", among: ids, kind: "alert")
        }
        #expect(throws: Failure("more than one alert has an id like bb652f3df4: give more of it")) {
            try ShortID.resolve("bb652f3df4", among: ids, kind: "alert")
        }
    }

    @Test func onlyPartsAreLookedUp() {
        #expect(ShortID.isPart("71bb652f3df4"))
        #expect(!ShortID.isPart(ids[0]))
        #expect(!ShortID.isPart("alert-7"))
        #expect(!ShortID.isPart("abc"))
    }
}

// SPDX-License-Identifier: Apache-2.0

import CloudTrail
import Detect
import Testing

/// Who stands behind sessions, read from records as CloudTrail writes them, and the alerts that follow.
@Suite struct LineageTests {
    static let account = "111122223333"
    static let alice = "arn:aws:iam::111122223333:user/alice"

    private static func iamUser(_ name: String, key: String = "AKIAALICE") -> String {
        """
        {"type":"IAMUser","principalId":"AIDA\(name)","arn":"arn:aws:iam::\(account):user/\(name)",\
        "accountId":"\(account)","accessKeyId":"\(key)","userName":"\(name)"}
        """
    }

    /// The identity of a session of a role, `name` in the role `role`.
    private static func role(_ role: String, _ name: String, key: String, source: String = "") -> String {
        """
        {"type":"AssumedRole","principalId":"AROA\(role):\(name)",\
        "arn":"arn:aws:sts::\(account):assumed-role/\(role)/\(name)","accountId":"\(account)","accessKeyId":"\(key)",\
        "sessionContext":{"sourceIdentity":"\(source)","sessionIssuer":{"type":"Role","principalId":"AROA\(role)",\
        "arn":"\(roleARN(role))","accountId":"\(account)","userName":"\(role)"}}}
        """
    }

    private static func roleARN(_ role: String) -> String { "arn:aws:iam::\(account):role/team/\(role)" }

    private static func record(
        _ number: Int, _ name: String, source: String = "sts.amazonaws.com", identity: String, more: String = "",
        minute: Int = 0
    ) -> String {
        """
        {"eventID":"\(eventID(number))","eventTime":"2026-03-01T1\(minute / 60):\(minute % 60 < 10 ? "0" : "")\(minute % 60):00Z",\
        "eventName":"\(name)","eventSource":"\(source)","awsRegion":"eu-west-1","recipientAccountId":"\(account)",\
        "sourceIPAddress":"192.0.2.7","userIdentity":\(identity)\(more.isEmpty ? "" : ",")\(more)}
        """
    }

    /// A call that makes a session.
    private static func assume(
        _ number: Int, by identity: String, role: String, _ name: String, key: String, call: String = "AssumeRole",
        sourceIdentity: String = ""
    ) -> String {
        record(
            number, call, identity: identity,
            more: """
                "requestParameters":{"roleArn":"\(roleARN(role))","sourceIdentity":"\(sourceIdentity)"},\
                "responseElements":{"credentials":{"accessKeyId":"\(key)"},"assumedRoleUser":{"assumedRoleId":\
                "AROA\(role):\(name)","arn":"arn:aws:sts::\(account):assumed-role/\(role)/\(name)"}}
                """)
    }

    /// An event that the only rule holds on.
    private static func act(_ number: Int, as identity: String, minute: Int = 0) -> String {
        record(number, "Act", source: "iam.amazonaws.com", identity: identity, minute: minute)
    }

    /// A detection stage, what it gave to store, and the alerts that stand at the end: actor and number of matches.
    private struct Stream {
        let plan: DetectionPlan
        var stage = DetectionStage()
        var store: [String: Alert] = [:]
        var rows: [[UInt8]] = []
        var revisions = 0
        var now: Milliseconds = 0

        init() throws {
            let catalog = Catalog.read([
                .init(
                    path: "act.yml",
                    text: """
                        title: Act
                        id: 5b1e64ab-3ffc-4f3b-a11c-3e1d7a4f4c11
                        logsource: {product: aws, service: cloudtrail}
                        detection: {selection: {eventName: Act}, condition: selection}
                        level: high
                        ---
                        title: Any act
                        id: 5b1e64ab-3ffc-4f3b-a11c-3e1d7a4f4c12
                        logsource: {product: aws, service: cloudtrail}
                        detection: {selection: {eventName: [Act, Other]}, condition: selection}
                        level: high
                        """)
            ])
            plan = try DetectionPlan(catalog)
        }

        mutating func take(_ records: [String]) throws {
            let (batch, _) = try evaluate(records: records, plan: plan)
            #expect(batch.rejectedCount == 0)
            now += 1
            _ = stage.apply(batch, now: now)
            let changes = stage.takeChanges()
            for alert in changes.alerts {
                // What is stored is what is read back.
                let stored = try AlertCodec.decode(AlertCodec.encode(alert))
                #expect(stored == alert)
                store[alert.id] = stored
                revisions += 1
            }
            rows.append(changes.row)
            stage.commit()
        }

        /// A restart: the alerts and the rows are all that is left.
        mutating func restart() {
            var state = StreamState()
            for row in rows { state.replay(row, now: 0) }
            stage = DetectionStage(state: state, merger: AlertMerger(restoring: Array(store.values)))
        }

        var allOpen: [Alert] { store.values.filter { $0.status == .open } }
        /// Those of the first rule; the second has the same and more.
        var open: [Alert] { allOpen.filter { $0.title == "Act" } }
        var actors: [String] { open.map { "\($0.actor.principal) \($0.matchCount)" }.sorted() }
    }

    @Test func aSessionLeadsToItsMakerInEitherOrder() throws {
        let parent = Self.assume(1, by: Self.iamUser("alice"), role: "deploy", "s", key: "ASIA1")
        let child = Self.act(2, as: Self.role("deploy", "s", key: "ASIA1"))
        for records in [[parent, child], [child, parent]] {
            var stream = try Stream()
            for record in records { try stream.take([record]) }
            #expect(stream.actors == ["\(Self.alice) 1"])
            #expect(stream.store.count == 2, "the alert of each rule is the same one")
        }
    }

    @Test func aSessionWithoutAMakerIsItsRole() throws {
        var stream = try Stream()
        try stream.take((1...5).map { Self.act($0, as: Self.role("deploy", "name-\($0)", key: "ASIA\($0)")) })
        #expect(stream.actors == ["\(Self.roleARN("deploy")) 5"], "session names are an attacker's choice")
    }

    @Test func alertsOfTwoThatAreOneMerge() throws {
        var stream = try Stream()
        try stream.take([Self.act(1, as: Self.iamUser("alice")), Self.act(2, as: Self.role("r", "s", key: "ASIA1"))])
        #expect(stream.actors == [Self.roleARN("r") + " 1", "\(Self.alice) 1"])
        try stream.take([Self.assume(3, by: Self.iamUser("alice"), role: "r", "s", key: "ASIA1")])
        #expect(stream.actors == ["\(Self.alice) 2"])
        let merged = stream.store.values.filter { $0.status == .merged && $0.title == "Act" }
        #expect(merged.map(\.mergedInto) == stream.open.map(\.id))
        #expect(stream.open.map(\.revision) == [2])
        #expect(stream.open.first?.eventIDs == [1, 2].map(eventID))
    }

    @Test func anAlertOfTwoActorsIsPutApart() throws {
        var stream = try Stream()
        try stream.take([
            Self.act(1, as: Self.role("r", "a", key: "ASIA1")), Self.act(2, as: Self.role("r", "b", key: "ASIA2")),
            Self.act(3, as: Self.role("r", "c", key: "ASIA3")), Self.act(4, as: Self.role("r", "a", key: "ASIA1")),
        ])
        #expect(stream.actors == [Self.roleARN("r") + " 4"])
        try stream.take([Self.assume(5, by: Self.iamUser("alice"), role: "r", "a", key: "ASIA1")])
        #expect(stream.actors == [Self.roleARN("r") + " 2", "\(Self.alice) 2"])
        stream.restart()
        try stream.take([Self.assume(6, by: Self.iamUser("bob"), role: "r", "b", key: "ASIA2")])
        #expect(
            stream.actors == [Self.roleARN("r") + " 1", "\(Self.alice) 2", "arn:aws:iam::111122223333:user/bob 1"])
        try stream.take([Self.act(7, as: Self.role("r", "a", key: "ASIA1"))])
        #expect(stream.actors.contains("\(Self.alice) 3"))
    }

    @Test func chainsAreFollowedInAnyOrder() throws {
        let records = [
            Self.assume(1, by: Self.iamUser("alice"), role: "a", "one", key: "ASIA1"),
            Self.assume(2, by: Self.role("a", "one", key: "ASIA1"), role: "b", "two", key: "ASIA2"),
            Self.assume(3, by: Self.role("b", "two", key: "ASIA2"), role: "c", "three", key: "ASIA3"),
            Self.act(4, as: Self.role("c", "three", key: "ASIA3")),
            Self.act(5, as: Self.role("b", "two", key: "ASIA2")),
            Self.act(6, as: Self.iamUser("alice")),
        ]
        var random = Numbers(seed: 3)
        for _ in 0..<60 {
            var stream = try Stream()
            for record in records.shuffled(using: &random) {
                try stream.take([record])
                if Int.random(in: 0..<4, using: &random) == 0 { stream.restart() }
            }
            #expect(stream.actors == ["\(Self.alice) 3"])
        }
    }

    @Test func theRolesIdLeadsThereWhereNoKeyIsKnown() throws {
        // The console's sessions have keys that no event issued.
        let switched = Self.record(
            1, "SwitchRole", source: "signin.amazonaws.com", identity: Self.role("admin", "alice", key: ""),
            more: #""responseElements":{"SwitchRole":"Success"},"additionalEventData":{"SwitchFrom":"\#(Self.alice)"}"#)
        let child = Self.act(2, as: Self.role("admin", "alice", key: "ASIACONSOLE"))
        for records in [[switched, child], [child, switched]] {
            var stream = try Stream()
            for record in records { try stream.take([record]) }
            #expect(stream.actors == ["\(Self.alice) 1"])
        }
    }

    @Test func aRolesIdOfTwoMakersLeadsToNeither() throws {
        let records = [
            Self.assume(1, by: Self.iamUser("alice"), role: "r", "same", key: "ASIA1"),
            Self.assume(2, by: Self.iamUser("bob"), role: "r", "same", key: "ASIA2"),
            Self.act(3, as: Self.role("r", "same", key: "ASIAUNKNOWN")),
            Self.act(4, as: Self.role("r", "same", key: "ASIA2")),
        ]
        var random = Numbers(seed: 4)
        for _ in 0..<24 {
            var stream = try Stream()
            for record in records.shuffled(using: &random) { try stream.take([record]) }
            #expect(stream.actors == [Self.roleARN("r") + " 1", "arn:aws:iam::111122223333:user/bob 1"])
        }
    }

    @Test func aSourceIdentityMeansWhoSetIt() throws {
        let records = [
            Self.assume(
                1, by: Self.iamUser("alice"), role: "r", "s", key: "ASIA1", sourceIdentity: "al"),
            Self.act(2, as: Self.role("other", "t", key: "ASIAUNKNOWN", source: "al")),
        ]
        for records in [records, records.reversed()] {
            var stream = try Stream()
            for record in records { try stream.take([record]) }
            #expect(stream.actors == ["\(Self.alice) 1"])
        }
    }

    @Test func peopleWhoShareAPermissionSetAreTwo() throws {
        var stream = try Stream()
        let role = "AWSReservedSSO_Admin_0123456789abcdef"
        try stream.take([
            Self.act(1, as: Self.role(role, "alice@example.com", key: "ASIA1")),
            Self.act(2, as: Self.role(role, "bob@example.com", key: "ASIA2")),
            Self.act(3, as: Self.role(role, "alice@example.com", key: "ASIA3")),
        ])
        let session = "arn:aws:sts::\(Self.account):assumed-role/\(role)/"
        #expect(stream.actors == [session + "alice@example.com 2", session + "bob@example.com 1"])
    }

    @Test func aServiceWorksAsItsRole() throws {
        let service = #"{"type":"AWSService","invokedBy":"ec2.amazonaws.com"}"#
        var stream = try Stream()
        try stream.take([Self.act(2, as: Self.role("web", "i-0abc", key: "ASIA1"))])
        try stream.take([Self.assume(1, by: service, role: "web", "i-0abc", key: "ASIA1")])
        #expect(stream.actors == [Self.roleARN("web") + " 1"])
    }

    @Test func otherMakersOfSessions() throws {
        let saml = #"{"type":"SAMLUser","principalId":"x:ann","userName":"ann","identityProvider":"idp"}"#
        let token = Self.record(
            5, "GetSessionToken", identity: Self.iamUser("alice"),
            more: #""responseElements":{"credentials":{"accessKeyId":"ASIATOKEN"}}"#)
        var stream = try Stream()
        try stream.take([
            Self.assume(1, by: saml, role: "r", "ann", key: "ASIA1", call: "AssumeRoleWithSAML"),
            Self.act(2, as: Self.role("r", "ann", key: "ASIA1")), token,
            Self.assume(3, by: Self.iamUser("alice", key: "ASIATOKEN"), role: "r", "x", key: "ASIA2"),
            Self.act(4, as: Self.role("r", "x", key: "ASIA2")),
        ])
        #expect(stream.actors == ["\(Self.alice) 1", "idp/ann 1"])
    }

    @Test func callersOwnAccountKnowsMore() throws {
        // Of a call across accounts the role's account sees no more of the caller than his id.
        let stranger = #"{"type":"AWSAccount","principalId":"AIDAalice","accountId":"999988887777"}"#
        let records = [
            Self.assume(1, by: stranger, role: "r", "s", key: "ASIA1"),
            Self.assume(2, by: Self.iamUser("alice"), role: "r", "s", key: "ASIA1"),
            Self.act(3, as: Self.role("r", "s", key: "ASIA1")),
        ]
        var random = Numbers(seed: 5)
        for _ in 0..<12 {
            var stream = try Stream()
            for record in records.shuffled(using: &random) { try stream.take([record]) }
            #expect(stream.actors == ["\(Self.alice) 1"])
        }
    }

    /// Another account's collector may write anything of a user and a session of this one.
    @Test func anotherAccountsRecordsNameNobodyOfThisOne() throws {
        let other = "999988887777"
        let truth = Self.assume(1, by: Self.iamUser("mallory"), role: "r", "s", key: "ASIA1")
        let act = Self.act(9, as: Self.role("r", "s", key: "ASIA1"))
        let received = "\"recipientAccountId\":\"\(other)\""
        func inOther(_ record: String) -> String {
            record.replacing("\"recipientAccountId\":\"\(Self.account)\"", with: received)
        }
        let claim = Self.assume(2, by: Self.iamUser("alice"), role: "r", "s", key: "ASIA1")
        let ownRole = Self.assume(3, by: Self.iamUser("alice"), role: "r", "s", key: "ASIA1")
            .replacing("arn:aws:sts::\(Self.account)", with: "arn:aws:sts::\(other)")
        let ownUser = Self.assume(
            4, by: Self.iamUser("eve").replacing(Self.account, with: other), role: "r", "s", key: "ASIA1")
        let mallory = "arn:aws:iam::\(Self.account):user/mallory"
        for forged in [claim, ownRole, ownUser].map(inOther) {
            for records in [[forged, truth, act], [truth, act, forged], [act, forged, truth]] {
                var stream = try Stream()
                for record in records { try stream.take([record]) }
                #expect(stream.actors == ["\(mallory) 1"], "\(forged)")
            }
        }
        // By themselves they name nobody of this account either.
        for forged in [claim, ownRole].map(inOther) {
            var stream = try Stream()
            try stream.take([forged, act])
            #expect(stream.actors == ["arn:aws:iam::\(Self.account):role/team/r 1"])
        }
        // Nor through a session of the other account's own role, which did assume a role here.
        let outer = #"{"type":"AWSAccount","principalId":"AROAr:s","accountId":"\#(other)"}"#
        var stream = try Stream()
        try stream.take([
            inOther(ownRole.replacing("ASIA1", with: "ASIA2")),
            Self.assume(5, by: outer, role: "q", "t", key: "ASIA3"), Self.act(6, as: Self.role("q", "t", key: "ASIA3")),
        ])
        #expect(stream.actors == ["AROAr 1"])
    }

    /// Of many callers who made sessions of one name, late ones included, what is found follows from the set of them.
    @Test(arguments: 1...10) func manyMakersOfOneName(seed: UInt64) throws {
        var random = Numbers(seed: seed)
        let start: Milliseconds = 1_772_359_200_000
        func session(_ key: String) -> SessionIdentity {
            SessionIdentity(
                principal: Self.roleARN("r"), accessKeyID: key, principalID: "AROAr:same", sourceIdentity: "")
        }
        let account = try #require(AccountID("111122223333"))
        var issuances = (0..<60).map { number in
            let name = number < 20 ? "alice" : "user\(number % 30)"
            return Issuance(
                reference: EventReference(
                    time: start + Milliseconds(number) * 60_000, id: EventID(high: 1, low: UInt64(number))),
                accountID: account, eventName: "AssumeRole",
                caller: .principal("arn:aws:iam::111122223333:user/\(name)"), session: session("ASIA\(number)"))
        }
        // One more makes many sessions and is told of late.
        issuances += (60..<80).map { number in
            Issuance(
                reference: EventReference(
                    time: start + Milliseconds(number) * 60_000, id: EventID(high: 1, low: UInt64(number))),
                accountID: account, eventName: "AssumeRole", caller: .principal("AIDAEXAMPLE\(number)"),
                session: session("ASIA\(number)"))
        }
        var outcomes: Set<[String]> = []
        for _ in 0..<5 {
            var lineage = Lineage()
            for issuance in issuances.shuffled(using: &random) { _ = lineage.learn(issuance, now: 100_000) }
            outcomes.insert(
                [-1, 0, 5, 19, 20, 40, 90].map { minute in
                    lineage.resolve(session(""), asOf: start + minute * 60_000).principal
                })
        }
        let (role, alice) = (Self.roleARN("r"), "arn:aws:iam::111122223333:user/alice")
        #expect(outcomes == [[role, alice, alice, alice, role, role, role]])
    }

    @Test func whatIsRememberedIsBounded() throws {
        var lineage = Lineage(capacity: 100)
        for number in 0..<2_000 {
            let session = SessionIdentity(
                principal: "r", accessKeyID: "ASIA\(number)", principalID: "AROA:\(number % 7)")
            _ = lineage.learn(
                Issuance(
                    reference: EventReference(time: 0, text: eventID(number)), accountID: .zero,
                    eventName: "AssumeRole", caller: .principal("p"), session: session),
                now: Milliseconds(number) * 1_000)
            #expect(lineage.count <= 101)
        }
        #expect(lineage.evicted > 1_000)
        lineage.expire(now: (2_000 + Milliseconds(DetectLimits.lineageSeconds)) * 1_000)
        #expect(lineage.count == 0)
    }

    /// The outcome follows from the set of records, whatever their order, batches and restarts.
    @Test(arguments: 1...25) func theOrderOfArrivalDoesNotMatter(seed: UInt64) throws {
        var random = Numbers(seed: seed)
        var records: [String] = []
        var sessions = (0..<3).map { Self.iamUser("user\($0)") }
        for number in 0..<60 {
            guard let caller = sessions.randomElement(using: &random) else { continue }
            if number % 3 == 0 {
                let role = "role\(Int.random(in: 0..<2, using: &random))"
                let name = "name\(Int.random(in: 0..<4, using: &random))"
                records.append(Self.assume(number, by: caller, role: role, name, key: "ASIA\(number)"))
                sessions.append(Self.role(role, name, key: "ASIA\(number)"))
                // One whose maker is nowhere: it goes by its role and name, which several may have made.
                if number % 2 == 0 { sessions.append(Self.role(role, name, key: "ASIAUNKNOWN\(number)")) }
            } else {
                let minute = Int.random(in: 0...359, using: &random)
                records.append(
                    Self.record(
                        number, number % 4 == 1 ? "Other" : "Act", source: "iam.amazonaws.com", identity: caller,
                        minute: minute))
            }
        }
        var expected: Set<String>?
        for _ in 0..<5 {
            var stream = try Stream()
            var rest = records.shuffled(using: &random)[...]
            while !rest.isEmpty {
                let batch = rest.prefix(Int.random(in: 1...9, using: &random))
                try stream.take(Array(batch))
                rest = rest.dropFirst(batch.count)
                if Int.random(in: 0..<5, using: &random) == 0 { stream.restart() }
            }
            let found = Set(
                stream.open.map {
                    "\($0.actor.principal) \($0.first.text) \($0.last.text) \($0.matchCount) \($0.eventIDs)"
                })
            #expect(found.count == stream.open.count)
            #expect(expected ?? found == found)
            expected = found
        }
    }
}

// SPDX-License-Identifier: Apache-2.0

import CloudTrail
import Detect
import Testing

@Suite struct TuningTests {
    private let id = "53d40d92-f4ac-4b82-bdab-b2b26c8c42fb"
    private let ours = AccountID("111122223333")
    private let other = AccountID("444455556666")

    private func run(_ catalog: Catalog, _ tuning: Tuning, account: String = "111122223333") throws -> EvaluatedBatch {
        let plan = try DetectionPlan(catalog, tuning: tuning)
        return try evaluate(records: [sample(1, account: account), sample(2, account: account)], plan: plan).0
    }

    @Test func anAccountGoesBeforeEverywhereAndThatBeforeTheAuthor() throws {
        let catalog = catalog(rule())
        var tuning = Tuning()
        #expect(try run(catalog, tuning).matches.map(\.severity) == [.high, .high])
        tuning.set(Tuning.Setting(severity: .low), of: id)
        #expect(try run(catalog, tuning).matches.map(\.severity) == [.low, .low])
        tuning.set(Tuning.Setting(severity: .critical), of: id, in: ours)
        #expect(try run(catalog, tuning).matches.map(\.severity) == [.critical, .critical])
        #expect(try run(catalog, tuning, account: "444455556666").matches.map(\.severity) == [.low, .low])
        tuning.set(Tuning.Setting(), of: id, in: ours)
        #expect(tuning.accounts.isEmpty)
        #expect(try run(catalog, tuning).matches.map(\.severity) == [.low, .low])
    }

    @Test func aDetectionRunsWhereItIsOn() throws {
        let catalog = catalog(rule(more: "level: high\ntrailhound:\n    enabled: false"))
        var tuning = Tuning()
        #expect(try run(catalog, tuning).matches.isEmpty)
        tuning.set(Tuning.Setting(enabled: true), of: id, in: ours)
        #expect(try run(catalog, tuning).matches.count == 2)
        #expect(try run(catalog, tuning, account: "444455556666").matches.isEmpty)
        tuning.set(Tuning.Setting(enabled: true), of: id)
        tuning.set(Tuning.Setting(enabled: false), of: id, in: ours)
        #expect(try run(catalog, tuning).matches.isEmpty)
        #expect(try run(catalog, tuning, account: "444455556666").matches.count == 2)
    }

    @Test func onTrialNothingIsAlertedAndAllIsReported() throws {
        var tuning = Tuning()
        tuning.set(Tuning.Setting(onTrial: true), of: id)
        let batch = try run(catalog(rule()), tuning)
        #expect(batch.matches.isEmpty)
        #expect(batch.trialMatches.map(\.eventIndex) == [0, 1])
        #expect(batch.trialMatches.map(\.detection.id) == [id, id])
    }

    private func exception(
        _ more: String = "", rules: String = "any", expires: String = "2030-01-01", user: String = "u1"
    ) -> String {
        """
        title: Our robot
        logsource: {product: aws, service: cloudtrail}
        filter:
            rules: \(rules)
            selection: {userIdentity.userName: \(user)}
            condition: not selection
        trailhound:
            owner: platform@example.com
            reason: Nightly work
            expires: \(expires)
            \(more)
        """
    }

    @Test func anExceptionHoldsForItsEventsAccountsAndTime() throws {
        let catalog = catalog(rule())
        func matched(_ text: String, account: String = "111122223333") throws -> [Int] {
            var tuning = Tuning()
            tuning.add(try DetectionException(parsing: text))
            return try run(catalog, tuning, account: account).matches.map(\.eventIndex)
        }
        #expect(try matched(exception()) == [1])
        #expect(try matched(exception(rules: "[\(id)]")) == [1])
        #expect(try matched(exception(rules: "[another]")) == [0, 1])
        #expect(try matched(exception(user: "u2")) == [0])
        // The events are of 2023-07-10T11:42:31Z.
        #expect(try matched(exception(expires: "2023-07-10T11:42:31Z")) == [0, 1])
        #expect(try matched(exception(expires: "2023-07-10T11:42:32Z")) == [1])
        #expect(try matched(exception("accounts: ['111122223333']")) == [1])
        #expect(try matched(exception("accounts: ['111122223333']"), account: "444455556666") == [0, 1])
    }

    @Test func exceptionsOfRuleFilesHoldToo() throws {
        let catalog = catalog(rule(), exception())
        #expect(catalog.isSound)
        #expect(catalog.exceptions.map(\.owner) == ["platform@example.com"])
        #expect(catalog.exceptions.map(\.file) == ["1.yml"])
        #expect(try run(catalog, Tuning()).matches.map(\.eventIndex) == [1])
    }

    @Test func whatIsExceptedIsNotCountedEither() throws {
        let correlation = """
            title: Many
            correlation: {type: event_count, rules: [one], timespan: 1h, condition: {gte: 2}}
            """
        let catalog = catalog(rule(more: "name: one\nlevel: low"), correlation, exception())
        #expect(try run(catalog, Tuning()).observations.map(\.eventIndex) == [1])
    }

    @Test(arguments: [
        ("    owner: platform@example.com\n", "", "needs 'owner'"),
        ("reason: Nightly work", "reason: ''", "'reason' is a text of 1 to 1024 bytes"),
        ("expires: 2030-01-01", "expires: soon", "'expires' is a time such as"),
        ("expires: 2030-01-01", "until: 2030-01-01", "has no key 'until'"),
        ("condition: not selection", "condition: not other", "names 'other'"),
        ("    expires: 2030-01-01", "    expires: 2030-01-01\n    accounts: [12]", "'accounts' is a list"),
        ("trailhound:", "else:", "needs the key 'trailhound'"),
        ("filter:", "detection:", "one Sigma filter"),
    ])
    func errorsAreNamed(part: String, replacement: String, message: String) throws {
        let text = exception().replacing(part, with: replacement)
        #expect(text != exception())
        do throws(DetectionException.Failure) {
            _ = try DetectionException(parsing: text)
            Issue.record("accepted: \(text)")
        } catch { #expect(error.description.contains(message), "\(error)") }
    }

    @Test func anExceptionIsReplacedByItsId() throws {
        var tuning = Tuning()
        let one = try DetectionException(parsing: exception())
        tuning.add(one)
        tuning.add(one)
        #expect(tuning.exceptions.count == 1)
        let (none, some) = (tuning.remove(exception: "nothing"), tuning.remove(exception: one.id))
        #expect(!none && some)
        #expect(tuning.exceptions.isEmpty)
    }

    @Test func aRuleThatIsCountedAlertsWhereSomebodyWantsIt() throws {
        let correlation = """
            title: Many
            correlation: {type: event_count, rules: [one], timespan: 1h, condition: {gte: 2}}
            """
        let catalog = catalog(rule(more: "name: one\nlevel: low"), correlation)
        #expect(try DetectionPlan(catalog).rules.map(\.raisesAlerts) == [false])
        var tuning = Tuning()
        tuning.set(Tuning.Setting(enabled: true), of: id)
        #expect(try DetectionPlan(catalog, tuning: tuning).rules.map(\.raisesAlerts) == [true])
    }

    @Test func anExplanationShowsTheRuleAndItsExceptions() throws {
        let catalog = catalog(rule())
        let detection = try #require(catalog.detections.first)
        func explain(_ text: String?) throws -> DetectionExplanation {
            let exceptions = try text.map { [try DetectionException(parsing: $0)] } ?? []
            return try Array(sample(1).utf8).withUnsafeBytes {
                try catalog.explanation(of: detection, on: $0, exceptions: exceptions)
            }
        }
        #expect(try explain(nil).holds)
        let excepted = try explain(exception())
        #expect(!excepted.holds)
        #expect(excepted.rules.map(\.tree.holds) == [true])
        #expect(excepted.rules.first?.exceptions.map(\.excepts) == [true])
        #expect(try explain(exception(user: "u9")).holds)
        #expect(try explain(exception(expires: "2020-01-01")).rules.first?.exceptions.map(\.isInForce) == [false])
    }
}

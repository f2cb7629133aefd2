// SPDX-License-Identifier: Apache-2.0

import CloudTrail
import Detect
import Sigma
import Testing

@Suite("Correlations and filters in the catalog")
struct CatalogCorrelationTests {
    private let ids = (0..<9).map { "\($0)3d40d92-f4ac-4b82-bdab-b2b26c8c42fb" }

    private func named(_ number: Int, _ name: String) -> String {
        rule(id: ids[number], title: "Rule \(name)", event: "Call\(number)", more: "name: \(name)\nlevel: low")
    }

    private func correlation(_ number: Int, _ name: String, of rules: String, more: String = "") -> String {
        """
        title: Correlation \(name)
        id: \(ids[number])
        name: \(name)
        level: high
        correlation:
            type: event_count
            rules: \(rules)
            group-by: [user.name]
            timespan: 10m
            condition: {gte: 3}
            \(more)
        trailhound:
            runbook: Look.
        """
    }

    @Test func correlationsStandBesideRules() throws {
        let catalog = catalog(correlation(0, "many", of: "[one]"), named(1, "one"), named(2, "two"))
        #expect(catalog.problems == [])
        #expect(catalog.detections.map(\.title) == ["Rule one", "Rule two"])
        #expect(catalog.correlated.map(\.title) == ["Correlation many"])
        #expect(catalog.correlated.map(\.severity) == [.high])
        #expect(catalog.correlated.map(\.runbook) == ["Look."])
        #expect(catalog.all.map(\.kind) == [.rule, .rule, .correlation])
        #expect(catalog.detection(id: ids[0])?.title == "Correlation many")
        let plan = try DetectionPlan(catalog)
        #expect(plan.rules.map(\.detection.title) == ["Rule one", "Rule two"])
        #expect(plan.rules.map(\.raisesAlerts) == [false, true])
        #expect(plan.plannedCorrelations.map(\.detection.title) == ["Correlation many"])
        #expect(plan.plannedCorrelations.map(\.raisesAlerts) == [true])
    }

    @Test func generateKeepsTheRulesAlerts() throws {
        let catalog = catalog(correlation(0, "many", of: "[one]", more: "generate: true"), named(1, "one"))
        #expect(try DetectionPlan(catalog).rules.map(\.raisesAlerts) == [true])
    }

    @Test func aCorrelationThatIsOffKeepsItsRulesSilent() throws {
        let many = correlation(0, "many", of: "[one]").replacing("runbook: Look.", with: "enabled: false")
        let off = catalog(many, named(1, "one"), named(2, "two"))
        #expect(try DetectionPlan(off).rules.map(\.detection.title) == ["Rule two"])
        var tuning = Tuning()
        tuning.set(Tuning.Setting(enabled: false), of: ids[0])
        let on = catalog(correlation(0, "many", of: "[one]"), named(1, "one"), named(2, "two"))
        #expect(try DetectionPlan(on, tuning: tuning).rules.map(\.detection.title) == ["Rule two"])
        // One above another: the lower one stands for nothing but the upper one.
        let chain = catalog(
            correlation(0, "top", of: "[many]").replacing("runbook: Look.", with: "enabled: false"),
            correlation(3, "many", of: "[one]"), named(1, "one"))
        #expect(try DetectionPlan(chain).plannedCorrelations.map(\.raisesAlerts).contains(true) == false)
        #expect(try DetectionPlan(chain).rules.map(\.raisesAlerts).contains(true) == false)
        // `generate` is the author's word, whether or not the correlation runs.
        let generating = catalog(
            many.replacing("    timespan: 10m", with: "    timespan: 10m\n    generate: true"), named(1, "one"))
        #expect(try DetectionPlan(generating).rules.map(\.raisesAlerts) == [true])
    }

    @Test func whoSwitchesARuleOnInAnAccountGetsItsAlertsThere() throws {
        let catalog = catalog(
            correlation(0, "many", of: "[one]"), rule(id: ids[1], title: "One", more: "name: one\nlevel: low"))
        var tuning = Tuning()
        tuning.set(Tuning.Setting(enabled: true), of: ids[1], in: AccountID("111122223333"))
        let plan = try DetectionPlan(catalog, tuning: tuning)
        let (batch, _) = try evaluate(
            records: [sample(1), sample(2, account: "999988887777")], plan: plan)
        #expect(batch.matches.map(\.event.accountID.description) == ["111122223333"])
        #expect(batch.observations.count == 2)
    }

    @Test func whatIsCountedIsEvaluatedEvenIfSwitchedOff() throws {
        let catalog = catalog(
            correlation(0, "top", of: "[many]"), correlation(3, "many", of: "[one]"), named(1, "one"), named(2, "two"))
        let plan = try DetectionPlan(catalog) { $0.title == "Correlation top" }
        #expect(plan.rules.map(\.detection.title) == ["Rule one"])
        #expect(plan.rules.map(\.raisesAlerts) == [false])
        #expect(plan.plannedCorrelations.map(\.detection.title) == ["Correlation many", "Correlation top"])
        #expect(plan.plannedCorrelations.map(\.raisesAlerts) == [false, true])
        let without = try DetectionPlan(catalog) { $0.kind == .rule }
        #expect(without.rules.map(\.raisesAlerts) == [true, true])
        #expect(without.plannedCorrelations.isEmpty)
    }

    @Test func anAlertOfACorrelationTellsWhatItsRulesTell() throws {
        let catalog = catalog(
            correlation(0, "many", of: "[one]").replacing("[user.name]", with: "[awsRegion]"),
            rule(id: ids[1], title: "One", more: "name: one\nfields: [eventSource, eventName]\nlevel: low"))
        let plan = try DetectionPlan(catalog)
        let (batch, _) = try evaluate(records: [sample(1), sample(2), sample(3)], plan: plan)
        #expect(
            batch.observations.map { $0.evidence.map(\.name) }
                == Array(repeating: ["awsRegion", "eventSource", "eventName"], count: 3))
        var state = StreamState()
        var matches: [StreamMatch] = []
        for observation in batch.observations {
            matches += state.observe(observation, plan, historical: false, now: 0)
        }
        let names = try #require(matches.first).match.evidence.map(\.name)
        #expect(names.filter { $0 == "eventName" }.count == 1 && names.contains("eventSource"), "\(names)")
    }

    @Test func aBatchCarriesWhatCorrelationsCount() throws {
        let catalog = catalog(
            correlation(0, "many", of: "[one]"), rule(id: ids[1], title: "One", more: "name: one\nlevel: low"))
        let plan = try DetectionPlan(catalog)
        let (batch, _) = try evaluate(records: [sample(1), sample(2)], plan: plan)
        #expect(batch.matches.isEmpty)
        #expect(batch.plan === plan)
        #expect(batch.observations.map(\.eventIndex) == [0, 1])
        #expect(batch.observations.map(\.evidence.first?.value) == ["u1", "u2"])
        #expect(Set(batch.observations.map(\.observations.direct.first?.group)).count == 2)
        #expect(batch.observations.map(\.event.actor.principal).count == 2)
    }

    @Test func whatIsMissingIsAnErrorOfTheCorrelation() throws {
        let catalog = catalog(correlation(0, "many", of: "[nowhere]"), named(1, "one"))
        #expect(catalog.correlated.isEmpty)
        #expect(
            catalog.problems.map(\.description) == [
                "0.yml:1: error: the correlation refers to 'nowhere', which is not loaded"
            ])
    }

    @Test func correlationsOfOtherLogSourcesAreLeftOutLikeTheirRules() throws {
        let windows = named(1, "one").replacing("product: aws", with: "product: windows")
        let catalog = catalog(
            correlation(0, "many", of: "[one]"), correlation(2, "more", of: "[many]"), windows, named(3, "three"))
        #expect(catalog.correlated.isEmpty)
        #expect(catalog.isSound)
        #expect(catalog.detections.map(\.title) == ["Rule three"])
    }

    @Test func rulesOfOtherLogsAreNotHeldToThisEngine() {
        let windows = named(1, "one").replacing("product: aws", with: "product: windows")
            .replacing("eventName:", with: "eventName|odd:")
        #expect(catalog(windows, named(2, "two")).isSound)
    }

    @Test func manyForeignRulesAreOneRemark() {
        let files = (0..<40).map { number in
            Catalog.RuleFile(
                path: "\(number).yml",
                text: rule(id: "\(10 + number)d40d92-f4ac-4b82-bdab-b2b26c8c42fb")
                    .replacing("product: aws", with: "product: linux"))
        }
        let catalog = Catalog.read(files)
        #expect(catalog.problems.count == 1)
        #expect(catalog.isSound)
    }

    @Test func filtersAreAddedToTheRulesTheyAreFor() throws {
        let filter = """
            title: Our own role
            logsource: {product: aws, service: cloudtrail}
            filter:
                rules: [one]
                selection: {userIdentity.userName: u1}
                condition: not selection
            """
        let catalog = catalog(
            filter, rule(id: ids[1], title: "One", more: "name: one\nlevel: low"),
            rule(id: ids[2], title: "Two", more: "name: two\nlevel: low"))
        #expect(catalog.isSound)
        #expect(catalog.filters.count == 1)
        let (batch, _) = try evaluate(records: [sample(1), sample(2)], plan: try DetectionPlan(catalog))
        #expect(batch.matches.map { "\($0.detection.title)\($0.eventIndex)" } == ["Two0", "One1", "Two1"])
    }

    @Test func filtersThatAreAddedToNothingAreRemarked() throws {
        func filter(_ rules: String, service: String = "cloudtrail") -> String {
            """
            title: Our own role
            logsource: {product: aws, service: \(service)}
            filter:
                rules: \(rules)
                selection: {userIdentity.userName: u1}
                condition: not selection
            """
        }
        let rest = [correlation(0, "many", of: "[one]"), named(1, "one")]
        func remarks(_ filter: String) -> [String] {
            let foreign = named(2, "elsewhere").replacing("product: aws", with: "product: linux")
            let catalog = catalog(filter, rest[0], rest[1], foreign)
            #expect(catalog.isSound)
            return catalog.problems.map(\.message).filter { $0.contains("filter") }
        }
        #expect(remarks(filter("[one, \(ids[1].uppercased()), elsewhere]")) == [])
        #expect(remarks(filter("any")) == [])
        #expect(remarks(filter("[one, oen]")) == ["the filter names 'oen', which is not loaded"])
        #expect(
            remarks(filter("many")) == [
                "the filter names the correlation 'many': a filter is for rules, name those it counts"
            ])
        #expect(
            remarks(filter("one", service: "s3")) == [
                "the filter is for another log source than the rule 'one' that it names"
            ])
    }

    @Test func placeholdersComeFromContext() throws {
        let text = rule().replacing("eventName: Call", with: "eventName|expand: '%calls%'")
        let none = catalog(text)
        #expect(none.problems.map(\.message) == ["the placeholder '%calls%' has no value here"])
        #expect(none.problems.map(\.line) == [17])
        let file = Catalog.RuleFile(path: "a.yml", text: text)
        let given = Catalog.read([file], placeholders: ["calls": ["Other", "Call"]])
        #expect(given.problems == [])
        let (batch, _) = try evaluate(records: [sample(1)], plan: try DetectionPlan(given))
        #expect(batch.matches.count == 1)
    }

    @Test func bothTaxonomiesRunOnOneEngine() throws {
        let native = rule(id: ids[1])
        let ecs = rule(id: ids[2]).replacing(
            "eventName: Call",
            with: """
                event.action: Call
                        event.provider: iam.amazonaws.com
                        event.outcome: success
                        cloud.region: us-east-1
                        user.name: u1
                        aws.cloudtrail.user_identity.type: IAMUser
                        aws.cloudtrail.flattened.request_parameters.userName: null
                """)
        let catalog = catalog(native, ecs)
        #expect(catalog.isSound)
        let plan = try DetectionPlan(catalog)
        let (batch, _) = try evaluate(records: [sample(1), sample(2)], plan: plan)
        #expect(batch.matches.map { "\($0.detection.id.prefix(1))\($0.eventIndex)" } == ["10", "20", "11"])
    }
}

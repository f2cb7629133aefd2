// SPDX-License-Identifier: Apache-2.0

import Detect
import Testing

/// A rule file's text.
func rule(
    id: String = "53d40d92-f4ac-4b82-bdab-b2b26c8c42fb", title: String = "A call", event: String = "Call",
    more: String = "level: high"
) -> String {
    """
    title: \(title)
    id: \(id)
    status: test
    description: What an attacker gains.
    references:
        - https://example.com/one
    author: Trailhound
    date: 2026-11-22
    tags:
        - attack.persistence
        - attack.t1098.001
    logsource:
        product: aws
        service: cloudtrail
    detection:
        selection:
            eventName: \(event)
        condition: selection
    falsepositives:
        - Somebody's work
    \(more)

    """
}

func catalog(_ texts: String...) -> Catalog {
    Catalog.read(texts.enumerated().map { Catalog.RuleFile(path: "\($0.offset).yml", text: $0.element) })
}

@Suite struct CatalogTests {
    @Test func aWholeRule() throws {
        let text = rule(
            more: """
                level: critical
                trailhound:
                    audience: owner
                    outcome: success
                    enabled: false
                    evidence: [requestParameters.userName, responseElements.x]
                    runbook: Ask.
                """)
        let catalog = catalog(text)
        #expect(catalog.problems == [])
        let detection = try #require(catalog.detections.first)
        #expect(detection.id == "53d40d92-f4ac-4b82-bdab-b2b26c8c42fb")
        #expect(detection.title == "A call")
        #expect(detection.description == "What an attacker gains.")
        #expect(detection.severity == .critical)
        #expect(detection.audience == .owner)
        #expect(!detection.enabledByDefault)
        #expect(detection.status == "test")
        #expect(detection.attackTechniques == ["T1098.001"])
        #expect(detection.references == ["https://example.com/one"])
        #expect(detection.falsePositives == ["Somebody's work"])
        #expect(detection.author == "Trailhound")
        #expect(detection.evidenceFields == ["requestParameters.userName", "responseElements.x"])
        #expect(detection.runbook == "Ask.")
        #expect(detection.file == "0.yml")
        #expect(detection.text == text)
        #expect(catalog.detection(id: detection.id.uppercased()) === detection)
    }

    @Test(arguments: [
        ("audience: nobody", "audience"), ("outcome: 7", "outcome"), ("enabled: perhaps", "enabled"),
        ("runbook: [a]", "runbook"), ("evidence: a", "evidence"), ("evidence: [[a]]", "evidence"),
        ("audiance: x", "audiance"),
    ])
    func errorsOfTheOwnKeyNameTheLine(line: String, word: String) throws {
        let catalog = catalog(rule(more: "level: high\ntrailhound:\n    \(line)"))
        let problem = try #require(catalog.problems.first)
        #expect(catalog.detections.isEmpty)
        #expect(!catalog.isSound)
        #expect(problem.line == 23)
        #expect(problem.file == "0.yml")
        #expect(problem.message.contains(word))
    }

    @Test func anErrorCostsOneRule() {
        let catalog = catalog(rule(), "title: [", rule(id: "63d40d92-f4ac-4b82-bdab-b2b26c8c42fb"), "")
        #expect(catalog.detections.map(\.file) == ["0.yml", "2.yml"])
        #expect(catalog.problems.map(\.file) == ["1.yml", "3.yml"])
        #expect(!catalog.isSound)
    }

    @Test func anIdStandsOnce() {
        let catalog = catalog(rule(), rule(title: "Another"))
        #expect(catalog.detections.map(\.title) == ["A call"])
        #expect(catalog.problems.map(\.file) == ["1.yml"])
    }

    @Test func whatIsMissingIsRemarked() throws {
        let plain = rule(more: "").replacing("id: 53d40d92-f4ac-4b82-bdab-b2b26c8c42fb\n", with: "")
        let catalog = catalog(plain)
        let detection = try #require(catalog.detections.first)
        #expect(detection.severity == .medium)
        #expect(detection.id.count == 36)
        #expect(catalog.isSound)
        #expect(!catalog.problems.isEmpty)
    }

    @Test func rulesOfOtherLogsAreLeftOut() {
        let catalog = catalog(rule().replacing("product: aws", with: "product: windows"))
        #expect(catalog.detections.isEmpty)
        #expect(catalog.isSound)
        #expect(catalog.problems.count == 1)
    }

    @Test func aPlanHasTheEnabledDetections() throws {
        let catalog = catalog(
            rule(), rule(id: "63d40d92-f4ac-4b82-bdab-b2b26c8c42fb", title: "Second"),
            rule(
                id: "73d40d92-f4ac-4b82-bdab-b2b26c8c42fb", title: "Third",
                more: "level: low\ntrailhound:\n    enabled: false"))
        #expect(try DetectionPlan(catalog).rules.map(\.detection.title) == ["A call", "Second"])
        let chosen = try DetectionPlan(catalog) { $0.title != "Second" }
        #expect(chosen.rules.map(\.detection.title) == ["A call", "Third"])
        #expect(catalog.detections.map(\.title) == ["A call", "Second", "Third"])
    }

    @Test(.enabled(if: Corpora.has("sigma/rules"), "the corpora are not on this machine"))
    func thePublicRulesLoadButForEight() throws {
        let catalog = try Catalog.load(folder: Corpora.path("sigma/rules"))
        #expect(catalog.detections.count == 58)
        #expect(Set(catalog.problems.map(\.file)).count >= 8)
        // The seven with the pipe syntax say of themselves that they are unsupported; one asks for placeholders.
        #expect(catalog.isSound)
        let asking = catalog.problems.filter { $0.message.contains("%") }
        #expect(Set(asking.map(\.file)) == ["aws_cloudtrail_console_login_success_from_susp_locations.yml"])
        let given = try Catalog.load(
            folder: Corpora.path("sigma/rules"),
            placeholders: Dictionary(
                uniqueKeysWithValues: asking.compactMap { problem in
                    let name = problem.message.split(separator: "%", omittingEmptySubsequences: false)
                    return name.count == 3 ? (String(name[1]), ["198.51.100.0/24"]) : nil
                }))
        #expect(given.isSound)
        #expect(given.detections.count == 59)
        for problem in catalog.problems { #expect(problem.line > 0) }
    }
}

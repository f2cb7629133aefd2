// SPDX-License-Identifier: Apache-2.0

import CloudTrail
import JSON
import Sigma

/// Events that detections are not about here: a Sigma filter with somebody who answers for it, a reason and an end.
///
/// Its text is a filter document whose key `trailhound` has `owner`, `reason`, `expires`, and `accounts` where it is not
/// for all. It is judged by the time of the event, so that the same events give the same alerts whenever they come.
package struct DetectionException: Sendable, Equatable {
    /// Why a text is no exception.
    package struct Failure: Error, Sendable, CustomStringConvertible {
        package let problems: [Catalog.Problem]
        package var description: String { problems.map(\.description).joined(separator: "\n") }
    }

    /// The filter's id, or one that follows from its text.
    package let id: String
    package let filter: SigmaFilter
    /// Who answers for it.
    package let owner: String
    /// Why these events are expected.
    package let reason: String
    /// Events from this time on are no longer excepted.
    package let expires: Milliseconds
    /// The accounts that it is for; none where it is for all.
    package let accounts: [AccountID]
    /// The text as it was written.
    package let text: String
    /// The rule file it stands in; empty for one that an operator gave to the service.
    package let file: String

    /// Whether it is for an event.
    func covers(_ account: AccountID?, _ time: Milliseconds) -> Bool {
        time < expires && (accounts.isEmpty || account.map(accounts.contains) == true)
    }

    /// Reads a text with one filter document.
    ///
    /// - Parameter file: what problems call it.
    package init(
        parsing text: String, file: String = "exception", placeholders: [String: [String]] = [:]
    ) throws(Failure) {
        guard text.utf8.count <= DetectLimits.exceptionBytes else {
            throw Failure(
                problems: [
                    Catalog.Problem(
                        file: file, line: 0, message: "an exception has at most \(DetectLimits.exceptionBytes) bytes")
                ])
        }
        let parsed = SigmaParser(placeholders: placeholders, taxonomy: .cloudTrail).parse(text, file: file)
        var problems = parsed.diagnostics.filter { $0.severity == .error }.map(Catalog.Problem.init)
        guard problems.isEmpty, let filter = parsed.filters.first, parsed.filters.count == 1, parsed.rules.isEmpty,
            parsed.correlations.isEmpty
        else {
            if problems.isEmpty {
                problems = [Catalog.Problem(file: file, line: 1, message: "an exception is one Sigma filter")]
            }
            throw Failure(problems: problems)
        }
        try self.init(filter, text: text, file: "", named: file)
    }

    /// Takes a filter of a rule file that has the key `trailhound`.
    init(_ filter: SigmaFilter, text: String, file: String, named name: String) throws(Failure) {
        var reader = ExceptionReader(filter: filter, file: name)
        let facts = reader.read()
        reader.checkFields()
        guard reader.problems.isEmpty, let facts else { throw Failure(problems: reader.problems) }
        do throws(PlanError) { _ = try Plan([filter.rule]) } catch {
            throw Failure(
                problems: [Catalog.Problem(file: name, line: filter.metadata.line, message: error.message)])
        }
        id = filter.metadata.id ?? EventID("exception: " + text).guidText
        self.filter = filter
        self.text = text
        self.file = file
        owner = facts.owner
        reason = facts.reason
        expires = facts.expires
        accounts = facts.accounts
    }
}

/// Reads the key `trailhound` of a filter.
private struct ExceptionReader {
    let filter: SigmaFilter
    let file: String
    var problems: [Catalog.Problem] = []

    struct Facts {
        var owner = ""
        var reason = ""
        var expires: Milliseconds = 0
        var accounts: [AccountID] = []
    }

    init(filter: SigmaFilter, file: String) {
        self.filter = filter
        self.file = file
    }

    mutating func read() -> Facts? {
        guard let node = filter.metadata.custom["trailhound"], let members = node.mapping else {
            fail("an exception needs the key 'trailhound' with owner, reason and expires", filter.metadata.line)
            return nil
        }
        var facts = Facts()
        for member in members {
            switch member.key.string {
            case "owner": facts.owner = text(member, DetectLimits.exceptionOwnerBytes)
            case "reason": facts.reason = text(member, DetectLimits.exceptionReasonBytes)
            case "expires": facts.expires = time(member)
            case "accounts": facts.accounts = accounts(member)
            default: fail("an exception's 'trailhound' has no key '\(member.key.text ?? "?")'", member.key.line)
            }
        }
        for key in ["owner", "reason", "expires"] where node[key] == nil {
            fail("an exception needs '\(key)'", node.line)
        }
        return facts
    }

    /// Refuses fields that no record has: such an exception would except nothing, or everything, without a word.
    mutating func checkFields() {
        for search in filter.searches {
            for field in CatalogLint.fields(search.expression).sorted() where !RecordFields.knows(field) {
                fail(RecordFields.remark(on: field), search.line)
            }
        }
    }

    private mutating func fail(_ message: String, _ line: Int) {
        problems.append(Catalog.Problem(file: file, line: line, message: message))
    }

    private mutating func text(_ member: YAMLMember, _ limit: Int) -> String {
        guard let text = member.value.text, !text.isEmpty, text.utf8.count <= limit else {
            fail("'\(member.key.text ?? "")' is a text of 1 to \(limit) bytes", member.value.line)
            return ""
        }
        return text
    }

    private mutating func time(_ member: YAMLMember) -> Milliseconds {
        let text = member.value.text ?? ""
        let whole = text.utf8.count == 10 ? text + "T00:00:00Z" : text
        guard let time = Array(whole.utf8).withUnsafeBytes(EventTime.parse) else {
            fail("'expires' is a time such as 2027-01-31 or 2027-01-31T12:00:00Z", member.value.line)
            return 0
        }
        return time
    }

    private mutating func accounts(_ member: YAMLMember) -> [AccountID] {
        let texts = (member.value.sequence ?? [member.value]).compactMap(\.text)
        let accounts = texts.compactMap { AccountID($0) }
        guard !accounts.isEmpty, accounts.count == texts.count, accounts.count <= DetectLimits.exceptionAccounts else {
            fail(
                "'accounts' is a list of 1 to \(DetectLimits.exceptionAccounts) account ids of twelve digits, in quotes",
                member.value.line)
            return []
        }
        return accounts
    }
}

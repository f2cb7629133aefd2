// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Contract
import Detect
import Messages

struct DetectionExceptCommand: ServiceCommand {
    static let configuration = CommandConfiguration(
        commandName: "except", abstract: "Except expected events from a detection, for some time.",
        discussion: """
            An exception is a Sigma filter with somebody who answers for it, a reason and an end. --when takes a field of \
            the event as rules write it; several have to hold together. --filter takes a whole filter document instead. \
            Without a detection the exceptions are listed, with how many matches each has hidden. --preview changes \
            nothing; it shows what would be made, for which rules, and which of their newest alerts it would have hidden.

              trailhound detections except 5bb4d1d7 --when 'userIdentity.userName: ci-publisher' \\
                  --owner platform@example.com --reason 'nightly release' --expires 90d
              trailhound detections except --filter exception.yml
              trailhound detections except
              trailhound detections except --delete 0f6b2e40-52cf-4f0a-9d1c-7d0c2f8a4f11
            """)

    @Argument(help: .init("The detection's id, or its beginning as tables show it.", valueName: "detection-id"))
    var detectionID: String?

    @Option(help: .init("A field that an excepted event has, as 'field|modifier: value'.", valueName: "item"))
    var when: [String] = []

    @Option(help: .init("Who answers for it.", valueName: "name"))
    var owner: String?

    @Option(help: .init("Why these events are expected.", valueName: "text"))
    var reason: String?

    @Option(help: .init("When it ends: 2027-01-31, or 90d from now.", valueName: "time"))
    var expires: String?

    @Option(help: .init("Only in this account. May be given several times.", valueName: "account-id"))
    var account: [String] = []

    @Option(help: .init("A file with a Sigma filter that has all of it.", valueName: "file"), completion: .file())
    var filter: String?

    @Flag(help: "Change nothing; show the exception and the rules that it would be for.")
    var preview = false

    @Option(help: .init("Take this exception back.", valueName: "exception-id"))
    var delete: String?

    @OptionGroup var global: GlobalOptions

    func validate() throws {
        if delete != nil || filter != nil {
            guard detectionID == nil, when.isEmpty, delete == nil || filter == nil else {
                throw ValidationError("--delete and --filter stand alone")
            }
        } else if detectionID != nil {
            guard !when.isEmpty, owner != nil, reason != nil, expires != nil else {
                throw ValidationError("an exception needs --when, --owner, --reason and --expires")
            }
        } else if !when.isEmpty {
            throw ValidationError("name the detection that the events are excepted from")
        }
        if let expires, end(expires) == nil {
            throw ValidationError("'\(expires)' is no time: write 2027-01-31, or 90d for ninety days from now")
        }
    }

    func run(_ session: Session, _ output: Output) async throws {
        if let delete {
            let request = DeleteDetectionExceptionRequest(exceptionID: delete)
            _ = try await session.call(DetectionService.deleteDetectionException, request)
            Diagnostics.note("the exception \(Escaping.visible(delete)) is gone")
            return
        }
        guard let yaml = try await document(session) else {
            let response = try await session.call(
                DetectionService.listDetectionExceptions, ListDetectionExceptionsRequest())
            output.list(
                response.exceptions, whenEmpty: "There is no exception.", json: ExceptionPresentation.json,
                table: ExceptionPresentation.table)
            return
        }
        let response = try await session.call(
            DetectionService.createDetectionException, CreateDetectionExceptionRequest(yaml: yaml, preview: preview))
        guard let exception = response.exception else {
            throw Failure("the service answered without an exception")
        }
        if preview { Diagnostics.note("a preview: nothing was changed") }
        Diagnostics.note(ExceptionPresentation.reach(response))
        if let past = response.past { Diagnostics.note(ExceptionPresentation.past(past)) }
        output.show(json: ExceptionPresentation.json(exception), fields: ExceptionPresentation.fields(exception))
    }

    /// The filter's text; nil where nothing is to be made.
    private func document(_ session: Session) async throws -> String? {
        if let filter {
            do {
                return String(decoding: try FileTree.read(filter, limit: DetectLimits.exceptionBytes), as: UTF8.self)
            } catch { throw Failure("can't read the filter: \(error)") }
        }
        guard let detectionID, let owner, let reason, let expires, let end = end(expires) else { return nil }
        return ExceptionPresentation.document(
            detectionID: try await session.detectionID(detectionID), items: when, owner: owner, reason: reason,
            expires: end.rfc3339, accounts: account)
    }

    private func end(_ text: String) -> Timestamp? {
        let now = SystemClock.now()
        if let span = Clock.parseAgo(text) { return Timestamp(seconds: now.seconds + span, nanos: 0) }
        return Clock.parse(text, now: now)
    }
}

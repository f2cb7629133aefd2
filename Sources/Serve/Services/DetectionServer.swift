// SPDX-License-Identifier: Apache-2.0

import CloudTrail
import Contract
import Detect
import Foundation
import Journal
import Messages
import RPC

/// DetectionService: the catalog as it runs.
struct DetectionServer: DetectionServiceProvider {
    let pipeline: Pipeline
    let access: AccessControl

    func listDetections(
        _ request: ListDetectionsRequest, _ context: CallContext
    ) async throws -> ListDetectionsResponse {
        let catalog = pipeline.catalog.catalog
        let caller = try access.caller(context)
        return ListDetectionsResponse(
            detections: catalog.all.map { message($0, caller) }, problems: catalog.problems.map(RuleProblem.init))
    }

    func getDetection(_ request: GetDetectionRequest, _ context: CallContext) async throws -> GetDetectionResponse {
        let detection = try find(request.detectionID)
        let caller = try access.caller(context)
        var message = message(detection, caller)
        // The file may have changed or gone since it was loaded; then there is no text to show.
        let path = pipeline.catalog.folder + "/" + detection.file
        message.yaml = (try? String(contentsOfFile: path, encoding: .utf8)) ?? ""
        message.trialReport = try MatchTally.read(
            .trial(detection.id), within: caller.accounts, pipeline.journal.reader
        )
        .map(Messages.MatchReport.init)
        return GetDetectionResponse(detection: message)
    }

    func setDetectionState(
        _ request: SetDetectionStateRequest, _ context: CallContext
    ) async throws -> SetDetectionStateResponse {
        let detection = try find(request.detectionID)
        let standing = pipeline.catalog.tuning.standing(of: detection)
        let summary =
            "detection \(detection.id): \(Self.word(standing.isEnabled)) to \(Self.word(request.enabled))"
        let entry = try access.caller(context).entry(context, summary)
        try await tune(detection, in: nil, entry) { $0.enabled = request.enabled }
        return SetDetectionStateResponse(detection: message(detection, try access.caller(context)))
    }

    func reloadRules(_ request: ReloadRulesRequest, _ context: CallContext) async throws -> ReloadRulesResponse {
        let caller = try access.caller(context)
        let live = pipeline.catalog
        // Reading and compiling takes a moment, which no event loop should spend.
        let (fresh, placeholders) = try await pipeline.changes.run(caller.actor.party) { _ in
            do {
                let placeholders = try live.readPlaceholders()
                return (try Catalog.load(folder: live.folder, placeholders: placeholders), placeholders)
            } catch { throw RPCError(.failedPrecondition, "\(error); what was loaded before stays.") }
        }
        let before = live.catalog.all.count
        guard !fresh.all.isEmpty || before == 0 || request.allowEmpty else {
            throw RPCError(.failedPrecondition, Self.empty(fresh, before))
        }
        let summary = "loaded \(fresh.all.count) detections in place of \(before); \(fresh.leftOut) rules left out"
        try await pipeline.audit.record(caller.entry(context, summary))
        do {
            try await pipeline.changes.run(caller.actor.party) { _ in
                try live.replace(fresh, placeholders: placeholders)
            }
        } catch is LiveCatalog.Conflict {
            throw RPCError(.aborted, "The detections kept changing meanwhile; try again.")
        }
        return ReloadRulesResponse(
            loaded: UInt32(clamping: fresh.all.count), problems: fresh.problems.map(RuleProblem.init),
            leftOut: UInt32(clamping: fresh.leftOut), foreign: UInt32(clamping: fresh.foreign))
    }

    /// Why a set without a usable rule is not taken.
    private static func empty(_ fresh: Catalog, _ before: Int) -> String {
        let why = fresh.problems.filter(\.leavesOut).prefix(Limits.problemsPerError).map { " \($0)." }.joined()
        return "The rules folder holds no detection that can run; the \(before) loaded before stay.\(why) "
            + "allow_empty drops them."
    }

    private static func word(_ isEnabled: Bool) -> String { isEnabled ? "enabled" : "disabled" }

    func validateRules(
        _ request: ValidateRulesRequest, _ context: CallContext
    ) async throws -> ValidateRulesResponse {
        guard request.files.count <= Limits.rulesPerValidation else {
            throw Validation.failure(
                "files", "names \(request.files.count) files; the limit is \(Limits.rulesPerValidation)")
        }
        guard request.files.reduce(0, { $0 + $1.yaml.utf8.count }) <= Limits.validationBytes else {
            throw Validation.failure("files", "hold more than \(Limits.validationBytes) bytes")
        }
        let files = request.files.map { Catalog.RuleFile(path: $0.path, text: $0.yaml) }
        let placeholders = pipeline.catalog.placeholders
        let party = try access.caller(context).party
        let (catalog, lint) = try await pipeline.trials.run(party) { isCancelled in
            let catalog = try Catalog.read(files, placeholders: placeholders, isCancelled: isCancelled)
            if isCancelled() { throw CancellationError() }
            return (catalog, CatalogLint(catalog).remarks(hasTests: nil))
        }
        let inactive = catalog.detections.compactMap { detection -> Catalog.Problem? in
            guard let needs = detection.needs, !pipeline.catalog.geography.has(needs) else { return nil }
            return Catalog.Problem(
                file: detection.file, line: detection.line,
                message: "'\(detection.title)' would be inactive: it needs \(needs.rawValue)", isError: false)
        }
        let remarks = lint + inactive
        return ValidateRulesResponse(
            valid: UInt32(clamping: catalog.all.count), problems: (catalog.problems + remarks).map(RuleProblem.init))
    }

    func find(_ id: String) throws -> Detect.Detection {
        guard let detection = pipeline.catalog.catalog.detection(id: id) else {
            throw RPCError(.notFound, "There is no detection \(id.prefix(64)).")
        }
        return detection
    }

    /// A detection as the caller may see it: without what concerns accounts that the certificate does not cover.
    func message(_ detection: Detect.Detection, _ caller: Caller) -> Messages.Detection {
        var message = Messages.Detection(detection, pipeline.catalog.tuning)
        message.settings.removeAll { AccountID($0.accountID).map { !caller.covers($0) } ?? false }
        return message
    }
}

// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Contract
import Messages

struct DetectionTuneCommand: ServiceCommand {
    static let configuration = CommandConfiguration(
        commandName: "tune", abstract: "Change the severity of a detection, for every account or for one.",
        discussion: """
            It lasts over a restart, and holds for alerts that are raised from now on. --inherit takes back what was set: \
            the detection then stands as it does everywhere, or as its author wrote it.

              trailhound detections tune 5bb4d1d7 --severity low --account 111122223333
              trailhound detections tune 5bb4d1d7 --inherit --account 111122223333
            """)

    @Argument(help: .init("The detection's id, or its beginning as tables show it.", valueName: "detection-id"))
    var detectionID: String

    @Option(help: "informational, low, medium, high or critical.")
    var severity: SeverityChoice?

    @Flag(help: "Take back everything that was set: on or off, severity, trial.")
    var inherit = false

    @Option(help: .init("Only in this account.", valueName: "account-id"))
    var account: String?

    @OptionGroup var global: GlobalOptions

    func validate() throws {
        if (severity == nil) != inherit { throw ValidationError("say either --severity or --inherit") }
    }

    func run(_ session: Session, _ output: Output) async throws {
        let request = TuneDetectionRequest(
            detectionID: try await session.detectionID(detectionID), accountID: account ?? "",
            enabled: inherit ? .inherit : .unspecified, severity: severity?.value ?? .unspecified,
            inheritSeverity: inherit, trial: inherit ? .inherit : .unspecified)
        try await session.tune(request, output)
    }
}

struct DetectionTrialCommand: ServiceCommand {
    static let configuration = CommandConfiguration(
        commandName: "trial", abstract: "Put a detection on trial: it is counted and raises no alert.",
        discussion: """
            A trial begins with counting anew; `detections show` prints what was found. --end lets it raise alerts again.

              trailhound detections trial 5bb4d1d7
              trailhound detections show 5bb4d1d7
              trailhound detections trial 5bb4d1d7 --end
            """)

    @Argument(help: .init("The detection's id, or its beginning as tables show it.", valueName: "detection-id"))
    var detectionID: String

    @Flag(help: "End the trial.")
    var end = false

    @Option(help: .init("Only in this account.", valueName: "account-id"))
    var account: String?

    @OptionGroup var global: GlobalOptions

    func run(_ session: Session, _ output: Output) async throws {
        let request = TuneDetectionRequest(
            detectionID: try await session.detectionID(detectionID), accountID: account ?? "", trial: end ? .off : .on)
        try await session.tune(request, output)
    }
}

extension Session {
    /// Tunes a detection and prints how it stands then.
    fileprivate func tune(_ request: TuneDetectionRequest, _ output: Output) async throws {
        guard let detection = try await call(DetectionService.tuneDetection, request).detection else {
            throw Failure("the service answered without a detection")
        }
        output.show(json: DetectionPresentation.json(detection), fields: DetectionPresentation.fields(detection))
    }
}

// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Glibc

struct SubmitCommand: ServiceCommand {
    static let configuration = CommandConfiguration(
        commandName: "submit", abstract: "Submit CloudTrail records from files and folders.",
        discussion: """
            Takes CloudTrail's log files, JSON arrays, JSON lines and documents one behind the other; the output of \
            LookupEvents, events of EventBridge, subscriptions and exports of CloudWatch Logs, records of Kinesis and \
            Firehose with their Base64 undone, and results of CloudTrail Lake that select eventJson; each plain or \
            compressed by gzip or zstd, whatever its name. Folders are followed; within them only .json, .jsonl and \
            .ndjson files (.gz, .zst) and those of exports (000000.gz) are taken, and the others counted. A dash stands for standard input. Files that are named as CloudTrail names them go by the time of \
            their delivery, over all regions and accounts, so that correlations see what happened at one time together; \
            the others follow in the order of their paths.

            A record counts as accepted once it is on the service's disk. Where the connection is lost, submit connects \
            again and repeats what was not acknowledged; the service recognises what it has, so nothing is lost or \
            stored twice. Running the same command again is therefore safe too. Exits with 3 where a record was refused \
            or data could not be read, and says where and why.
            """)

    @Argument(help: .init("Files and folders.", valueName: "path"), completion: .file())
    var paths: [String]

    @Flag(help: "The records are history: their alerts are marked so and never remediate.")
    var historical = false

    @Option(
        help: """
            How many streams send at the same time. One keeps the order of the files exactly; several keep what they have \
            under way within \(Limits.submitSpan / 60_000) minutes of deliveries.
            """)
    var streams = 1

    @Option(
        help: .init(
            "Give up when nothing has been acknowledged for this long after the connection was lost.",
            valueName: "seconds"))
    var reconnectFor = Limits.reconnectSeconds

    @Flag(help: "Show no progress bar, even on a terminal.")
    var noProgress = false

    @OptionGroup var global: GlobalOptions

    func validate() throws {
        if !(1...Limits.streams).contains(streams) {
            throw ValidationError("--streams must be from 1 to \(Limits.streams)")
        }
        if reconnectFor < 0 { throw ValidationError("--reconnect-for can't be negative") }
    }

    func run(_ session: Session, _ output: Output) async throws {
        var leftOut = 0
        let files = try InputFiles.find(paths, leftOut: &leftOut)
        guard !files.isEmpty else { throw Failure("no file to submit in \(paths.joined(separator: ", "))") }
        let start = SystemClock.seconds()
        let progress = SubmitProgress()
        let source = BatchSource(files, span: streams > 1 ? SubmitSpan() : nil)
        let submission = Submission(
            session: session, source: source, progress: progress, historical: historical,
            patience: Double(reconnectFor))
        let isMeasurable = !files.contains { $0.isStream }
        let total = files.reduce(0) { $0 + $1.size }
        let display = ProgressDisplay(progress, total: isMeasurable ? total : nil, start: start)
        let batches = files.count + Int(clamping: total / UInt64(Limits.bytesPerBatch))
        let lanes = isMeasurable ? min(streams, batches) : streams
        let drawing = noProgress ? nil : Task { await display.run() }
        var failure: (any Error)?
        do {
            try await Interruption.guarding { try await submission.run(streams: lanes) }
        } catch {
            failure = error
        }
        drawing?.cancel()
        await drawing?.value
        let tally = progress.snapshot.tally
        if leftOut > 0 { Diagnostics.note("left out by name: \(Numbers.counted(leftOut, "file"))") }
        report(tally, files: files.count, seconds: SystemClock.seconds() - start, output, isComplete: failure == nil)
        if let failure { throw failure }
        if tally.rejected > 0 {
            throw Failure(
                Numbers.counted(Int(clamping: tally.rejected), "record was", "records were") + " rejected",
                code: Failure.Code.rejected)
        }
    }

    private func report(
        _ tally: SubmitTally, files: Int, seconds: Double, _ output: Output, isComplete: Bool
    ) {
        if output.format == .table {
            for line in tally.explanation { Diagnostics.note(line) }
            if isComplete || tally.answered > 0 { output.line(tally.summary(seconds: seconds)) }
        } else {
            output.json(tally.json(files: files, seconds: seconds))
        }
    }
}

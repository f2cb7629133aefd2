// SPDX-License-Identifier: Apache-2.0

import CloudTrail
import Detect
import Foundation
import Journal
import Logging
import Messages

/// A thread that evaluates submissions, one after the other, with a parser, slots and a compressor of its own.
final class EvaluationWorker {
    private let evaluator = BatchEvaluator()
    private let packer: RefusalPacker
    private let builder: BlockBuilder
    private let input: FairQueue<Submission>
    private let output: FairQueue<Sequencer.Work>
    private let catalog: LiveCatalog
    private let accounts: AccountDirectory
    private let takesLight: Bool

    private init(
        takesLight: Bool, input: FairQueue<Submission>, output: FairQueue<Sequencer.Work>, catalog: LiveCatalog,
        accounts: AccountDirectory
    ) throws {
        builder = try BlockBuilder()
        packer = try RefusalPacker()
        self.takesLight = takesLight
        self.input = input
        self.output = output
        self.catalog = catalog
        self.accounts = accounts
    }

    /// Starts a worker's thread; it ends when the input is closed and empty.
    ///
    /// - Parameter takesLight: it takes light requests alone, of callers that have nothing else at work.
    static func start(
        number: Int, takesLight: Bool, input: FairQueue<Submission>, output: FairQueue<Sequencer.Work>,
        catalog: LiveCatalog,
        accounts: AccountDirectory, log: Logger, ended: @escaping @Sendable () -> Void
    ) {
        let thread = Thread {
            do {
                try EvaluationWorker(
                    takesLight: takesLight, input: input, output: output, catalog: catalog, accounts: accounts
                ).run()
            } catch {
                log.error("evaluation worker \(number) did not start: \(error)")
            }
            ended()
        }
        thread.name = "evaluate-\(number)"
        thread.stackSize = 4 << 20
        thread.start()
    }

    private func run() {
        while let (party, number, submission) = takesLight ? input.takeLight() : input.takeNumbered() {
            defer { input.done(party) }
            do {
                var evaluated = try evaluate(submission)
                evaluated.number = number
                let (cost, weight) = (evaluated.cost, evaluated.weight)
                if !output.pushBlocking(.submission(evaluated), of: party, cost: cost, weight: weight) {
                    submission.ticket.answer(.failure(.stopping))
                }
            } catch {
                builder.reset()
                submission.ticket.answer(.failure(.store(error)))
                _ = output.pushBlocking(.nothing(number), of: party)
            }
        }
    }

    private func evaluate(_ submission: Submission) throws -> EvaluatedSubmission {
        var sink = BlockSink(builder)
        let filter = accounts.filter(scope: submission.scope)
        let plan = catalog.plan
        let fileAccount = AccountID(logFile: submission.source)
        // By a clock that was never set, every event would be of the future.
        let clock = Clock.milliseconds()
        let now = clock >= Limits.earliestClock ? clock : nil
        let batch: EvaluatedBatch
        packer.begin(submission.payload)
        switch submission.payload {
        case .logFile(let file):
            batch = try file.withUnsafeBytes {
                try evaluator.evaluate(
                    .logFile($0), plan: plan, accounts: filter, fileAccount: fileAccount, now: now, refusals: packer
                ) {
                    try sink.append($0, time: $1, tokens: $2)
                }
            }
        case .records(let records):
            // The views stay valid as long as the submission keeps the arena that its records lie in.
            batch = try withExtendedLifetime(records) {
                try evaluator.evaluate(
                    .records(records.records.map(\.unsafeBytes)), plan: plan, accounts: filter,
                    fileAccount: fileAccount, now: now, refusals: packer
                ) {
                    try sink.append($0, time: $1, tokens: $2)
                }
            }
        }
        let letters = try packer.finish(submission.payload, batch)
        return EvaluatedSubmission(
            submission: submission.withoutPayload(), batch: batch, blocks: try sink.finish(), letters: letters)
    }
}

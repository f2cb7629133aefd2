// SPDX-License-Identifier: Apache-2.0

import Respond

/// The states of a remediation after a person's command, up to the one in which nothing more happens for that command.
///
/// It listens from its making on: make it before the command is given.
struct RemediationProgress: Sendable {
    enum Kind: Sendable {
        /// Done when it is in effect, finished, or waits for a person.
        case run
        /// The same, but not when it waits as it did before.
        case approval
        /// Done when it is finished or watches again, with more history than before.
        case rollback(after: Int)
        /// Done when it is finished.
        case watch
    }

    private let hub: ProgressHub
    private let id: String
    private let kind: Kind
    private let stream: AsyncStream<Remediation>

    init(hub: ProgressHub, id: String, kind: Kind) {
        self.hub = hub
        self.id = id
        self.kind = kind
        stream = hub.follow(id)
    }

    /// Gives a state that is there already.
    func begin(with remediation: Remediation) { hub.publish(remediation) }

    /// Each state, and whether it is the last.
    func states() -> AsyncMapSequence<AsyncStream<Remediation>, (Remediation, Bool)> {
        let kind = kind
        return stream.map { ($0, Self.isDone($0, kind)) }
    }

    private static func isDone(_ remediation: Remediation, _ kind: Kind) -> Bool {
        switch (kind, remediation.phase) {
        case (.run, .awaitingApproval): true
        case (.run, .watching), (.run, .finished), (.approval, .watching), (.approval, .finished): true
        case (.rollback(let count), .watching), (.rollback(let count), .finished): remediation.historyCount > count
        case (.watch, .finished): true
        case (_, .prechecking), (_, .snapshotting), (_, .executing), (_, .verifying), (_, .rollingBack),
            (_, .awaitingApproval), (.watch, .watching):
            false
        }
    }
}

// SPDX-License-Identifier: Apache-2.0

import Contract
import Journal
import Messages

/// Follows the audit log over lost connections.
struct AuditTail: Sendable {
    private var request: TailAuditRequest
    private var reconnection: Reconnection
    private var hasHeading = false
    private var isLost = false

    init(request: TailAuditRequest, reconnection: Reconnection) {
        self.request = request
        self.reconnection = reconnection
    }

    /// Prints entries until the log is exhausted, where that was asked for, or for ever.
    mutating func run(_ session: Session, _ output: Output) async throws {
        while true {
            let failure: any Error
            do {
                try await follow(session, output)
                if request.untilCaughtUp { return }
                failure = ServiceError.streamEnded
            } catch {
                failure = error
            }
            try Task.checkCancellation()
            let decision = reconnection.failed(
                isTransient: ServiceError.isTransient(failure), at: SystemClock.seconds(), random: .random(in: 0...1))
            guard case .retry(let pause) = decision else { throw session.failure(failure) }
            if !isLost { Diagnostics.note("trailhound: lost the connection to \(session.endpoint), reconnecting") }
            isLost = true
            try await Task.sleep(for: pause)
        }
    }

    private mutating func follow(_ session: Session, _ output: Output) async throws {
        try await session.tailAudit(request) { response in
            guard let entry = response.entry else { return }
            reconnection.succeeded()
            isLost = false
            print(entry, output)
            request.after = entry.sequence
            request.newest = 0
        }
    }

    private mutating func print(_ entry: AuditLogEntry, _ output: Output) {
        if output.format == .table {
            let terminal = output.terminal
            let width = terminal.isInteractive ? Terminal.columns(1) ?? terminal.width : nil
            let layout = AuditPresentation.layout(width: width)
            func line(_ cells: [Cell]) {
                output.line(layout.line(cells, AuditPresentation.columns, colour: terminal.colour))
            }
            if !hasHeading { line(Table.heading(AuditPresentation.columns)) }
            hasHeading = true
            line(AuditPresentation.row(entry))
        } else {
            output.json(AuditPresentation.json(entry))
        }
        output.flush()
    }
}

extension Session {
    /// Reads the audit log until the service ends the stream.
    func tailAudit(_ request: TailAuditRequest, _ body: (TailAuditResponse) throws -> Void) async throws {
        let responses = try await stream(AuditService.tailAudit, request)
        while let response = try await responses.next() { try body(response) }
    }
}

extension AuditRecord {
    /// The record that a service sent, for its hash to be computed again.
    package init(_ entry: AuditLogEntry) {
        let actor = AuditActor(
            role: entry.role, subject: entry.subject, serial: entry.serial, fingerprint: entry.fingerprint,
            address: entry.peerAddress)
        self.init(
            sequence: Int64(clamping: entry.sequence),
            entry: AuditEntry(
                time: entry.time?.milliseconds ?? 0, actor: actor, method: entry.method, accountID: entry.accountID,
                summary: entry.summary, outcome: entry.outcome),
            hash: entry.hash.array)
    }
}

extension AuditAnchor {
    /// The beginning of a log that a service sent.
    package init(_ cut: AuditLogCut) {
        self.init(
            head: AuditHead(sequence: Int64(clamping: cut.sequence), hash: cut.hash.array),
            entries: Int64(clamping: cut.entries), firstTime: cut.firstTime?.milliseconds ?? 0,
            lastTime: cut.lastTime?.milliseconds ?? 0, cutAt: cut.cutAt?.milliseconds ?? 0)
    }
}

// SPDX-License-Identifier: Apache-2.0

/// What a person may do to an alert.
package enum PersonalChange: Sendable {
    /// Sets the status and the note, each where it is given.
    case update(status: AlertStatus?, note: String?)
    /// Records the owner's answer to a DUET: expected closes it, unexpected hands it to the analysts.
    case answer(DuetAnswer, note: String?)
}

/// Why a person's change is refused.
package enum PersonalChangeError: Error, Sendable, Equatable {
    /// The alert was merged into another, which this names.
    case merged(into: String)
    /// Only the service merges.
    case invalidStatus
    /// The alert is none that asks its owner.
    case notADuet
    /// The note is over `DetectLimits.noteBytes`.
    case noteTooLong
}

extension PersonalChange {
    func apply(to alert: inout Alert) throws(PersonalChangeError) {
        if alert.status == .merged { throw .merged(into: alert.mergedInto) }
        switch self {
        case .update(let status, let note):
            if status == .merged { throw .invalidStatus }
            try Self.set(note, on: &alert)
            if let status { alert.status = status }
        case .answer(let answer, let note):
            guard alert.audience == .owner || alert.duetAnswer != nil else { throw .notADuet }
            try Self.set(note, on: &alert)
            alert.duetAnswer = answer
            switch answer {
            case .expected: alert.status = .closed
            case .unexpected:
                alert.audience = .analyst
                if alert.status == .closed { alert.status = .open }
            }
        }
    }

    private static func set(_ note: String?, on alert: inout Alert) throws(PersonalChangeError) {
        guard let note, !note.isEmpty else { return }
        guard note.utf8.count <= DetectLimits.noteBytes else { throw .noteTooLong }
        alert.note = note
    }
}

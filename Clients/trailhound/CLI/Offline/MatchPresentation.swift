// SPDX-License-Identifier: Apache-2.0

import Detect

/// What `scan` prints for a match.
enum MatchPresentation {
    static let columns = [
        Column("TIME (UTC)"), Column("SEVERITY"), Column("EVENT", shrinksTo: 16, dropped: 2),
        Column("ACTOR", shrinksTo: 14, dropped: 3), Column("EVENT ID", dropped: 1), Column("DETECTION", shrinksTo: 20),
    ]

    /// Where the columns stand, from line to line the same.
    static func layout(width: Int?) -> TableLayout {
        TableLayout(columns, natural: [20, 8, 32, 28, 36, Limits.widestTitle], width: width)
    }

    static func row(_ match: FileScanner.Match) -> [Cell] {
        let severity = SeverityChoice(rawValue: match.detection.severity.name)?.value
        return [
            Cell(match.eventTime), Cell(severity?.shortWord ?? "", style: severity?.style ?? .plain),
            Cell(match.eventName), Cell(AlertPresentation.shortened(match.actor.principal)), Cell(match.eventID),
            Cell(match.detection.title),
        ]
    }
}

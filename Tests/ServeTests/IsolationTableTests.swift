// SPDX-License-Identifier: Apache-2.0

import Foundation
import Respond
import Testing

/// docs/isolation.md promises a test for each thing that accounts share: every test that it names exists, every row names
/// one, and its table of evidence is the code's.
@Suite struct IsolationTableTests {
    private static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()

    private static func text(_ path: String) throws -> String {
        try String(contentsOf: root.appendingPathComponent(path), encoding: .utf8)
    }

    /// The rows of the tables with a column, cell by cell.
    private static func rows(_ column: String) throws -> [[String]] {
        var rows: [[String]] = []
        var isMeant = false
        for line in try text("docs/isolation.md").split(separator: "\n", omittingEmptySubsequences: false) {
            guard line.hasPrefix("|") else {
                isMeant = false
                continue
            }
            let cells = line.split(separator: "|").map { $0.trimmingCharacters(in: .whitespaces) }
            if cells.contains(column) { isMeant = true } else if isMeant, cells.first != "---" { rows.append(cells) }
        }
        return rows.filter { $0.first?.hasPrefix("---") == false }
    }

    /// The names in a cell: `Suite.test` and `attack name`.
    private static func names(_ cell: String) -> [String] {
        cell.split(separator: "`", omittingEmptySubsequences: false).enumerated()
            .filter { $0.offset % 2 == 1 }.map { String($0.element) }
    }

    /// Every Swift file of the tests by its name, and the attacks in one text.
    private static func sources() throws -> (suites: [String: String], attacks: String) {
        let folder = root.appendingPathComponent("Tests")
        let paths = FileManager.default.enumerator(atPath: folder.path)?.compactMap { $0 as? String } ?? []
        var suites: [String: String] = [:]
        for path in paths where path.hasSuffix("Tests.swift") {
            let name = String(path.split(separator: "/").last?.dropLast(6) ?? "")
            suites[name, default: ""] += try text("Tests/" + path)
        }
        let attacks = try paths.filter { $0.hasPrefix("Attack/") && $0.hasSuffix(".py") }.map {
            try text("Tests/" + $0)
        }
        return (suites, attacks.joined(separator: "\n"))
    }

    @Test func everyRowNamesTestsThatExist() throws {
        let (suites, attacks) = try Self.sources()
        let rows = try Self.rows("shown by")
        #expect(rows.count > 20)
        for row in rows {
            let names = Self.names(row.last ?? "")
            #expect(row.count == 3 && !names.isEmpty, "\(row.first ?? "")")
            for name in names {
                if name.hasPrefix("attack ") {
                    let attack = name.dropFirst(7)
                    #expect(attacks.contains("\ndef \(attack)(run):"), "\(name)")
                    #expect(attacks.contains(try Regex("ATTACKS = \\[[^\\]]*\\b\(attack)\\b")), "\(name) is not run")
                } else {
                    let parts = name.split(separator: ".")
                    #expect(parts.count == 2, "\(name)")
                    let source = suites[String(parts[0])] ?? ""
                    #expect(source.contains("func \(parts.last ?? "")("), "\(name) does not exist")
                }
            }
        }
    }

    @Test func theTableOfEvidenceIsTheCodes() throws {
        let rows = try Self.rows("own_call")
        let kinds = EvidenceKind.allCases
        #expect(kinds.map(\.rawValue) == ["own_call", "shared_group", "changed_thing", "named"])
        #expect(Set(rows.compactMap(\.first)) == Set(RemediationAction.allCases.map(\.rawValue)))
        for row in rows {
            let action = try #require(RemediationAction(rawValue: row[0]))
            #expect(Array(row.dropFirst()) == kinds.map { "\(action.effect(of: $0))" }, "\(action)")
        }
    }
}

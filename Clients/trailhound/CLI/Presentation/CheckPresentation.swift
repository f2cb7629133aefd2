// SPDX-License-Identifier: Apache-2.0

import Messages

/// The checks of an account's onboarding as lines and JSON.
package enum CheckPresentation {
    /// Prints checks: one line each and a line of what to do below; or JSON.
    package static func show(_ checks: [AccountCheck], _ output: Output) {
        guard output.format == .table else {
            if output.format == .json { output.json(.array(checks.map(json))) }
            if output.format == .jsonl { for check in checks { output.json(json(check)) } }
            return
        }
        for line in lines(checks, colour: output.terminal.colour) { output.line(line) }
    }

    /// Under the contract's names.
    package static func json(_ check: AccountCheck) -> JSONNode {
        .object([
            .init("name", .string(check.name)), .init("status", .string(check.status.word)),
            .init("detail", .string(check.detail)), .init("remedy", .string(check.remedy)),
        ])
    }

    /// For people.
    package static func lines(_ checks: [AccountCheck], colour: Bool) -> [String] {
        var lines: [String] = []
        let width = checks.map(\.name.count).max() ?? 0
        for (index, check) in checks.enumerated() {
            let word = check.status.word.uppercased()
            let padded = word + String(repeating: " ", count: max(0, 8 - word.count))
            let name = check.name + String(repeating: " ", count: width - check.name.count)
            let shown = colour ? style(check.status).applied(to: padded) : padded
            lines.append(shown + Escaping.visible("\(name)  \(check.detail)"))
            // Checks that wait for one and the same thing say so once, behind the last of them.
            let next = index + 1 < checks.count ? checks[index + 1] : nil
            let isSaid = next.map { $0.status == check.status && $0.remedy == check.remedy } ?? false
            if check.status != .passed, !check.remedy.isEmpty, !isSaid {
                lines.append(Escaping.visible("        what to do: \(check.remedy)"))
            }
        }
        let count = { (status: CheckStatus) in checks.lazy.filter { $0.status == status }.count }
        lines.append("\(count(.passed)) passed, \(count(.failed)) failed, \(count(.unknown)) unknown")
        return lines
    }

    private static func style(_ status: CheckStatus) -> Style {
        switch status {
        case .passed: .green
        case .failed: .red
        default: .yellow
        }
    }
}

extension CheckStatus {
    /// In lower case, without the contract's prefix.
    package var word: String { Words.short(protoName, "CHECK_STATUS_") }
}

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
        for line in lines(checks, width: output.terminal.width, colour: output.terminal.colour) { output.line(line) }
    }

    /// Under the contract's names.
    package static func json(_ check: AccountCheck) -> JSONNode {
        .object([
            .init("name", .string(check.name)), .init("status", .string(check.status.word)),
            .init("detail", .string(check.detail)), .init("remedy", .string(check.remedy)),
        ])
    }

    /// For people. On a terminal of `width` columns, checks in a row that could not be made for one reason are told together.
    package static func lines(_ checks: [AccountCheck], width: Int? = nil, colour: Bool) -> [String] {
        var lines: [String] = []
        let names = checks.map(\.name.count).max() ?? 0
        var rest = checks[...]
        while let check = rest.first {
            let alike = rest.prefix { $0.status == check.status && $0.detail == check.detail }
            let isGroup = width != nil && check.status == .unknown && alike.count >= 3
            let group = isGroup ? alike : rest.prefix(1)
            rest = rest.dropFirst(group.count)
            lines += self.lines(group, names: names, width, colour)
            // Checks that wait for one and the same thing say so once, behind the last of them.
            guard let last = group.last, last.status != .passed, !last.remedy.isEmpty else { continue }
            let isSaid = rest.first.map { $0.status == last.status && $0.remedy == last.remedy } ?? false
            if !isSaid { lines += below("what to do: \(last.remedy)", width) }
        }
        let count = { (status: CheckStatus) in checks.lazy.filter { $0.status == status }.count }
        lines.append("\(count(.passed)) passed, \(count(.failed)) failed, \(count(.unknown)) unknown")
        return lines
    }

    /// Checks of one status and detail.
    private static func lines(
        _ checks: ArraySlice<AccountCheck>, names: Int, _ width: Int?, _ colour: Bool
    ) -> [String] {
        guard let check = checks.first else { return [] }
        let word = check.status.word.uppercased()
        let padded = word + String(repeating: " ", count: max(0, margin.count - word.count))
        let shown = colour ? style(check.status).applied(to: padded) : padded
        if checks.count > 1 {
            return [shown + Escaping.visible(check.detail) + ":"]
                + below(checks.map(\.name).joined(separator: ", "), width)
        }
        let name = Escaping.visible(check.name)
        let line =
            name + String(repeating: " ", count: max(0, names - name.count)) + "  " + Escaping.visible(check.detail)
        guard let width, margin.count + DisplayWidth.of(line) > width else { return [shown + line] }
        return [shown + name] + below(check.detail, width)
    }

    private static let margin = "        "

    /// What belongs to the line before.
    private static func below(_ text: String, _ width: Int?) -> [String] {
        DisplayWidth.wrappedWithIndentation(margin + Escaping.visible(text), to: width)
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

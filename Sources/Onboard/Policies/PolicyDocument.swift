// SPDX-License-Identifier: Apache-2.0

/// An IAM policy: statements in order.
package struct PolicyDocument: Sendable, Hashable {
    /// What a statement allows or denies.
    package struct Statement: Sendable, Hashable {
        /// Letters and digits.
        package var sid: String
        package var isAllowed = true
        /// Who may, in a trust policy: ARNs.
        package var principals: [String] = []
        /// As IAM names them: `s3:GetObject`.
        package var actions: [String]
        /// ARNs or `*`; empty in a trust policy.
        package var resources: [String] = []
        package var conditions: [Condition] = []

        package init(_ sid: String, actions: [String], resources: [String] = []) {
            self.sid = sid
            self.actions = actions
            self.resources = resources
        }
    }

    /// One condition: `StringEquals`, a key, its values.
    package struct Condition: Sendable, Hashable {
        package let test: String
        package let key: String
        package let values: [String]

        package init(_ test: String, _ key: String, _ values: [String]) {
            self.test = test
            self.key = key
            self.values = values
        }
    }

    package var statements: [Statement]

    package init(_ statements: [Statement]) { self.statements = statements }

    /// Every action of its statements that allow.
    package var actions: [String] { statements.filter(\.isAllowed).flatMap(\.actions) }

    /// The policy as JSON, indented, as IAM takes it.
    package var json: String { json(indentation: 0) }

    /// The same, each line but the first indented by so many blanks more.
    package func json(indentation: Int) -> String {
        var text = Text(indentation: indentation)
        text.open("{")
        text.line(#""Version": "2012-10-17","#)
        text.open(#""Statement": ["#)
        for (index, statement) in statements.enumerated() {
            Self.write(statement, into: &text, isLast: index == statements.count - 1)
        }
        text.close("]")
        text.close("}")
        return text.result
    }

    private static func write(_ statement: Statement, into text: inout Text, isLast: Bool) {
        text.open("{")
        text.line(#""Sid": \#(quoted(statement.sid)),"#)
        text.line(#""Effect": "\#(statement.isAllowed ? "Allow" : "Deny")","#)
        if !statement.principals.isEmpty {
            text.line(#""Principal": { "AWS": \#(list(statement.principals)) },"#)
        }
        let hasMore = !statement.resources.isEmpty || !statement.conditions.isEmpty
        text.line(#""Action": \#(list(statement.actions))"# + (hasMore ? "," : ""))
        if !statement.resources.isEmpty {
            text.line(#""Resource": \#(list(statement.resources))"# + (statement.conditions.isEmpty ? "" : ","))
        }
        if !statement.conditions.isEmpty {
            let tests = statement.conditions.map { condition in
                "\(quoted(condition.test)): { \(quoted(condition.key)): \(list(condition.values)) }"
            }
            text.line(#""Condition": { \#(tests.joined(separator: ", ")) }"#)
        }
        text.close(isLast ? "}" : "},")
    }

    private static func list(_ values: [String]) -> String {
        values.count == 1 ? quoted(values[0]) : "[" + values.map(quoted).joined(separator: ", ") + "]"
    }

    /// A JSON string. Control characters can't be in names and ARNs; they are left out.
    static func quoted(_ text: String) -> String {
        var result = "\""
        for character in text.unicodeScalars where character.value >= 0x20 {
            if character == "\"" || character == "\\" { result += "\\" }
            result.unicodeScalars.append(character)
        }
        return result + "\""
    }
}

/// Lines with their indentation.
private struct Text {
    private let start: Int
    private var depth = 0
    private var lines: [String] = []

    init(indentation: Int) { start = indentation }

    mutating func line(_ text: String) {
        lines.append((lines.isEmpty ? "" : String(repeating: " ", count: start)) + indented(text))
    }

    mutating func open(_ text: String) {
        line(text)
        depth += 1
    }

    mutating func close(_ text: String) {
        depth -= 1
        line(text)
    }

    private func indented(_ text: String) -> String { String(repeating: "  ", count: depth) + text }

    var result: String { lines.joined(separator: "\n") }
}

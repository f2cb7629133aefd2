// SPDX-License-Identifier: Apache-2.0

import Sigma

/// Looks for conditions that no record meets. What it calls unreachable is; it does not find every such condition.
struct Reachability {
    /// Why the last expression can't hold.
    private(set) var reason = "no record meets it"

    /// Whether some record may meet an expression.
    mutating func canHold(_ expression: SigmaExpression) -> Bool {
        switch expression {
        case .all(let parts):
            let parts = Self.flat(parts)
            for part in parts where !canHold(part) { return false }
            return !contradicts(parts)
        case .any(let parts):
            if parts.isEmpty {
                reason = "an alternative without any value"
                return false
            }
            return parts.contains { canHold($0) }
        case .atLeast(let count, let parts): return parts.count { canHold($0) } >= count
        case .not(let part): return !alwaysHolds(part)
        case .match: return true
        }
    }

    /// Whether every record meets an expression.
    private func alwaysHolds(_ expression: SigmaExpression) -> Bool {
        switch expression {
        case .all(let parts): parts.allSatisfy(alwaysHolds)
        case .any(let parts):
            parts.contains(where: alwaysHolds)
                || parts.contains { part in
                    if case .not(let inner) = part { parts.contains(inner) } else { false }
                }
        default: false
        }
    }

    private static func flat(_ parts: [SigmaExpression]) -> [SigmaExpression] {
        parts.flatMap { if case .all(let inner) = $0 { flat(inner) } else { [$0] } }
    }

    /// Whether parts that must all hold exclude each other.
    private mutating func contradicts(_ parts: [SigmaExpression]) -> Bool {
        for part in parts {
            guard case .not(let excluded) = part, let given = parts.first(where: { Self.implies($0, excluded) }) else {
                continue
            }
            reason = "it excludes what it asks for (\(Self.name(given)))"
            return true
        }
        for field in Set(parts.compactMap(Self.field)).sorted() where RecordFields.single.contains(field) {
            let own = parts.filter { Self.field($0) == field }
            if own.contains(where: Self.isNull), own.contains(where: Self.isText) {
                reason = "'\(field)' can't be absent and have a value"
                return true
            }
            guard var allowed = own.lazy.compactMap(Self.literals).first else { continue }
            for part in own { allowed = allowed.filter { Self.allows(part, $0) } }
            if allowed.isEmpty {
                reason = "no value of '\(field)' meets all that is asked of it"
                return true
            }
        }
        return false
    }

    /// Whether the first holds only where the second does.
    private static func implies(_ first: SigmaExpression, _ second: SigmaExpression) -> Bool {
        if first == second { return true }
        switch (first, second) {
        case (_, .any(let parts)) where parts.contains(where: { implies(first, $0) }): return true
        case (.any(let parts), _): return !parts.isEmpty && parts.allSatisfy { implies($0, second) }
        case (_, .all(let parts)): return !parts.isEmpty && parts.allSatisfy { implies(first, $0) }
        default: return false
        }
    }

    /// The one field that an expression is about.
    private static func field(_ expression: SigmaExpression) -> String? {
        switch expression {
        case .match(let match): match.field
        case .any(let parts):
            parts.first.flatMap(field).flatMap { first in parts.allSatisfy { field($0) == first } ? first : nil }
        default: nil
        }
    }

    private static func isNull(_ expression: SigmaExpression) -> Bool {
        if case .match(let match) = expression { match.test == .null } else { false }
    }

    /// Whether a field must have a text.
    private static func isText(_ expression: SigmaExpression) -> Bool {
        switch expression {
        case .match(let match): if case .text = match.test { true } else { false }
        case .any(let parts): parts.allSatisfy(isText)
        default: false
        }
    }

    /// The whole texts that a field may have, in lower case; nil where there are others.
    private static func literals(_ expression: SigmaExpression) -> Set<String>? {
        switch expression {
        case .match(let match):
            guard case .text(let pattern, _) = match.test, let literal = pattern.literal else { return nil }
            return [String(decoding: literal, as: UTF8.self).lowercased()]
        case .any(let parts):
            var union: Set<String> = []
            for part in parts {
                guard let own = literals(part) else { return nil }
                union.formUnion(own)
            }
            return union
        default: return nil
        }
    }

    /// Whether an expression may hold where its field has a text; sure only of simple patterns.
    private static func allows(_ expression: SigmaExpression, _ text: String) -> Bool {
        switch expression {
        case .any(let parts): return parts.contains { allows($0, text) }
        case .match(let match):
            guard case .text(let pattern, _) = match.test else { return true }
            if let literal = pattern.literal { return String(decoding: literal, as: UTF8.self).lowercased() == text }
            let parts = pattern.parts
            func literal(_ part: SigmaPattern.Part) -> String? {
                if case .literal(let bytes) = part { String(decoding: bytes, as: UTF8.self).lowercased() } else { nil }
            }
            switch (parts.count, parts.first, parts.last) {
            case (2, let first?, .anyText?): return literal(first).map(text.hasPrefix) ?? true
            case (2, .anyText?, let last?): return literal(last).map(text.hasSuffix) ?? true
            case (3, .anyText?, .anyText?): return literal(parts[1]).map { text.contains($0) } ?? true
            default: return true
            }
        default: return true
        }
    }

    private static func name(_ expression: SigmaExpression) -> String {
        if case .match(let match) = expression { return match.text }
        return field(expression) ?? "a whole search"
    }
}

// SPDX-License-Identifier: Apache-2.0

/// Other names under which rules may speak of the fields of records. A name that stands here is read as the paths it
/// stands for; every other name is a path itself. So rules of different taxonomies run on the same records.
public struct SigmaTaxonomy: Sendable {
    /// What rules call it under `taxonomy`, in small letters.
    public var names: Set<String>
    /// For each name the paths that it stands for. Of several, any may hold its value.
    public var paths: [String: [String]]
    /// For each name that no path stands for: its possible values, and what each of them says of a record.
    public var derived: [String: [String: SigmaExpression]]
    /// For names that are not in `paths`: the path of a name that follows a pattern, or nil.
    public var pattern: @Sendable (String) -> String?

    /// A taxonomy of these names.
    public init(
        names: Set<String> = ["sigma"], paths: [String: [String]] = [:],
        derived: [String: [String: SigmaExpression]] = [:],
        pattern: @escaping @Sendable (String) -> String? = { _ in nil }
    ) {
        self.names = names
        self.paths = paths
        self.derived = derived
        self.pattern = pattern
    }

    /// The paths that a name stands for: itself where it is none of the other names.
    public func paths(of name: String) -> [String] { paths[name] ?? pattern(name).map { [$0] } ?? [name] }

    /// What a test of a field asks of a record; nil where the field is derived and can't be asked so.
    func expression(_ field: String, _ test: SigmaTest) -> SigmaExpression? {
        if let values = derived[field] { return derivedExpression(values, test) }
        let own = paths(of: field)
        var tests = [test]
        if case .fieldReference(let other, let relation, let cased) = test {
            guard derived[other] == nil else { return nil }
            tests = paths(of: other).map { .fieldReference($0, relation, cased: cased) }
        }
        let matches = own.flatMap { path in tests.map { SigmaExpression.match(SigmaMatch(field: path, test: $0)) } }
        if matches.count == 1 { return matches[0] }
        return test == .null ? .all(matches) : .any(matches)
    }

    private func derivedExpression(_ values: [String: SigmaExpression], _ test: SigmaTest) -> SigmaExpression? {
        switch test {
        case .text(let pattern, let cased):
            let fold: ([UInt8]) -> [UInt8] = { cased ? $0 : CaseFolding.fold($0) }
            let parts = pattern.parts.map { part in
                if case .literal(let bytes) = part { SigmaPattern.Part.literal(fold(bytes)) } else { part }
            }
            let matcher = WildcardMatcher(SigmaPattern(parts))
            defer { matcher.free() }
            let meant = values.sorted { $0.key < $1.key }.filter { value, _ in
                fold(Array(value.utf8)).withUnsafeBytes(matcher.matches)
            }
            return meant.count == 1 ? meant[0].value : .any(meant.map(\.value))
        case .exists: return .all([])
        case .null: return .any([])
        default: return nil
        }
    }
}

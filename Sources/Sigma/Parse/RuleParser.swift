// SPDX-License-Identifier: Apache-2.0

/// Reads rule files. Nothing in a file is fatal: what can't be used is told, with its line, and the rest is loaded.
public struct SigmaParser: Sendable {
    /// What the placeholders of `expand` stand for.
    public var placeholders: [String: [String]]
    /// Other names of fields.
    public var taxonomy: SigmaTaxonomy

    public init(placeholders: [String: [String]] = [:], taxonomy: SigmaTaxonomy = SigmaTaxonomy()) {
        self.placeholders = placeholders
        self.taxonomy = taxonomy
    }

    /// What a file holds.
    public struct File: Sendable {
        public internal(set) var rules: [SigmaRule] = []
        public internal(set) var correlations: [SigmaCorrelation] = []
        public internal(set) var filters: [SigmaFilter] = []
        /// In the order of the file.
        public internal(set) var diagnostics: [SigmaDiagnostic] = []

        var isEmpty: Bool { rules.isEmpty && correlations.isEmpty && filters.isEmpty && diagnostics.isEmpty }
    }

    /// Reads a file of any number of documents. `name` is what its diagnostics call it.
    public func parse(_ text: String, file name: String) -> File {
        var file = File()
        let (documents, problem) = YAMLReader.documents(text)
        var actions = DocumentActions()
        for document in documents {
            do throws(Problem) {
                guard let resolved = try actions.resolve(document) else { continue }
                read(resolved, name, into: &file)
            } catch { file.diagnostics.append(Self.diagnostic(error, name)) }
        }
        if let problem {
            file.diagnostics.append(Self.diagnostic(problem, name))
        } else if file.isEmpty {
            file.diagnostics.append(SigmaDiagnostic(file: name, line: 1, message: "the file holds no rule"))
        }
        return file
    }

    private static func diagnostic(
        _ problem: Problem, _ file: String, severity: SigmaDiagnostic.Severity = .error
    ) -> SigmaDiagnostic {
        var diagnostic = SigmaDiagnostic(
            severity: severity, file: file, line: problem.line, column: problem.column, message: problem.message)
        diagnostic.isMissingPlaceholder = problem.isMissingPlaceholder
        return diagnostic
    }

    private func read(_ resolved: DocumentActions.Resolved, _ name: String, into file: inout File) {
        let document = resolved.document
        if document.value == .null { return }
        guard let members = document.mapping else {
            file.diagnostics.append(
                Self.diagnostic(Problem("a rule must be a mapping, not \(document.value.kind)", at: document), name))
            return
        }
        var parser = DocumentParser(
            document: document, members: members, file: name, placeholders: placeholders, taxonomy: taxonomy)
        parser.warnings = resolved.remarks
        guard parser.isRule else {
            let remark = Problem("the document is no Sigma rule: it has none of a rule's keys", at: document)
            file.diagnostics.append(Self.diagnostic(remark, name, severity: .warning))
            return
        }
        let isCorrelation = document["correlation"] != nil
        let isFilter = !isCorrelation && document["filter"] != nil
        let rule = isCorrelation || isFilter ? nil : parser.rule()
        let correlation = isCorrelation ? parser.correlation() : nil
        let filter = isFilter ? parser.filter() : nil
        let severities: [(SigmaDiagnostic.Severity, [Problem])] = [
            (.error, parser.problems), (.warning, parser.warnings),
        ]
        for (severity, problems) in severities {
            for problem in problems {
                var diagnostic = Self.diagnostic(problem, name, severity: severity)
                diagnostic.ruleID = document["id"]?.string
                diagnostic.ruleTitle = document["title"]?.string
                diagnostic.ruleStatus = (document["status"]?.string?.lowercased()).flatMap(SigmaStatus.init)
                diagnostic.ruleLine = document.line
                diagnostic.ruleName = document["name"]?.string
                diagnostic.ruleLogSource = SigmaLogSource(
                    category: document["logsource"]?["category"]?.text?.lowercased(),
                    product: document["logsource"]?["product"]?.text?.lowercased(),
                    service: document["logsource"]?["service"]?.text?.lowercased())
                file.diagnostics.append(diagnostic)
            }
        }
        guard parser.problems.isEmpty else { return }
        if let rule { file.rules.append(rule) }
        if let correlation { file.correlations.append(correlation) }
        if let filter { file.filters.append(filter) }
    }
}

/// Reads one document and collects what is wrong with it.
struct DocumentParser {
    let document: YAMLNode
    let members: [YAMLMember]
    let file: String
    let placeholders: [String: [String]]
    let taxonomy: SigmaTaxonomy
    var problems: [Problem] = []
    var warnings: [Problem] = []

    /// Whether it is meant as a rule: repositories of rules have YAML files of other kinds beside them.
    var isRule: Bool {
        ["title", "logsource", "detection", "correlation", "filter"].contains { document[$0] != nil }
            || members.isEmpty
    }

    mutating func metadata() -> SigmaMetadata {
        var parser = MetadataParser(members)
        let metadata = parser.metadata(file: file, line: document.line)
        problems += parser.problems
        warnings += parser.warnings
        if let name = metadata.taxonomy, !taxonomy.names.contains(name.lowercased()), let node = document["taxonomy"] {
            warnings.append(
                Problem("the taxonomy '\(name)' is not known: the names of fields are read as they stand", at: node))
        }
        return metadata
    }

    /// Runs a step and keeps its problem.
    mutating func attempt<Result>(_ step: (inout DocumentParser) throws(Problem) -> Result) -> Result? {
        do {
            return try step(&self)
        } catch {
            problems.append(error)
            return nil
        }
    }

    mutating func rule() -> SigmaRule? {
        let metadata = metadata()
        let logSource = logSource()
        guard let detection = document["detection"] else {
            problems.append(Problem("'detection' is missing", at: document))
            return nil
        }
        guard let (searches, condition) = self.detection(detection) else { return nil }
        guard let logSource, problems.isEmpty else { return nil }
        let named = Dictionary(searches.map { ($0.name, $0.expression) }, uniquingKeysWith: { first, _ in first })
        return SigmaRule(
            metadata: metadata, logSource: logSource, searches: searches, condition: condition,
            expression: condition.expression(named))
    }

    mutating func logSource() -> SigmaLogSource? {
        guard let node = document["logsource"] else {
            problems.append(Problem("'logsource' is missing", at: document))
            return nil
        }
        guard node.mapping != nil else {
            problems.append(Problem("'logsource' must be a mapping", at: node))
            return nil
        }
        var source = SigmaLogSource()
        for (key, path) in [
            ("category", \SigmaLogSource.category), ("product", \.product), ("service", \.service),
            ("definition", \.definition),
        ] as [(String, WritableKeyPath<SigmaLogSource, String?>)] {
            guard let value = node[key] else { continue }
            guard let text = value.text else {
                problems.append(Problem("'\(key)' must be a text", at: value))
                continue
            }
            source[keyPath: path] = path == \.definition ? text : text.lowercased()
            guard source[keyPath: path] != text else { continue }
            warnings.append(Problem("'\(key)' is read in lower case: '\(text.lowercased())'", at: value))
        }
        if source.category == nil && source.product == nil && source.service == nil {
            problems.append(Problem("'logsource' needs a category, a product or a service", at: node))
        }
        return source
    }

    mutating func detection(_ node: YAMLNode) -> (searches: [SigmaSearch], condition: SigmaCondition)? {
        guard let members = node.mapping else {
            problems.append(Problem("'detection' must be a mapping", at: node))
            return nil
        }
        var searches: [SigmaSearch] = []
        var names: [String] = []
        for member in members {
            guard let name = member.key.text else {
                problems.append(Problem("a search identifier must be a string", at: member.key))
                continue
            }
            if name == "condition" || name == "timeframe" { continue }
            names.append(name)
            var parser = SearchParser(placeholders: placeholders, taxonomy: taxonomy)
            let expression = attempt { _ throws(Problem) in try parser.search(member.value) }
            warnings += parser.warnings
            if let expression {
                searches.append(SigmaSearch(name: name, expression: expression, line: member.key.line))
            }
        }
        guard let condition = condition(node, names: names) else { return nil }
        for (name, member) in zip(names, members.filter { !["condition", "timeframe"].contains($0.key.text) })
        where !condition.names.contains(name) && !name.hasPrefix("_") {
            warnings.append(Problem("the condition does not use '\(name)'", at: member.key))
        }
        return (searches, condition)
    }

    private mutating func condition(_ node: YAMLNode, names: [String]) -> SigmaCondition? {
        guard let value = node["condition"] else {
            problems.append(Problem("'condition' is missing", at: node))
            return nil
        }
        if names.isEmpty {
            problems.append(Problem("the detection has no search", at: node))
            return nil
        }
        let nodes = value.sequence ?? [value]
        guard !nodes.isEmpty else {
            problems.append(Problem("the list of conditions is empty", at: value))
            return nil
        }
        var conditions: [SigmaCondition] = []
        for node in nodes {
            let parsed = attempt { _ throws(Problem) in try ConditionParser.parse(node, searches: names) }
            if let parsed { conditions.append(parsed) }
        }
        guard conditions.count == nodes.count else { return nil }
        return conditions.count == 1 ? conditions[0] : .any(conditions)
    }
}

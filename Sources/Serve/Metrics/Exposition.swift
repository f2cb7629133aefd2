// SPDX-License-Identifier: Apache-2.0

/// Prometheus' text exposition format, version 0.0.4.
struct Exposition {
    /// As the Content-Type header names it.
    static let contentType = "text/plain; version=0.0.4; charset=utf-8"

    /// The kinds of metrics.
    enum Kind: String {
        case counter, gauge, histogram
    }

    private(set) var text = ""

    /// A metric of one value.
    mutating func add(_ name: String, _ kind: Kind, _ help: String, _ value: Double) {
        begin(name, kind, help)
        sample(name, [], value)
    }

    /// Begins a metric whose samples follow.
    mutating func begin(_ name: String, _ kind: Kind, _ help: String) {
        text += "# HELP \(name) \(Self.escaped(help, quotes: false))\n# TYPE \(name) \(kind.rawValue)\n"
    }

    /// A sample of the metric that was begun.
    mutating func sample(_ name: String, _ labels: [(String, String)], _ value: Double) {
        text += name
        if !labels.isEmpty {
            text += "{" + labels.map { "\($0.0)=\"\(Self.escaped($0.1, quotes: true))\"" }.joined(separator: ",") + "}"
        }
        text += " \(Self.number(value))\n"
    }

    /// The samples of a histogram that was begun.
    ///
    /// - Parameters:
    ///   - bounds: The upper bounds of the buckets but the last, which has none; ascending.
    ///   - counts: What fell into each bucket alone, one more than there are bounds.
    ///   - sum: The sum of everything observed, in the unit of the bounds.
    mutating func histogram(
        _ name: String, _ labels: [(String, String)], bounds: [Double], counts: [Int], sum: Double
    ) {
        var total = 0
        for (bound, count) in zip(bounds.map(Self.number) + ["+Inf"], counts) {
            total += count
            sample("\(name)_bucket", labels + [("le", bound)], Double(total))
        }
        sample("\(name)_sum", labels, sum)
        sample("\(name)_count", labels, Double(total))
    }

    private static func number(_ value: Double) -> String {
        if let whole = Int64(exactly: value) { return String(whole) }
        if value.isNaN { return "NaN" }
        if value.isInfinite { return value < 0 ? "-Inf" : "+Inf" }
        return String(value)
    }

    private static func escaped(_ text: String, quotes: Bool) -> String {
        var result = ""
        for letter in text.unicodeScalars {
            switch letter {
            case "\\": result += "\\\\"
            case "\n": result += "\\n"
            case "\"" where quotes: result += "\\\""
            default: result.unicodeScalars.append(letter)
            }
        }
        return result
    }
}

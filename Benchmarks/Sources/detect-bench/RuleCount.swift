// SPDX-License-Identifier: Apache-2.0

import BenchKit
import Foundation
import JSON
import Sigma

/// What more rules cost: generated ones in the forms that public rules have, on the same records.
enum RuleCount {
    /// Seconds of processor time for one pass over the documents.
    static func seconds(_ count: Int, _ documents: [Padded]) throws -> Double {
        // Some to a file: a file has at most `SigmaLimits.fileBytes`.
        let rules = stride(from: 0, to: count, by: 500).flatMap { first in
            let texts = (first..<min(first + 500, count)).map(rule)
            return SigmaParser().parse(texts.joined(separator: "---\n"), file: "generated").rules
        }
        precondition(rules.count == count, "the generated rules are rules")
        let plan = try Plan(rules, indexFields: ["eventName", "eventSource"], keeping: 0)
        let extractor = RecordExtractor(plan.fields)
        let evaluator = Evaluator(plan)
        func pass() throws {
            var found: [Int] = []
            for document in documents {
                try document.withContents { bytes in
                    try extractor.open(bytes)
                    while case .record = try extractor.next() {
                        found.removeAll(keepingCapacity: true)
                        evaluator.evaluate(extractor, into: &found)
                    }
                }
            }
        }
        try pass()
        var best = Double.infinity
        for _ in 0..<5 {
            let watch = Watch()
            try pass()
            best = min(best, watch.cpuSeconds)
        }
        return best
    }

    private static let names = [
        "DescribeInstances", "GetCallerIdentity", "AssumeRole", "CreateUser", "ListBuckets", "PutBucketPolicy",
        "DeleteTrail", "RunInstances",
    ]
    private static let sources = ["ec2", "iam", "s3", "sts", "kms", "rds", "lambda", "ssm", "eks", "logs"]

    /// Most name one event of one source and a parameter; some list events, some look into texts, and one in fifty asks
    /// about all events of a source.
    private static func rule(_ number: Int) -> String {
        let source = sources[number % sources.count]
        let event = number % 40 == 0 ? names[number / 40 % names.count] : "Event\(number)"
        let selection =
            switch number % 50 {
            case 7: "eventName|startswith: 'Event\(number)'"
            case 8...15: "eventName: [\(event), Other\(number), Third\(number)]"
            default: "eventName: \(event)"
            }
        return """
            title: Generated \(number)
            logsource: {product: aws, service: cloudtrail}
            detection:
                selection:
                    eventSource: \(source).amazonaws.com
                    \(selection)
                parameters:
                    requestParameters.parameter\(number % 300)|contains: 'value\(number)'
                agent:
                    userAgent|contains: ['tool\(number % 97)', 'kit\(number % 89)']
                known:
                    userIdentity.invokedBy|endswith: amazonaws.com
                condition: selection and (parameters or agent) and not known

            """
    }
}

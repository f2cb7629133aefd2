// SPDX-License-Identifier: Apache-2.0

import CloudTrail
import Detect
import Synchronization

extension FuzzTarget {
    /// A rule file, from its YAML to verdicts: what loads, compiles, and what compiles, evaluates.
    package static let rules = FuzzTarget("rules") { input in
        _ = load(String(decoding: input, as: UTF8.self))
    }

    /// Loads a rule file and runs it over a record of ours; gives the number of detections that it holds.
    package static func load(_ text: String) -> Int {
        let catalog = Catalog.read(
            [.init(path: "fuzz.yml", text: text)], placeholders: ["known": ["a", "192.0.2.0/24"]])
        require(catalog.detections.count == catalog.rules.count, "a rule without a detection")
        require(catalog.correlated.count == catalog.correlations.count, "a correlation without a detection")
        require(catalog.isSound || !catalog.problems.isEmpty, "an unsound catalog without a problem")
        let plan: DetectionPlan
        do { plan = try DetectionPlan(catalog, geography: FuzzRules.world) { _ in true } } catch {
            // Every rule alone is within its limits; together they may not be.
            require(catalog.rules.count > 1, "a rule that loads does not compile: \(error)")
            return 0
        }
        let evaluator = BatchEvaluator()
        let batch = FuzzRules.evaluate(.records([FuzzRules.record]), plan, evaluator)
        require(batch.events.count == 1, "our own record is refused")
        FuzzRules.apply(batch, plan)
        for detection in catalog.all.prefix(8) {
            let explained = try? catalog.explanation(of: detection, on: UnsafeRawBufferPointer(FuzzRules.record))
            require(explained != nil, "a rule that runs can't be explained")
        }
        return catalog.all.count
    }

    /// A log file, or records, against fixed rules. The first byte says how the rest is taken:
    /// - bit 0: as one log file, else as records, cut where a byte is 0x1E;
    /// - bit 1: a good record goes before it, bit 2: behind it;
    /// - bit 3: it comes twice, bit 4: its second half comes before its first.
    package static let records = FuzzTarget("records") { input in
        _ = detect(input)
    }

    /// Evaluates an input; gives the numbers of accepted records and of matches.
    package static func detect(_ input: UnsafeRawBufferPointer) -> (events: Int, matches: Int) {
        var reader = InputReader(input)
        let mode = reader.byte()
        var bytes = Array(reader.all())
        if mode & 16 != 0 { bytes = Array(bytes[(bytes.count / 2)...] + bytes[..<(bytes.count / 2)]) }
        if mode & 8 != 0 { bytes += bytes }
        if mode & 2 != 0 { bytes = Array(FuzzRules.record) + bytes }
        if mode & 4 != 0 { bytes += Array(FuzzRules.record) }
        return FuzzRules.evaluator.withLock { evaluator in
            bytes.withUnsafeBytes { bytes in
                let batch =
                    mode & 1 != 0
                    ? FuzzRules.evaluate(.logFile(bytes), FuzzRules.plan, evaluator)
                    : FuzzRules.evaluate(
                        .records(
                            bytes.split(separator: 0x1E, omittingEmptySubsequences: false).map {
                                UnsafeRawBufferPointer(rebasing: $0)
                            }), FuzzRules.plan, evaluator)
                FuzzRules.apply(batch, FuzzRules.plan)
                // Whatever came before, a good record is what it is.
                let good = FuzzRules.evaluate(.records([FuzzRules.record]), FuzzRules.plan, evaluator)
                require(good.matches.count == FuzzRules.matches, "a good record has \(good.matches.count) matches")
                return (batch.events.count, batch.matches.count)
            }
        }
    }
}

/// The fixed rules, the record that is tried with them, and what is done with both.
private enum FuzzRules {
    /// One for all inputs, as a worker has one for all batches.
    static let evaluator = Mutex(BatchEvaluator())

    static let world = Geography(
        places: { $0.hasPrefix("192.") ? .init(latitude: 51, longitude: 0) : .init(latitude: -33, longitude: 151) },
        networks: { UInt32($0.utf8.count) })

    // Sendable: never written, never freed.
    nonisolated(unsafe) static let record: UnsafeRawBufferPointer = {
        let text = """
            {"eventVersion":"1.09","eventID":"00000000-0000-4000-8000-000000000001","eventTime":"2026-03-01T10:00:00Z",\
            "eventName":"Call","eventSource":"iam.amazonaws.com","awsRegion":"eu-west-1","recipientAccountId":\
            "111122223333","sourceIPAddress":"192.0.2.7","userAgent":"agent","userIdentity":{"type":"IAMUser",\
            "userName":"ann","arn":"arn:aws:iam::111122223333:user/ann","accountId":"111122223333","accessKeyId":\
            "AKIAEXAMPLE"},"requestParameters":{"name":"x","list":[1,{"k":"v"},null,"b"],"size":12.5}}
            """
        let bytes = UnsafeMutableRawBufferPointer.allocate(byteCount: text.utf8.count, alignment: 1)
        bytes.copyBytes(from: text.utf8)
        return UnsafeRawBufferPointer(bytes)
    }()

    static let plan: DetectionPlan = {
        let catalog = Catalog.read([.init(path: "fixed.yml", text: text)])
        require(catalog.isSound, "\(catalog.problems)")
        do { return try DetectionPlan(catalog, geography: world) } catch { fatalError("\(error)") }
    }()

    /// How many rules hold on `record`, beside those whose events have to be compared with others.
    static let matches = 10

    static func evaluate(
        _ payload: SubmittedPayload, _ plan: DetectionPlan, _ evaluator: BatchEvaluator
    ) -> EvaluatedBatch {
        var kept: [[UInt8]] = []
        let batch: EvaluatedBatch
        do {
            batch = try evaluator.evaluate(payload, plan: plan, accounts: .all) { record, _, tokens in
                kept.append(Array(record))
                for token in tokens { _ = token }
            }
        } catch { fatalError("\(error)") }
        require(kept.count == batch.events.count, "\(kept.count) records were given on, \(batch.events.count) accepted")
        require(batch.rejections.count <= batch.rejectedCount, "more rejections than rejected")
        for match in batch.matches { require(match.eventIndex < kept.count, "a match of no event") }
        if case .logFile = payload {
            // What a record says does not depend on what stands round it.
            for (index, bytes) in kept.enumerated().prefix(8) {
                let (alone, matches) = bytes.withUnsafeBytes { bytes in
                    let alone = evaluate(.records([bytes]), plan, evaluator)
                    return (alone.events.first?.id, alone.matches.map(\.detection.id))
                }
                require(alone == batch.events[index].id, "record \(index) is another one alone")
                let inside = batch.matches.filter { $0.eventIndex == index }.map(\.detection.id)
                require(inside == matches, "record \(index) matches \(inside), and alone \(matches)")
            }
        }
        return batch
    }

    /// Applies a batch to a stage, and replays what that gave to store into another state.
    static func apply(_ batch: EvaluatedBatch, _ plan: DetectionPlan) {
        var stage = DetectionStage()
        _ = stage.apply(batch, now: 0)
        let changes = stage.takeChanges()
        stage.commit()
        for alert in changes.alerts {
            let read = try? AlertCodec.decode(AlertCodec.encode(alert))
            require(read == alert, "an alert does not come back")
        }
        let state = stage.state
        var other = StreamState()
        other.replay(changes.row, now: 0)
        require(other.heldCount == state.heldCount, "held matches do not come back")
        require(other.groupCount == state.groupCount, "groups do not come back")
        require(other.waits(of: batch) == state.waits(of: batch), "what events wait for does not come back")
        _ = stage.release(plan, now: 0, all: true)
        require(
            stage.state.waits(of: batch).isEmpty && stage.state.waitingCount == 0,
            "an event waits beyond the end of time")
        stage.expire(now: 4_000_000_000_000)
    }

    private static func rule(_ number: Int, _ selection: String, more: String = "") -> String {
        """
        title: Rule \(number)
        id: 7d2f0000-0000-4000-8000-0000000000\(number)
        name: rule\(number)
        logsource: {product: aws, service: cloudtrail}
        detection: {selection: \(selection), condition: selection}
        level: high
        \(more)
        """
    }

    private static let text = [
        rule(10, "{eventSource: iam.amazonaws.com, eventName: Call, errorCode: null}"),
        rule(11, "{requestParameters.name|contains: [x, yy]}"),
        rule(12, "{requestParameters.list: B}"),
        rule(13, "{requestParameters|re: '\"k\" *: *\"v\"'}"),
        rule(14, "{sourceIPAddress|cidr: [192.0.2.0/24, '2001:db8::/32']}"),
        rule(15, "{requestParameters.size|gte: 12}"),
        rule(16, "{userIdentity.accountId|fieldref: recipientAccountId}"),
        rule(17, "{userAgent|re: '^(a|ag)+ent$'}"),
        rule(18, "[ann]"),
        rule(19, "{eventName: Call}", more: "trailhound: {first_seen: {fields: [userIdentity.arn, network, asn]}}"),
        rule(20, "{eventName: Call}", more: "trailhound: {impossible_travel: {}}"),
        rule(
            21, "{eventName: Call}",
            more: "trailhound: {unless: {rule: rule22, by: [requestParameters.name], within: 1h}}"),
        rule(22, "{eventName|endswith: Back}", more: "trailhound: {enabled: false}"),
        """
        title: Often
        id: 7d2f0000-0000-4000-8000-000000000023
        level: high
        correlation: {type: value_count, rules: [rule10, rule12], group-by: [userIdentity.arn], timespan: 10m,
            condition: {field: awsRegion, gte: 1}, generate: true}
        """,
        rule(24, "{eventName: Call}", more: "trailhound: {first_seen: {fields: [network], scope: actor}}"),
        """
        title: Seldom
        id: 7d2f0000-0000-4000-8000-000000000025
        name: seldom
        correlation: {type: value_sum, rules: [rule10, rule12], group-by: [awsRegion], timespan: 10m,
            condition: {field: requestParameters.size, lte: 1000}}
        """,
        """
        title: Above
        id: 7d2f0000-0000-4000-8000-000000000026
        level: high
        correlation: {type: temporal, rules: [seldom, rule12], timespan: 1h, condition: seldom and not rule12}
        """,
    ].joined(separator: "\n---\n")
}

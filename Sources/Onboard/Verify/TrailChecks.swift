// SPDX-License-Identifier: Apache-2.0

import AWS

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// The checks of the trail itself: its settings, its status, and the events that it takes.
extension AccountVerifier {
    private static let settings: [AccountCheck.Name] = [
        .trailFound, .trailMultiRegion, .trailGlobalEvents, .trailOrganization, .trailValidation, .trailDestination,
    ]

    /// Finds the trail, and looks at its settings.
    func trailSettings() async -> (Trails.Trail?, [AccountCheck]) {
        let trails: [Trails.Trail]
        do {
            trails = try await Trails(client).describeTrails()
        } catch {
            return (nil, Self.settings.map { .of($0, error) })
        }
        guard let trail = choose(trails) else {
            let remedy =
                "Make a trail that takes all regions, with log file validation; or name it: "
                + "trailhound account update \(account.accountID) --trail NAME"
            let detail =
                trails.isEmpty
                ? "there is no trail" : "none of the trails fits: \(trails.map(\.name).joined(separator: ", "))"
            let missing = Self.settings.dropFirst().map { name in
                AccountCheck.unknown(name, "no trail was found", remedy: "Make trail_found pass.")
            }
            return (nil, [.failed(.trailFound, detail, remedy: remedy)] + missing)
        }
        return (trail, [.passed(.trailFound, trail.arn)] + checks(of: trail))
    }

    /// The named trail; or of all the one that is best to watch.
    private func choose(_ trails: [Trails.Trail]) -> Trails.Trail? {
        if !account.trail.isEmpty { return trails.first { $0.name == account.trail || $0.arn == account.trail } }
        let fitting = account.bucket.isEmpty ? trails : trails.filter { $0.bucket == account.bucket }
        let value = { (trail: Trails.Trail) in
            (trail.isMultiRegion ? 4 : 0) + (trail.validatesLogFiles ? 2 : 0) + (trail.isOrganization ? 1 : 0)
        }
        return fitting.sorted { ($0.arn) < ($1.arn) }.max { value($0) < value($1) }
    }

    private func checks(of trail: Trails.Trail) -> [AccountCheck] {
        let update = "aws cloudtrail update-trail --name \(trail.arn)"
        return [
            trail.isMultiRegion
                ? .passed(.trailMultiRegion, "takes all regions")
                : .failed(
                    .trailMultiRegion, "takes the region \(trail.homeRegion) alone: what happens in others is not seen",
                    remedy: "\(update) --is-multi-region-trail"),
            trail.includesGlobalServiceEvents
                ? .passed(.trailGlobalEvents, "takes IAM, STS and the other global services")
                : .failed(
                    .trailGlobalEvents, "leaves IAM, STS and the other global services out",
                    remedy: "\(update) --include-global-service-events"),
            organization(trail),
            trail.validatesLogFiles
                ? .passed(.trailValidation, "digests are made")
                : .failed(
                    .trailValidation, "no digests are made: nobody can tell whether log files were altered",
                    remedy: "\(update) --enable-log-file-validation"),
            destination(trail),
        ]
    }

    private func organization(_ trail: Trails.Trail) -> AccountCheck {
        if account.organizationID.isEmpty {
            return .passed(
                .trailOrganization, trail.isOrganization ? "is an organisation's trail" : "is the account's own trail")
        }
        return trail.isOrganization
            ? .passed(.trailOrganization, "is the trail of an organisation, as set: \(account.organizationID)")
            : .failed(
                .trailOrganization, "is no organisation's trail, and \(account.organizationID) is set",
                remedy: "Name the organisation's trail, or: aws cloudtrail update-trail --is-organization-trail")
    }

    private func destination(_ trail: Trails.Trail) -> AccountCheck {
        var facts = ["s3://\(trail.bucket)/\(trail.keyPrefix.map { $0 + "/" } ?? "")AWSLogs/"]
        facts.append(trail.kmsKeyID.map { "encrypted by \($0)" } ?? "no KMS key")
        facts.append(trail.snsTopicARN.map { "told to \($0)" } ?? "no SNS topic")
        let detail = facts.joined(separator: ", ")
        var wrong: [String] = []
        if !account.bucket.isEmpty, account.bucket != trail.bucket { wrong.append("bucket \(account.bucket)") }
        if !account.keyPrefix.isEmpty, account.keyPrefix != trail.keyPrefix ?? "" {
            wrong.append("prefix \(account.keyPrefix)")
        }
        guard wrong.isEmpty else {
            return .failed(
                .trailDestination, "\(detail); set here is \(wrong.joined(separator: " and "))",
                remedy: "trailhound account update \(account.accountID) --bucket \(trail.bucket)"
                    + (trail.keyPrefix.map { " --prefix \($0)" } ?? ""))
        }
        return .passed(.trailDestination, detail)
    }

    // MARK: Status

    private static let status: [AccountCheck.Name] = [.trailLogging, .trailDelivery, .trailNotification, .trailDigest]

    /// Whether the trail logs and delivers.
    func trailStatus(_ trail: Trails.Trail?) async -> [AccountCheck] {
        guard let trail else { return Self.status.map(Self.trailless) }
        let status: Trails.Status
        do {
            // A member account names an organisation's trail by its ARN, and any other may be named so too.
            status = try await Trails(client).status(of: trail.arn, region: home(trail))
        } catch {
            return Self.status.map { .of($0, error) }
        }
        let logging: AccountCheck =
            status.isLogging
            ? .passed(.trailLogging, "logs" + (status.startLoggingTime.map { " since \(time($0))" } ?? ""))
            : .failed(
                .trailLogging, "is stopped" + (status.stopLoggingTime.map { " since \(time($0))" } ?? ""),
                remedy: "aws cloudtrail start-logging --name \(trail.arn)")
        return [logging, delivery(status), notification(status, trail), digest(status, trail)]
    }

    private func delivery(_ status: Trails.Status) -> AccountCheck {
        if let error = status.latestDeliveryError, !error.isEmpty {
            return .failed(
                .trailDelivery, "the latest delivery failed: \(error)",
                remedy: "See the bucket's policy, and its key's: CloudTrail must be let write.")
        }
        guard let latest = status.latestDeliveryTime else {
            return .failed(
                .trailDelivery, "nothing was delivered yet", remedy: "Wait for a quarter of an hour and verify again.")
        }
        guard now - latest <= OnboardLimits.deliverySeconds else {
            return .failed(
                .trailDelivery, "the latest delivery was at \(time(latest))",
                remedy: "See whether the trail logs, and whether anything happens in the account.")
        }
        return .passed(.trailDelivery, "the latest delivery was at \(time(latest))")
    }

    private func notification(_ status: Trails.Status, _ trail: Trails.Trail) -> AccountCheck {
        if let error = status.latestNotificationError, !error.isEmpty {
            return .failed(
                .trailNotification, "the latest notification failed: \(error)",
                remedy: "See the topic's policy: CloudTrail must be let publish.")
        }
        return .passed(
            .trailNotification, trail.snsTopicARN == nil ? "the trail tells no topic itself" : "no notification failed")
    }

    private func digest(_ status: Trails.Status, _ trail: Trails.Trail) -> AccountCheck {
        if let error = status.latestDigestDeliveryError, !error.isEmpty {
            return .failed(
                .trailDigest, "the latest delivery of a digest failed: \(error)",
                remedy: "See the bucket's policy: CloudTrail must be let write CloudTrail-Digest too.")
        }
        guard trail.validatesLogFiles else {
            return .failed(
                .trailDigest, "no digests are made",
                remedy: "aws cloudtrail update-trail --name \(trail.arn) --enable-log-file-validation")
        }
        guard let latest = status.latestDigestDeliveryTime else {
            return .failed(.trailDigest, "no digest was delivered yet", remedy: "Wait for two hours and verify again.")
        }
        return now - latest <= OnboardLimits.digestSeconds
            ? .passed(.trailDigest, "the latest digest was delivered at \(time(latest))")
            : .failed(
                .trailDigest, "the latest digest was delivered at \(time(latest))",
                remedy: "See whether the trail logs: digests come every hour, whatever happens.")
    }

    // MARK: Events

    private static let events: [AccountCheck.Name] = [.managementEvents, .dataEvents, .networkEvents]

    /// Which events the trail takes.
    func selectors(_ trail: Trails.Trail?) async -> [AccountCheck] {
        guard let trail else { return Self.events.map(Self.trailless) }
        let selectors: Trails.EventSelectors
        do {
            selectors = try await Trails(client).eventSelectors(of: trail.arn, region: home(trail))
        } catch {
            return Self.events.map { .of($0, error) }
        }
        let coverage = EventCoverage(selectors)
        let management: AccountCheck =
            coverage.missing.isEmpty
            ? .passed(.managementEvents, "takes all management events")
            : .failed(
                .managementEvents, coverage.missing.joined(separator: "; "),
                remedy: "Let the trail take all management events, read and write: aws cloudtrail put-event-selectors")
        let data = coverage.data.isEmpty ? "takes no data events" : "takes \(coverage.data.joined(separator: ", "))"
        let network =
            coverage.network.isEmpty
            ? "takes no network activity events" : "takes \(coverage.network.joined(separator: ", "))"
        return [management, .passed(.dataEvents, data), .passed(.networkEvents, network)]
    }

    // MARK: Common

    static func trailless(_ name: AccountCheck.Name) -> AccountCheck {
        .unknown(name, "no trail was found", remedy: "Make trail_found pass.")
    }

    /// Where the trail's settings are read; nil for the client's region.
    func home(_ trail: Trails.Trail) -> String? { trail.homeRegion.isEmpty ? nil : trail.homeRegion }

    var now: Double { clock.now().timeIntervalSince1970 }
}

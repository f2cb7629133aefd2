// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Foundation
import Messages
import Onboard

/// Where an account's CloudTrail is, and how the service looks at it.
struct AccountPlaceOptions: ParsableArguments {
    @Option(help: .init("The account's role that the service reads with.", valueName: "arn"))
    var roleARN: String?

    @Option(help: .init("The trail's home region.", valueName: "region"))
    var region: String?

    @Option(help: .init("The trail, where the account has several.", valueName: "name-or-arn"))
    var trail: String?

    @Option(help: .init("The trail's bucket.", valueName: "name"))
    var bucket: String?

    @Option(help: .init("The trail's key prefix in the bucket.", valueName: "prefix"))
    var prefix: String?

    @Option(help: .init("The organisation, where the trail is an organisation's.", valueName: "o-id"))
    var organizationID: String?

    @Option(help: .init("The queue that tells of new log files.", valueName: "url"))
    var queue: String?

    @Option(
        help: .init("The role that analysts take on in the console; TrailhoundAnalyst unless set.", valueName: "name"))
    var consoleRole: String?

    /// Whether any is given.
    var isGiven: Bool {
        [roleARN, region, trail, bucket, prefix, organizationID, queue, consoleRole].contains { $0 != nil }
    }

    /// What was known, with what is given in its place.
    func applied(to known: AccountConnection) -> AccountConnection {
        AccountConnection(
            roleArn: roleARN ?? known.roleArn, region: region ?? known.region, trail: trail ?? known.trail,
            bucket: bucket ?? known.bucket, keyPrefix: prefix ?? known.keyPrefix,
            organizationID: organizationID ?? known.organizationID, queueURL: queue ?? known.queueURL,
            consoleRole: consoleRole ?? known.consoleRole)
    }
}

/// The forms that roles are printed in.
enum RoleFormat: String, ExpressibleByArgument, CaseIterable, Sendable {
    case json, cloudformation, terraform
}

/// The roles to make in an account: who may take them on, and in which form they are wanted.
struct RoleOptions: ParsableArguments {
    @Option(
        help: .init(
            "The ARN of the user or role that the service and its collectors run as: who may take the roles on.",
            valueName: "arn"))
    var trusted: String?

    @Option(help: .init("Who may take the analysts' role on; may be repeated.", valueName: "arn"))
    var analyst: [String] = []

    @Option(
        help: .init("The role that remediations act with, where it is not TrailhoundRemediation.", valueName: "arn"))
    var respondRole: String?

    @Option(help: .init("The ARN of the trail's KMS key.", valueName: "arn"))
    var keyARN: String?

    @Option(help: .init("The ARN of the queue, where its address does not say it.", valueName: "arn"))
    var queueARN: String?

    @Option(name: .customLong("as"), help: "The form that is printed: json, cloudformation or terraform.")
    var form: RoleFormat = .json

    @Option(help: .init("Write every form into this folder, and print none.", valueName: "dir"), completion: .directory)
    var out: String?

    func validate() throws {
        if let trusted, !trusted.hasPrefix("arn:") {
            throw ValidationError("--trusted: \(trusted) is no ARN of a user or role")
        }
    }

    /// True where a template for another program is printed.
    var isTemplate: Bool { form != .json && out == nil && trusted != nil }

    /// Throws what `print` would throw about the options, for an account that is not there yet.
    func check(accountID: String, _ connection: AccountConnection) throws(Failure) {
        _ = try facts(Account(accountID: accountID, externalID: "pending", connection: connection))
    }

    /// The ARNs of the roles that are printed for the service to read and to act with; nil where none are printed.
    func recorded(_ accountID: String) -> (read: String, respond: String)? {
        guard let trusted else { return nil }
        let partition = trusted.split(separator: ":").dropFirst().first.map(String.init) ?? "aws"
        func arn(_ name: String) -> String { RoleNames.arn(name, account: accountID, partition: partition) }
        return (arn(RoleNames.read), respondRole ?? arn(RoleNames.respond))
    }

    /// What the printed role to read with leaves out, for want of being told.
    private func tellWhatIsLeftOut(_ facts: AccountFacts) {
        let missing = [("--bucket", facts.bucket), ("--queue", facts.queueARN)].filter(\.1.isEmpty).map(\.0)
        guard !missing.isEmpty else { return }
        let what = [("no log file", facts.bucket), ("no queue", facts.queueARN)].filter(\.1.isEmpty).map(\.0)
        Diagnostics.note(
            "\(RoleNames.read) may read \(what.joined(separator: " and ")): \(missing.joined(separator: " and ")) not given. "
                + "Where the account's trail has them, trailhound account update \(facts.accountID) "
                + "\(missing.map { $0 + " …" }.joined(separator: " ")), then print the roles again with account policy."
        )
    }

    /// Prints the roles, or writes them where a folder is given.
    ///
    /// - Parameter isOrganization: The role of an organisation's management account, and not those of an account.
    func print(_ account: Account, _ output: Output, isOrganization: Bool = false) throws(Failure) {
        let facts = try facts(account)
        let policies = AccountPolicies(facts)
        if !isOrganization { tellWhatIsLeftOut(facts) }
        let roles = isOrganization ? [policies.organization] : policies.roles
        if let out { return try write(roles, account, to: out) }
        switch form {
        case .json where output.format == .json: output.json(.array(roles.map(RolePresentation.json)))
        case .json where output.format == .jsonl: for role in roles { output.json(RolePresentation.json(role)) }
        case .json:
            for role in roles {
                output.line("")
                output.line("# \(role.name): \(role.purpose)")
                output.line("# Who may take it on:")
                output.line(role.trust.json)
                for policy in role.policies {
                    output.line("# What it may do, policy \(policy.name):")
                    output.line(policy.document.json)
                }
            }
        case .cloudformation:
            output.write(PolicyTemplate.cloudFormation(roles, accountID: account.accountID).utf8)
        case .terraform: output.write(PolicyTemplate.terraform(roles, accountID: account.accountID).utf8)
        }
    }

    private func facts(_ account: Account) throws(Failure) -> AccountFacts {
        guard let trusted else {
            throw Failure(
                "name with --trusted ARN the user or role that the service runs as", code: Failure.Code.usage)
        }
        guard !account.externalID.isEmpty else {
            throw Failure(
                "the account has no external id yet: trailhound account update \(account.accountID) gives it one")
        }
        let connection = account.connection ?? AccountConnection()
        var facts = AccountFacts(accountID: account.accountID, externalID: account.externalID, trusted: trusted)
        facts.analysts = analyst
        facts.partition = trusted.split(separator: ":").dropFirst().first.map(String.init) ?? "aws"
        facts.bucket = connection.bucket
        facts.keyPrefix = connection.keyPrefix
        facts.organizationID = connection.organizationID
        facts.consoleRole = connection.consoleRole
        facts.keyARN = keyARN ?? ""
        if let respondRole {
            guard respondRole.hasPrefix("arn:"), respondRole.contains(":\(account.accountID):role/") else {
                throw Failure(
                    "--respond-role: \(respondRole) is no role of account \(account.accountID)",
                    code: Failure.Code.usage)
            }
            facts.respondRoleARN = respondRole
        }
        if let queueARN {
            facts.queueARN = queueARN
        } else if !connection.queueURL.isEmpty {
            guard let arn = AccountFacts.queueARN(url: connection.queueURL) else {
                throw Failure("name with --queue-arn the queue \(connection.queueURL)", code: Failure.Code.usage)
            }
            facts.queueARN = arn
        }
        return facts
    }

    private func write(_ roles: [AccountRole], _ account: Account, to folder: String) throws(Failure) {
        let files = PolicyTemplate.files(roles, accountID: account.accountID)
        do {
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
            for file in files {
                try file.text.write(toFile: folder + "/" + file.name, atomically: true, encoding: .utf8)
            }
        } catch {
            throw Failure("can't write to \(folder): \(error.localizedDescription)")
        }
        Diagnostics.note("Wrote \(files.map(\.name).joined(separator: ", ")) to \(folder).")
    }
}

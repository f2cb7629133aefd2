// SPDX-License-Identifier: Apache-2.0

import AWS
import ArgumentParser
import Contract
import Messages
import Onboard

struct OnboardOrganizationCommand: ServiceCommand {
    static let configuration = CommandConfiguration(
        commandName: "onboard-organization", abstract: "Start watching all accounts of an organisation.",
        discussion: """
            Lists the organisation's accounts with this machine's AWS credentials, which must be of the management account \
            or of a delegated administrator (trailhound account policy --organization prints a role for it), and onboards \
            each that is active and not onboarded yet. Running it again onboards what is new; what was offboarded stays so.
            The roles to read and to act with are recorded under the names that trailhound account policy prints them \
            with: remediation enable uses the second once it is made.
            """)

    @Option(help: "Whom to ask about what happens in the accounts; DUETs go there.")
    var owner = ""

    @Option(
        help: .init("The name of the role that the service reads with, the same in all accounts.", valueName: "name"))
    var readRole = RoleNames.read

    @Option(
        help: .init("The name of the role that remediations act with, the same in all accounts.", valueName: "name"))
    var respondRole = RoleNames.respond

    @Option(help: .init("The organisation's id.", valueName: "o-id"))
    var organizationID: String

    @Option(help: .init("The organisation trail's bucket.", valueName: "name"))
    var bucket = ""

    @Option(help: .init("The trail's key prefix in the bucket.", valueName: "prefix"))
    var prefix = ""

    @Option(help: .init("The queue that tells of new log files.", valueName: "url"))
    var queue = ""

    @Option(help: .init("An account to leave out; may be repeated.", valueName: "account-id"))
    var exclude: [String] = []

    @Flag(help: "Say what would be done, and do nothing.")
    var dryRun = false

    @OptionGroup(title: "AWS options") var aws: AWSOptions

    @OptionGroup var global: GlobalOptions

    func validate() throws {
        for (option, name) in [("--read-role", readRole), ("--respond-role", respondRole)] where !RoleNames.isName(name)
        {
            throw ValidationError("\(option): '\(name)' is no name of a role")
        }
    }

    func run(_ session: Session, _ output: Output) async throws {
        let client = try aws.client()
        let partition: Partition
        do { partition = try Partition.of(region: client.region) } catch { throw Failure(error.message) }
        let members: [Organizations.Account]
        do { members = try await Organizations(client).listAccounts() } catch let error as AWSError {
            throw Failure(error.description)
        }
        let accounts = try await session.call(
            AccountService.listAccounts, ListAccountsRequest(includeOffboarded: true)
        ).accounts
        let known = Dictionary(accounts.map { ($0.accountID, $0.state) }) { first, _ in first }
        var rows: [Member] = []
        for member in members {
            rows.append(try await onboard(member, known, partition: partition, session))
        }
        output.list(rows, whenEmpty: "The organisation has no account.", json: Member.json, table: Member.table)
        output.flush()
        for row in rows { DeadLetterCommands.remind(of: row.deadLetterRecords, account: row.id) }
    }

    private func onboard(
        _ member: Organizations.Account, _ known: [String: AccountState], partition: Partition, _ session: Session
    ) async throws -> Member {
        if exclude.contains(member.id) { return Member(member, "left out") }
        if let state = known[member.id] {
            return Member(member, state == .offboarded ? "left out: it was offboarded" : "onboarded before")
        }
        guard member.isActive else { return Member(member, "left out: it is not active") }
        if dryRun { return Member(member, "would be onboarded") }
        func arn(_ role: String) -> String { RoleNames.arn(role, account: member.id, partition: partition.rawValue) }
        let connection = AccountConnection(
            roleArn: arn(readRole), bucket: bucket, keyPrefix: prefix, organizationID: organizationID, queueURL: queue)
        let request = OnboardAccountRequest(
            accountID: member.id, name: member.name, owner: owner, connection: connection)
        let answer = try await session.call(AccountService.onboardAccount, request)
        if try await session.remediation(of: member.id).access?.way != .executor {
            let access = RemediationAccess(way: .role, roleArn: arn(respondRole))
            _ = try await session.call(
                RemediationService.setPolicy, SetPolicyRequest(accountID: member.id, access: access),
                timeout: Limits.verificationTimeout)
        }
        return Member(member, "onboarded", deadLetterRecords: answer.deadLetterRecords)
    }

    /// An account of the organisation, and what became of it.
    private struct Member {
        let id: String
        let name: String
        let outcome: String
        /// Refused records of it that are kept.
        let deadLetterRecords: UInt64

        init(_ account: Organizations.Account, _ outcome: String, deadLetterRecords: UInt64 = 0) {
            self.deadLetterRecords = deadLetterRecords
            id = account.id
            name = account.name
            self.outcome = outcome
        }

        static func json(_ member: Member) -> JSONNode {
            .object([
                .init("account_id", .string(member.id)), .init("name", .string(member.name)),
                .init("outcome", .string(member.outcome)),
                .init("dead_letter_records", .unsigned(member.deadLetterRecords)),
            ])
        }

        static func table(_ members: [Member]) -> Table {
            var table = Table([Column("ACCOUNT"), Column("NAME", shrinksTo: 12), Column("OUTCOME")])
            for member in members { table.add([Cell(member.id), Cell(member.name), Cell(member.outcome)]) }
            return table
        }
    }
}

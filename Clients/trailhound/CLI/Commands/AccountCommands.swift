// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Contract
import Messages

struct AccountCommands: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "account", abstract: "Say which AWS accounts are watched, and see whether they can be.",
        discussion: """
            The service refuses the records of accounts that are not onboarded. To onboard one: trailhound account onboard \
            prints the roles to make in it; trailhound account verify then checks everything, and says what to do.
            """,
        subcommands: [
            Onboard.self, OnboardOrganizationCommand.self, AccountPolicyCommand.self, AccountVerifyCommand.self,
            List.self, Show.self, Update.self, Offboard.self,
        ])

    /// Prints an account that a call returned.
    static func show(_ account: Account?, _ output: Output) throws(Failure) {
        guard let account else { throw Failure("the service answered without an account") }
        output.show(json: AccountPresentation.json(account), fields: AccountPresentation.fields(account))
    }

    struct Onboard: ServiceCommand {
        static let configuration = CommandConfiguration(
            abstract: "Start watching an account.",
            discussion: """
                From now on the service takes the account's records. An offboarded account comes back. The account gets an \
                external id, which the trust policies of its roles ask for. With --trusted the roles to make are printed, \
                with the least that each needs, and recorded: the service reads and acts with them once they are made. \
                --out writes them as files: JSON, CloudFormation and Terraform.

                  trailhound account onboard 111122223333 --bucket trail-logs \\
                    --trusted arn:aws:iam::444455556666:role/trailhound --out roles/
                """)

        @Argument(help: .init("The account's id: twelve digits.", valueName: "account-id"))
        var accountID: String

        @Option(help: "A name that people know the account by.")
        var name = ""

        @Option(help: "Whom to ask about what happens in the account; DUETs go there.")
        var owner = ""

        @OptionGroup(title: "Where the account's CloudTrail is") var place: AccountPlaceOptions

        @OptionGroup(title: "Roles to make") var roles: RoleOptions

        @OptionGroup var global: GlobalOptions

        func validate() throws {
            // Told before the account is onboarded, not after it.
            if roles.out != nil, roles.trusted == nil { throw ValidationError("--out goes with --trusted ARN") }
            if roles.form != .json, roles.trusted == nil { throw ValidationError("--as goes with --trusted ARN") }
        }

        func run(_ session: Session, _ output: Output) async throws {
            // Whatever is wrong with the roles' options is told before the account is onboarded, not after it.
            if roles.trusted != nil {
                try roles.check(accountID: accountID, place.applied(to: AccountConnection()))
            }
            let (account, refused) = try await onboard(session)
            // The roles are printed for people; a program asks account policy for them. A template alone is on standard
            // output, so that it can be sent into a file.
            if roles.isTemplate, output.format == .table {
                Diagnostics.note("Account \(account.accountID) is onboarded; its external id is \(account.externalID).")
            } else {
                try AccountCommands.show(account, output)
            }
            if roles.out != nil || (roles.trusted != nil && output.format == .table) {
                try roles.print(account, output)
                Diagnostics.note(
                    "Next: make these roles in the account, give the service's own identity what trailhound account policy "
                        + "\(account.accountID) --service prints, then trailhound account verify \(account.accountID).")
            } else if output.format == .table {
                Diagnostics.note(
                    "Next: trailhound account policy \(account.accountID) --trusted ARN prints the roles to make; then "
                        + "trailhound account verify \(account.accountID).")
            }
            DeadLetterCommands.remind(of: refused, account: account.accountID)
        }

        /// Onboards the account and records the roles that are about to be printed, so that what was printed is what is used.
        ///
        /// - Returns: the account, and how many refused records of it are kept.
        private func onboard(_ session: Session) async throws -> (Account, UInt64) {
            var connection = place.isGiven ? place.applied(to: AccountConnection()) : nil
            let recorded = roles.recorded(accountID)
            if let recorded, place.roleARN == nil {
                // An account that comes back keeps where its CloudTrail is, which a connection would replace whole.
                let known = try await session.call(
                    AccountService.listAccounts, ListAccountsRequest(includeOffboarded: true)
                ).accounts.first { $0.accountID == accountID }?.connection
                connection = place.applied(to: known ?? AccountConnection())
                connection?.roleArn = recorded.read
            }
            let request = OnboardAccountRequest(
                accountID: accountID, name: name, owner: owner, connection: connection)
            let answer = try await session.call(AccountService.onboardAccount, request)
            guard let account = answer.account else { throw Failure("the service answered without an account") }
            guard let recorded, try await session.remediation(of: accountID).access?.way != .executor else {
                return (account, answer.deadLetterRecords)
            }
            let access = RemediationAccess(way: .role, roleArn: recorded.respond, region: place.region ?? "")
            _ = try await session.call(
                RemediationService.setPolicy, SetPolicyRequest(accountID: accountID, access: access),
                timeout: Limits.verificationTimeout)
            return (account, answer.deadLetterRecords)
        }
    }

    struct List: ServiceCommand {
        static let configuration = CommandConfiguration(abstract: "List the accounts that are watched.")

        @Flag(help: "List offboarded accounts too.")
        var all = false

        @OptionGroup var global: GlobalOptions

        func run(_ session: Session, _ output: Output) async throws {
            let request = ListAccountsRequest(includeOffboarded: all)
            let accounts = try await session.call(AccountService.listAccounts, request).accounts
            output.list(
                accounts, whenEmpty: "No account is onboarded. Try: trailhound account onboard ACCOUNT-ID",
                json: AccountPresentation.json, table: AccountPresentation.table)
            output.note(
                ListNote("account", order: all ? "by id" : "by id, without offboarded ones (--all)"),
                shown: accounts.count, total: nil, hasMore: false)
        }
    }

    struct Show: ServiceCommand {
        static let configuration = CommandConfiguration(abstract: "Show one account.")

        @Argument(help: .init("The account's id.", valueName: "account-id"))
        var accountID: String

        @OptionGroup var global: GlobalOptions

        func run(_ session: Session, _ output: Output) async throws {
            let request = GetAccountRequest(accountID: accountID)
            try AccountCommands.show(await session.call(AccountService.getAccount, request).account, output)
        }
    }

    struct Update: ServiceCommand {
        static let configuration = CommandConfiguration(
            abstract: "Change an account's name or owner, or where its CloudTrail is.",
            discussion: """
                What is not given stays. An empty value ('') takes back what was said of where the CloudTrail is.
                """)

        @Argument(help: .init("The account's id.", valueName: "account-id"))
        var accountID: String

        @Option(help: "The new name.")
        var name: String?

        @Option(help: "The new owner.")
        var owner: String?

        @OptionGroup(title: "Where the account's CloudTrail is") var place: AccountPlaceOptions

        @OptionGroup var global: GlobalOptions

        func validate() throws {
            if name == nil, owner == nil, !place.isGiven {
                throw ValidationError("give --name, --owner, or where the account's CloudTrail is")
            }
            if name == "" || owner == "" { throw ValidationError("--name and --owner can be changed, not taken back") }
        }

        func run(_ session: Session, _ output: Output) async throws {
            var request = UpdateAccountRequest(accountID: accountID, name: name ?? "", owner: owner ?? "")
            if place.isGiven {
                let known = try await session.call(
                    AccountService.getAccount, GetAccountRequest(accountID: accountID)
                ).account
                request.connection = place.applied(to: known?.connection ?? AccountConnection())
            }
            try AccountCommands.show(await session.call(AccountService.updateAccount, request).account, output)
        }
    }

    struct Offboard: ServiceCommand {
        static let configuration = CommandConfiguration(
            abstract: "Stop watching an account.",
            discussion: "The service refuses the account's records from now on. What is stored stays.")

        @Argument(help: .init("The account's id.", valueName: "account-id"))
        var accountID: String

        @Flag(help: "Don't ask.")
        var yes = false

        @OptionGroup var global: GlobalOptions

        func run(_ session: Session, _ output: Output) async throws {
            try Confirmation.require(
                "stop watching account \(accountID): its records are refused from then on", isGiven: yes)
            let request = OffboardAccountRequest(accountID: accountID)
            try AccountCommands.show(
                await session.call(AccountService.offboardAccount, request).account, output)
        }
    }
}

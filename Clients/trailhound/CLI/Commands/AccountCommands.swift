// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Contract
import Messages

struct AccountCommands: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "account", abstract: "Say which AWS accounts are watched.",
        discussion: "The service refuses the records of accounts that are not onboarded.",
        subcommands: [Onboard.self, List.self, Show.self, Update.self, Offboard.self])

    /// Prints an account that a call returned.
    private static func show(_ account: Account?, _ output: Output) throws(Failure) {
        guard let account else { throw Failure("the service answered without an account") }
        output.show(json: AccountPresentation.json(account), fields: AccountPresentation.fields(account))
    }

    struct Onboard: ServiceCommand {
        static let configuration = CommandConfiguration(
            abstract: "Start watching an account.",
            discussion: "From now on the service takes the account's records. An offboarded account comes back.")

        @Argument(help: .init("The account's id: twelve digits.", valueName: "account-id"))
        var accountID: String

        @Option(help: "A name that people know the account by.")
        var name = ""

        @Option(help: "Whom to ask about what happens in the account; DUETs go there.")
        var owner = ""

        @OptionGroup var global: GlobalOptions

        func run(_ session: Session, _ output: Output) async throws {
            let request = OnboardAccountRequest(accountID: accountID, name: name, owner: owner)
            try AccountCommands.show(
                await session.call(AccountService.onboardAccount, request).account, output)
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
        static let configuration = CommandConfiguration(abstract: "Change an account's name or owner.")

        @Argument(help: .init("The account's id.", valueName: "account-id"))
        var accountID: String

        @Option(help: "The new name.")
        var name: String?

        @Option(help: "The new owner.")
        var owner: String?

        @OptionGroup var global: GlobalOptions

        func validate() throws {
            if name == nil, owner == nil { throw ValidationError("give --name or --owner, or both") }
        }

        func run(_ session: Session, _ output: Output) async throws {
            let request = UpdateAccountRequest(accountID: accountID, name: name ?? "", owner: owner ?? "")
            try AccountCommands.show(await session.call(AccountService.updateAccount, request).account, output)
        }
    }

    struct Offboard: ServiceCommand {
        static let configuration = CommandConfiguration(
            abstract: "Stop watching an account.",
            discussion: "The service refuses the account's records from now on. What is stored stays.")

        @Argument(help: .init("The account's id.", valueName: "account-id"))
        var accountID: String

        @OptionGroup var global: GlobalOptions

        func run(_ session: Session, _ output: Output) async throws {
            let request = OffboardAccountRequest(accountID: accountID)
            try AccountCommands.show(
                await session.call(AccountService.offboardAccount, request).account, output)
        }
    }
}

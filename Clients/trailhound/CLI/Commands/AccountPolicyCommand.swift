// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Contract
import Messages
import Onboard

struct AccountPolicyCommand: ServiceCommand {
    static let configuration = CommandConfiguration(
        commandName: "policy", abstract: "Print the roles to make in an account, with the least that each needs.",
        discussion: """
            There is a role to read with, one that remediations act with (a policy for each, to be left out where it is not \
            wanted), and one for analysts in the console. The first two can be taken on with the account's external id \
            alone. For the service's own identity, and for an organisation's management account, see --service and \
            --organization.

              trailhound account policy 111122223333 --trusted arn:aws:iam::444455556666:role/trailhound --as terraform
            """)

    @Argument(help: .init("The account's id.", valueName: "account-id"))
    var accountID: String

    @Flag(help: "Print what the service's own identity needs: to take the roles on.")
    var service = false

    @Flag(help: "Print the role that lists an organisation's accounts, for its management account.")
    var organization = false

    @OptionGroup(title: "Roles to make") var roles: RoleOptions

    @OptionGroup var global: GlobalOptions

    func validate() throws {
        if service, organization { throw ValidationError("--service and --organization exclude each other") }
    }

    func run(_ session: Session, _ output: Output) async throws {
        if service {
            let partition = roles.trusted?.split(separator: ":").dropFirst().first.map(String.init) ?? "aws"
            let policy = AccountPolicies.service(partition: partition)
            return output.format == .table ? output.line(policy.json) : output.json(RolePresentation.json(policy))
        }
        let request = GetAccountRequest(accountID: accountID)
        guard let account = try await session.call(AccountService.getAccount, request).account else {
            throw Failure("the service answered without an account")
        }
        try roles.print(account, output, isOrganization: organization)
    }
}

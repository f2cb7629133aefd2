// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import CloudTrail
import Contract
import Messages
import Onboard

struct AccountVerifyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify", abstract: "Check everything that watching an account needs.",
        discussion: """
            Each check passed, failed, or could not be decided; for the last two it says what to do. The service makes the \
            checks with its own credentials; with --offline this machine does, with its own. Nothing is changed. Exits with \
            3 where a check failed, or where nothing could be checked for lack of credentials.
            """)

    @Argument(help: .init("The account's id.", valueName: "account-id"))
    var accountID: String

    @Flag(help: "Check from here, without a service.")
    var offline = false

    @Option(help: .init("With --offline: the external id that the role asks for.", valueName: "id"))
    var externalID = ""

    @Option(help: .init("With --offline: the role that remediations act with.", valueName: "arn"))
    var respondRole = ""

    @Option(help: .init("With --offline: the profile of the shared config files.", valueName: "name"))
    var profile: String?

    @OptionGroup(title: "With --offline, where the account's CloudTrail is") var place: AccountPlaceOptions

    @OptionGroup var global: GlobalOptions

    func validate() throws {
        if !offline, place.isGiven || !externalID.isEmpty || !respondRole.isEmpty || profile != nil {
            throw ValidationError("what the service checks is set by account update; to check from here, add --offline")
        }
        if offline, AccountID(accountID) == nil {
            throw ValidationError("'\(accountID)' is not the twelve digits of an account")
        }
    }

    func run() async throws {
        let output = Output(global.output.format)
        let checks = offline ? try await checkHere() : try await askService()
        CheckPresentation.show(checks, output)
        output.flush()
        let isBlind = checks.contains {
            $0.name == Onboard.AccountCheck.Name.assumeRole.rawValue && $0.status != .passed
        }
        guard !isBlind, !checks.contains(where: { $0.status == .failed }) else {
            throw Failure("", code: Failure.Code.rejected)
        }
    }

    private func askService() async throws -> [Messages.AccountCheck] {
        let session = try Session(global.connection.settings())
        do {
            let request = VerifyAccountRequest(accountID: accountID)
            let checks = try await session.call(
                AccountService.verifyAccount, request, timeout: Limits.verificationTimeout
            ).checks
            await session.close()
            return checks
        } catch {
            await session.close()
            throw error
        }
    }

    private func checkHere() async throws -> [Messages.AccountCheck] {
        let connection = place.applied(to: AccountConnection())
        var account = VerifiedAccount(accountID: accountID)
        account.roleARN = connection.roleArn
        account.externalID = externalID
        account.region = connection.region
        account.trail = connection.trail
        account.bucket = connection.bucket
        account.keyPrefix = connection.keyPrefix
        account.organizationID = connection.organizationID
        account.queueURL = connection.queueURL
        account.respondRoleARN = respondRole
        account.isRemediationEnabled = !respondRole.isEmpty
        account.consoleRole = connection.consoleRole
        let base = try AWSOptions.client(profile: profile, region: connection.region)
        return await AccountVerifier(account, base: base).run().map { check in
            let status: CheckStatus
            switch check.status {
            case .passed: status = .passed
            case .failed: status = .failed
            case .unknown: status = .unknown
            }
            return Messages.AccountCheck(
                name: check.name.rawValue, status: status, detail: check.detail, remedy: check.remedy)
        }
    }
}

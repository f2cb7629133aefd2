// SPDX-License-Identifier: Apache-2.0

import AWS
import CloudTrail
import Collect
import Respond

/// Makes every check of an account's onboarding, with the calls that the service and its collectors will make. It
/// changes nothing: a received message is visible again at once, and what is deleted is no message.
package struct AccountVerifier: Sendable {
    let account: VerifiedAccount
    /// Calls with the caller's own credentials.
    let base: AWSClient
    /// Calls with the account's role, where there is one.
    let client: AWSClient
    let clock: AWSClock

    /// - Parameter base: Calls with the credentials that the service or the person has, before any role.
    package init(_ account: VerifiedAccount, base: AWSClient, clock: AWSClock = .system) {
        self.account = account
        let regional = account.region.isEmpty ? base : base.with(region: account.region)
        self.base = regional
        client = account.roleARN.isEmpty ? regional : regional.assuming(Self.request(account, withExternalID: true))
        self.clock = clock
    }

    private static func request(_ account: VerifiedAccount, withExternalID: Bool) -> STS.RoleRequest {
        STS.RoleRequest(
            roleARN: account.roleARN, sessionName: "trailhound-verify",
            externalID: withExternalID && !account.externalID.isEmpty ? account.externalID : nil)
    }

    /// Makes the checks one after the other, and gives each to `tell` as it comes.
    @discardableResult
    package func run(_ tell: (AccountCheck) async -> Void = { _ in }) async -> [AccountCheck] {
        var checks: [AccountCheck] = []
        func add(_ more: [AccountCheck]) async {
            for check in more {
                checks.append(check)
                await tell(check)
            }
        }
        let access = await identity()
        await add(access)
        guard access.first?.status == .passed else {
            // Without credentials each of the others would say the same.
            let rest = AccountCheck.Name.allCases.filter { name in !access.contains { $0.name == name } }
            await add(
                rest.map { .unknown($0, "there are no credentials for the account", remedy: "Make assume_role pass.") })
            return checks
        }
        let (trail, found) = await trailSettings()
        await add(found)
        await add(await trailStatus(trail))
        await add(await selectors(trail))
        await add(await bucket(trail))
        await add(await key(trail))
        await add(await queue())
        await add(await digests(trail))
        await add(await remediations())
        await add([await consoleRole()])
        return checks
    }

    // MARK: Credentials

    private func identity() async -> [AccountCheck] {
        guard !account.roleARN.isEmpty else { return [await ownIdentity(), roleless] }
        do {
            let identity = try await STS(client).getCallerIdentity()
            guard identity.account == account.accountID else {
                return [
                    .failed(
                        .assumeRole, "the role \(account.roleARN) is of account \(identity.account)",
                        remedy: "Give a role of account \(account.accountID): trailhound account update --role-arn"),
                    await externalID(),
                ]
            }
            return [.passed(.assumeRole, "taken on as \(identity.arn)"), await externalID()]
        } catch {
            let remedy = """
                Make the role \(account.roleARN) as trailhound account policy prints it, with its trust policy; and let the \
                service's own identity call sts:AssumeRole on it.
                """
            return [.of(.assumeRole, error, remedy: remedy), await externalID()]
        }
    }

    private func ownIdentity() async -> AccountCheck {
        do {
            let identity = try await STS(client).getCallerIdentity()
            guard identity.account == account.accountID else {
                return .failed(
                    .assumeRole, "no role is set, and the credentials here are of account \(identity.account)",
                    remedy: "Make the role, then: trailhound account update \(account.accountID) --role-arn ARN")
            }
            return .passed(.assumeRole, "no role is set; the credentials here are of the account: \(identity.arn)")
        } catch {
            return .of(.assumeRole, error, remedy: "Give the service credentials, or the account a role.")
        }
    }

    private var roleless: AccountCheck {
        .unknown(
            .externalIDRequired, "not checked: no role is set to read with, so there is no trust policy to look at",
            remedy:
                "Nothing, where the service runs inside the account; else make the role, then: trailhound account update "
                + "\(account.accountID) --role-arn ARN")
    }

    private func externalID() async -> AccountCheck {
        await refusesWithoutExternalID(
            .externalIDRequired, role: account.roleARN, Self.request(account, withExternalID: false))
    }

    /// Tries to assume a role without the external id: one that lets it is open to whoever talks some service into it.
    func refusesWithoutExternalID(
        _ name: AccountCheck.Name, role: String, _ request: STS.RoleRequest
    ) async -> AccountCheck {
        guard !account.externalID.isEmpty else {
            return .failed(
                name, "the account has no external id",
                remedy: "Onboard the account anew, and put the external id into the trust policy of \(role).")
        }
        do {
            _ = try await STS(base).assumeRole(request)
            return .failed(
                name, "\(role) can be assumed without the external id",
                remedy: "Add the condition StringEquals sts:ExternalId to the trust policy of \(role).")
        } catch let error as AWSError where error.isAccessDenied {
            return .passed(name, "without the external id \(role) is refused")
        } catch {
            return .unknown(name, "\(error)", remedy: "Try again; see whether AWS can be reached from here.")
        }
    }

    // MARK: Console

    private func consoleRole() async -> AccountCheck {
        let name = account.consoleRole.isEmpty ? RoleNames.analyst : account.consoleRole
        do {
            let role = try await IAM(client).getRole(name)
            let link = ConsoleLinks(accountID: account.accountID, region: client.region, role: name).switchRole()
            return .passed(.consoleRole, role.arn + (link.map { ", taken on by \($0)" } ?? ""))
        } catch {
            return .of(
                .consoleRole, error,
                remedy: "Make the role \(name) as trailhound account policy prints it, or name another: "
                    + "trailhound account update \(account.accountID) --console-role NAME")
        }
    }

    /// A region of no known form fails at its first call, by name.
    var partition: Partition { Partition(region: client.region) ?? .standard }
}

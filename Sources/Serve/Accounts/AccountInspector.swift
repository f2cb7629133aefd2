// SPDX-License-Identifier: Apache-2.0

import AWS
import CloudTrail
import Foundation
import Journal
import Onboard
import Synchronization

/// Looks at accounts in AWS, with the service's own credentials or with each account's role.
package final class AccountInspector: Sendable {
    /// Whether an account's trail logs.
    package enum TrailState: Sendable, Hashable {
        case logging
        case stopped
        /// It could not be asked, for this reason.
        case unknown(String)
    }

    private let context: CredentialContext
    private let chain: CredentialChain
    private let clock: AWSClock
    /// Until when there are no credentials: to look for them at every account and every minute would ask the metadata
    /// endpoint each time.
    private let withoutCredentials = Mutex<Date?>(nil)
    /// A client for each account, so that each role is taken on once an hour and not at each look.
    private let clients = Mutex<[AccountSettings: AWSClient]>([:])

    /// - Parameter context: Where credentials and endpoints are looked for.
    package init(
        _ context: CredentialContext = CredentialContext(environment: ProcessInfo.processInfo.environment),
        clock: AWSClock = .system
    ) {
        self.context = context
        self.clock = clock
        chain = CredentialChain(context)
    }

    /// Makes every check of an account's onboarding.
    ///
    /// - Parameters:
    ///   - access: how remediations reach the account.
    ///   - executors: the ARNs that the executors act as which are connected.
    ///   - isEnabled: Whether a remediation is enabled in the account.
    func verify(
        _ row: AccountRow, remediatedBy access: AccountAccess, executors: Set<String>, isEnabled: Bool
    ) async throws -> [Onboard.AccountCheck] {
        var account = VerifiedAccount(row, remediatedBy: access)
        account.executors = executors.sorted()
        account.isRemediationEnabled = isEnabled
        return await AccountVerifier(account, base: try base(region: row.settings.region), clock: clock).run()
    }

    /// Whether the account's trail logs.
    func trailState(_ row: AccountRow) async -> TrailState {
        if let until = withoutCredentials.withLock({ $0 }), clock.now() < until { return .unknown("no credentials") }
        do {
            let client = try client(row)
            if row.settings.roleARN.isEmpty {
                let identity = try await STS(client).getCallerIdentity()
                guard identity.account == row.accountID else {
                    return .unknown("no role is set to ask the trail with")
                }
            }
            let trails = try await Trails(client).describeTrails()
            let name = row.settings.trail
            let wanted = trails.filter { name.isEmpty || $0.name == name || $0.arn == name }
            guard !wanted.isEmpty else { return .unknown("no trail was found") }
            for trail in wanted {
                let region = trail.homeRegion.isEmpty ? nil : trail.homeRegion
                if try await Trails(client).status(of: trail.arn, region: region).isLogging { return .logging }
            }
            return .stopped
        } catch {
            if let error = error as? AWSError, error.kind == .credentials, row.settings.roleARN.isEmpty {
                let until = clock.now().addingTimeInterval(Limits.credentialsPauseSeconds)
                withoutCredentials.withLock { $0 = until }
            }
            return .unknown("\(error)")
        }
    }

    private func base(region: String) throws -> AWSClient {
        AWSClient(
            credentials: chain, region: region.isEmpty ? try context.resolvedRegion() ?? "us-east-1" : region,
            endpoints: EndpointResolver(environment: context.environment), transport: context.transport, clock: clock)
    }

    private func client(_ row: AccountRow) throws -> AWSClient {
        var key = row.settings
        (key.degradedSince, key.degradedReason) = (nil, nil)
        if let known = clients.withLock({ $0[key] }) { return known }
        var client = try base(region: key.region)
        if !key.roleARN.isEmpty {
            client = client.assuming(
                STS.RoleRequest(
                    roleARN: key.roleARN, sessionName: "trailhound-watch",
                    externalID: key.externalID.isEmpty ? nil : key.externalID))
        }
        clients.withLock { clients in
            if clients.count >= Limits.accounts { clients = [:] }
            clients[key] = client
        }
        return client
    }
}

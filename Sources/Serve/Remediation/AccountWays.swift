// SPDX-License-Identifier: Apache-2.0

import AWS
import CloudTrail
import Journal
import Respond

/// The ways into the accounts: whoever makes an account's calls, and what Trailhound itself is there.
package actor AccountWays {
    private struct Way {
        let access: AccountAccess
        let externalID: String
        let service: any ActionService
        let own: [TargetPattern]
        /// By `Clock.monotonic`.
        let checkedAt: Milliseconds
    }

    let pipeline: Pipeline
    private let book: PolicyBook
    let pool: ExecutorPool
    private let context: CredentialContext
    private let chain: CredentialChain
    /// One for all clients, so that an account's rates are kept whoever calls.
    private let limiter = RateLimiter()
    private var ways: [String: Way] = [:]

    /// - Parameter context: where the service's own credentials come from.
    package init(pipeline: Pipeline, book: PolicyBook, pool: ExecutorPool, context: CredentialContext) {
        self.pipeline = pipeline
        self.book = book
        self.pool = pool
        self.context = context
        chain = CredentialChain(context)
    }

    /// Whoever makes the calls of an account.
    ///
    /// - Throws: `CallFailure` where there is no way in, or where it leads into another account.
    package func service(for account: String) async throws -> any ActionService {
        try await way(account).service
    }

    /// What Trailhound works with in an account: never a target. What is not known yet is sought, and where that fails
    /// the part that the configuration tells is given.
    package func ownIdentities(of account: String) async -> [TargetPattern] {
        if let way = try? await way(account) { return way.own }
        return Self.patterns(arn: book.access(to: account).roleARN, account)
    }

    private func way(_ account: String) async throws -> Way {
        let access = book.access(to: account)
        guard let number = AccountID(account) else {
            throw CallFailure(.permanent, "\(account) is no AWS account")
        }
        if access.way == .executor {
            let own = await pool.principals(of: number).flatMap { Self.patterns(arn: $0, account) }
            return Way(
                access: access, externalID: "", service: ExecutorActionService(pool: pool, account: number), own: own,
                checkedAt: 0)
        }
        let externalID = try await externalID(account)
        if let known = ways[account], known.access == access, known.externalID == externalID,
            known.checkedAt > Clock.monotonic() - Limits.identitySeconds * 1_000
        {
            return known
        }
        let fresh = try await open(account, access, externalID)
        ways[account] = fresh
        return fresh
    }

    private func externalID(_ account: String) async throws -> String {
        let row = try await pipeline.journal.reader.detached(.response) { try $0.account(account) }
        return row?.externalID ?? ""
    }

    /// Makes a client, and looks whose credentials they are before anybody acts with them.
    private func open(_ account: String, _ access: AccountAccess, _ externalID: String) async throws -> Way {
        do {
            let client = try client(account, access, externalID)
            let identity = try await STS(client).getCallerIdentity()
            guard identity.account == account else {
                throw CallFailure(
                    .permanent, "the credentials are of account \(identity.account), not of \(account)")
            }
            let own = Self.patterns(arn: access.roleARN, account) + Self.patterns(arn: identity.arn, account)
            return Way(
                access: access, externalID: externalID, service: AWSActionService(client), own: own,
                checkedAt: Clock.monotonic())
        } catch let error as AWSError {
            throw CallFailure(error)
        }
    }

    /// A client that makes an account's calls by a way other than an executor.
    func client(_ account: String, _ access: AccountAccess, _ externalID: String) throws -> AWSClient {
        let region = access.region.isEmpty ? try context.resolvedRegion() ?? "us-east-1" : access.region
        let client = AWSClient(
            credentials: chain, region: region, endpoints: EndpointResolver(environment: context.environment),
            transport: context.transport, limiter: limiter, clock: context.clock, scope: account)
        guard !access.roleARN.isEmpty else { return client }
        return client.assuming(
            STS.RoleRequest(
                roleARN: access.roleARN, sessionName: "trailhound-remediation",
                externalID: externalID.isEmpty ? nil : externalID))
    }

    /// A principal of the account as entries of a never-list: `arn:aws:iam::ACCOUNT:role/PATH/NAME`, the same with
    /// user, or `arn:aws:sts::ACCOUNT:assumed-role/NAME/SESSION`.
    static func patterns(arn: String, _ account: String) -> [TargetPattern] {
        let parts = arn.split(separator: ":", maxSplits: 5, omittingEmptySubsequences: false)
        guard parts.count == 6, parts[4] == account else { return [] }
        let names = parts[5].split(separator: "/")
        guard names.count >= 2 else { return [] }
        let name =
            switch names[0] {
            case "role": names.last.map { "role/\($0)" }
            case "user": names.last.map { "user/\($0)" }
            case "assumed-role": "role/\(names[1])"
            default: nil as String?
            }
        return name.flatMap { TargetPattern($0) }.map { [$0] } ?? []
    }
}

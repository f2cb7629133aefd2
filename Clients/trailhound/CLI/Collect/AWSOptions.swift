// SPDX-License-Identifier: Apache-2.0

import AWS
import ArgumentParser
import Foundation

/// As whom AWS is called, and where.
struct AWSOptions: ParsableArguments {
    @Option(help: .init("The profile of the shared config files; else AWS's default chain decides.", valueName: "name"))
    var profile: String?

    @Option(help: .init("The region; else AWS_REGION or the profile's, else us-east-1.", valueName: "region"))
    var region: String?

    @Option(help: .init("The role to take on for the calls.", valueName: "arn"))
    var roleARN: String?

    @Option(help: .init("The external id that the role's trust policy asks for.", valueName: "id"))
    var externalID: String?

    func validate() throws {
        if externalID != nil, roleARN == nil { throw ValidationError("--external-id goes with --role-arn") }
    }

    /// A client with the credentials that are asked for.
    func client() throws(Failure) -> AWSClient {
        let base = try baseClient()
        guard let roleARN else { return base }
        return base.assuming(
            STS.RoleRequest(roleARN: roleARN, sessionName: "trailhound-collector", externalID: externalID))
    }

    /// A client with this machine's own credentials, before any role.
    func baseClient() throws(Failure) -> AWSClient { try Self.client(profile: profile, region: region) }

    /// A client of a profile's credentials, or of those that AWS's default chain finds.
    static func client(profile: String?, region: String?) throws(Failure) -> AWSClient {
        let region = region.flatMap { $0.isEmpty ? nil : $0 }
        let environment = ProcessInfo.processInfo.environment
        let context = CredentialContext(environment: environment, profile: profile, region: region)
        do {
            return AWSClient(
                credentials: CredentialChain(context), region: try context.resolvedRegion() ?? "us-east-1",
                endpoints: EndpointResolver(environment: environment))
        } catch {
            throw Failure("\(error)")
        }
    }
}

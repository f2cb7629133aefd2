// SPDX-License-Identifier: Apache-2.0

import AWS

/// Makes an account's calls through the AWS module.
package struct AWSActionService: ActionService {
    private let iam: IAM
    private let trails: Trails
    /// The same for calls that write, each attempt of which asks the permit of its task.
    private let writingIAM: IAM
    private let writingTrails: Trails

    /// Works with the credentials of `client`: the account's remediation role, or what an executor finds around it.
    package init(_ client: AWSClient) {
        iam = IAM(client)
        trails = Trails(client)
        let writing = client.through { GatedTransport(base: $0) }
        writingIAM = IAM(writing)
        writingTrails = Trails(writing)
    }

    package func perform(_ call: ActionCall) async throws -> ActionResult {
        if let violation = call.violation { throw CallFailure(.permanent, violation) }
        do {
            return try await call.isWrite ? change(call) : read(call)
        } catch let error as AWSError {
            throw CallFailure(error)
        }
    }

    private func read(_ call: ActionCall) async throws -> ActionResult {
        switch call {
        case .getAccessKeyLastUsed(let key): return .owner(userName: try await iam.getAccessKeyLastUsed(key).userName)
        case .getUser(let name):
            let user = try await iam.getUser(name)
            return .user(name: user.name, path: user.path, id: user.id)
        case .listUserTags(let name): return .tags(try await iam.listUserTags(name))
        case .getRole(let name):
            let role = try await iam.getRole(name)
            return .role(name: role.name, path: role.path, id: role.id, tags: role.tags)
        case .listAccessKeys(let name): return .accessKeys(try await iam.listAccessKeys(userName: name))
        case .getLoginProfile(let name): return .loginProfile(createDate: try await iam.loginProfile(name)?.createDate)
        case .getUserPolicy(let user, let name):
            return .policy(document: try await iam.userPolicy(user, named: name))
        case .getRolePolicy(let role, let name):
            return .policy(document: try await iam.rolePolicy(role, named: name))
        case .getTrailStatus(let trail, let region):
            return .trailStatus(isLogging: try await trails.status(of: trail, region: region).isLogging)
        case .updateAccessKey, .putUserPolicy, .deleteUserPolicy, .putRolePolicy, .deleteRolePolicy, .startLogging:
            return try await change(call)
        }
    }

    private func change(_ call: ActionCall) async throws -> ActionResult {
        switch call {
        case .updateAccessKey(let user, let key, let status):
            try await writingIAM.updateAccessKey(key, userName: user, status: status)
        case .putUserPolicy(let user, let name, let document):
            try await writingIAM.putUserPolicy(user, named: name, document: document)
        case .deleteUserPolicy(let user, let name): try await writingIAM.deleteUserPolicy(user, named: name)
        case .putRolePolicy(let role, let name, let document):
            try await writingIAM.putRolePolicy(role, named: name, document: document)
        case .deleteRolePolicy(let role, let name): try await writingIAM.deleteRolePolicy(role, named: name)
        case .startLogging(let trail, let region): try await writingTrails.startLogging(trail, region: region)
        case .getAccessKeyLastUsed, .getUser, .listUserTags, .getRole, .listAccessKeys, .getLoginProfile,
            .getUserPolicy, .getRolePolicy, .getTrailStatus:
            return try await read(call)
        }
        return .done
    }
}

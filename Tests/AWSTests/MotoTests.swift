// SPDX-License-Identifier: Apache-2.0

import AWS
import AWSTestKit
import Foundation
import Testing

/// The calls over the real wire protocols, as moto speaks them.
// Skipped where moto is not installed in the repository's .venv.
@Suite(.enabled(if: MotoServer.isInstalled, "needs moto[server] in .venv"))
struct MotoTests {
    private let moto: MotoServer
    private let client: AWSClient

    init() throws {
        moto = try MotoServer.shared.get()
        client = moto.client()
    }

    /// A call that only a test makes, to set the stage.
    @discardableResult
    private func stage(_ service: Service, _ operation: String, _ parameters: [QueryItem]) async throws -> XMLElement {
        try await MotoStage(client).query(service, operation, parameters)
    }

    @Test func rolesAreTakenOnInTheirAccount() async throws {
        let member = client.assuming(
            STS.RoleRequest(
                roleARN: "arn:aws:iam::210987654321:role/Stage", sessionName: "trailhound", externalID: "ext-1",
                sourceIdentity: "trailhound", duration: .seconds(900)))
        let identity = try await STS(member).getCallerIdentity()
        #expect(identity.account == "210987654321")
        #expect(identity.arn == "arn:aws:sts::210987654321:assumed-role/Stage/trailhound")
        let credentials = try await member.credentials.credentials()
        #expect(credentials.accessKeyID.hasPrefix("ASIA"))
        #expect(credentials.expiration.map { $0 > Date() } == true)
    }

    @Test func accessKeys() async throws {
        let iam = IAM(client)
        let user = "key-owner"
        try await stage(.iam, "CreateUser", [QueryItem("UserName", user), QueryItem("Path", "/team/")])
        try await stage(
            .iam, "TagUser",
            [QueryItem("UserName", user), QueryItem("Tags.member.1.Key", "k"), QueryItem("Tags.member.1.Value", "v &")])
        let made = try await stage(.iam, "CreateAccessKey", [QueryItem("UserName", user)])
        let key = try #require(made.value("AccessKey", "AccessKeyId"))
        #expect(try await iam.getAccessKeyLastUsed(key).userName == user)
        #expect(try await iam.getUser(user).arn == "arn:aws:iam::123456789012:user/team/key-owner")
        #expect(try await iam.getUser(user).path == "/team/")
        #expect(try await iam.listUserTags(user) == ["k": "v &"])
        let before = try await iam.listAccessKeys(userName: user)
        #expect(before.map(\.accessKeyID) == [key])
        #expect(before.map(\.status) == [.active])
        try await iam.updateAccessKey(key, userName: user, status: .inactive)
        #expect(try await iam.listAccessKeys(userName: user).map(\.status) == [.inactive])
        let error = try await #require(throws: AWSError.self) {
            try await iam.updateAccessKey(key, userName: "nobody", status: .inactive)
        }
        #expect(error.code == "NoSuchEntity" && error.status == 404 && error.requestID?.isEmpty == false)
    }

    @Test func policiesAndConsole() async throws {
        let iam = IAM(client)
        let document = #"{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Action":"*","Resource":"*"}]}"#
        try await stage(.iam, "CreateUser", [QueryItem("UserName", "policied")])
        try await stage(
            .iam, "CreateRole",
            [QueryItem("RoleName", "policied"), QueryItem("AssumeRolePolicyDocument", #"{"Version":"2012-10-17"}"#)])
        #expect(try await iam.userPolicy("policied", named: "p") == nil)
        try await iam.putUserPolicy("policied", named: "p", document: document)
        try await iam.putRolePolicy("policied", named: "p", document: document)
        #expect(try await iam.userPolicy("policied", named: "p") == document)
        #expect(try await iam.rolePolicy("policied", named: "p") == document)
        for _ in 0..<2 {
            try await iam.deleteUserPolicy("policied", named: "p")
            try await iam.deleteRolePolicy("policied", named: "p")
        }
        #expect(try await iam.rolePolicy("policied", named: "p") == nil)
        let role = try await iam.getRole("policied")
        #expect(role.path == "/" && role.trustPolicy.contains("2012-10-17"))
        #expect(try await iam.loginProfile("policied") == nil)
        try await stage(.iam, "CreateLoginProfile", [QueryItem("UserName", "policied"), QueryItem("Password", "x")])
        let profile = try #require(try await iam.loginProfile("policied"))
        #expect(!profile.createDate.isEmpty && !profile.requiresReset)
    }

    @Test func objects() async throws {
        let bucket = "objects-bucket"
        try await MotoStage(client).put(bucket)
        let odd = "logs/a b+c&d=é/%41;~'()!.json.gz"
        let content = (0..<5_000).map { UInt8(truncatingIfNeeded: $0) }
        try await MotoStage(client).put(bucket, odd, content, metadata: ["signature": "abc123"])
        for index in 0..<5 { try await MotoStage(client).put(bucket, "many/\(index)", [1]) }
        let s3 = S3(client)
        let read = try await s3.getObject(bucket: bucket, key: odd, limit: 5_000)
        #expect(read.body == content)
        #expect(read.metadata.user == ["signature": "abc123"])
        let head = try await s3.headObject(bucket: bucket, key: odd)
        #expect(head.size == 5_000 && head.user == ["signature": "abc123"])
        #expect(try await s3.listObjects(bucket: bucket, prefix: "logs/").objects.map(\.key) == [odd])
        let tooLarge = try await #require(throws: AWSError.self) {
            try await s3.getObject(bucket: bucket, key: odd, limit: 4_999)
        }
        #expect(tooLarge.code == "ResponseTooLarge")
        let first = try await s3.listObjects(bucket: bucket, prefix: "many/", maxKeys: 2)
        #expect(first.objects.map(\.key) == ["many/0", "many/1"])
        let next = try await s3.listObjects(
            bucket: bucket, prefix: "many/", continuation: first.continuation, maxKeys: 10)
        #expect(next.objects.map(\.key) == ["many/2", "many/3", "many/4"] && next.continuation == nil)
        var keys: [String] = []
        try await s3.forEachPage(bucket: bucket, prefix: "many/", startAfter: "many/2") { keys += $0.map(\.key) }
        #expect(keys == ["many/3", "many/4"])
        let folded = try await s3.listObjects(bucket: bucket, delimiter: "/")
        #expect(folded.commonPrefixes == ["logs/", "many/"] && folded.objects.isEmpty)
        let missing = try await #require(throws: AWSError.self) {
            try await s3.getObject(bucket: bucket, key: "none", limit: 10)
        }
        #expect(missing.code == "NoSuchKey")
        #expect(missing.isMissing)
        let headless = try await #require(throws: AWSError.self) {
            try await s3.headObject(bucket: bucket, key: "none")
        }
        #expect(headless.isMissing)
    }

    @Test func queues() async throws {
        let url = try await MotoStage(client).makeQueue("trail-queue")
        let queue = SQS(client, queueURL: url)
        for index in 0..<3 { try await MotoStage(client).sendMessage(url, "message <\(index)> é") }
        #expect(try await queue.attributes()["ApproximateNumberOfMessages"] == "3")
        var messages = try await queue.receiveMessages(wait: .zero, visibility: .seconds(60))
        #expect(messages.map(\.body).sorted() == (0..<3).map { "message <\($0)> é" })
        #expect(messages.allSatisfy { $0.receiveCount == 1 })
        #expect(try await queue.receiveMessages(wait: .zero).isEmpty)
        try await queue.changeVisibility(messages[0].receiptHandle, to: .zero)
        let again = try await queue.receiveMessages(wait: .zero, visibility: .seconds(60))
        #expect(again.map(\.messageID) == [messages[0].messageID] && again.map(\.receiveCount) == [2])
        messages[0] = again[0]
        try await queue.deleteMessage(messages[0].receiptHandle)
        let failures = try await queue.deleteMessages([
            messages[1].receiptHandle, "no-handle", messages[2].receiptHandle,
        ])
        #expect(failures.map(\.index) == [1] && failures.map(\.isSenderFault) == [true])
        let attributes = try await queue.attributes()
        #expect(attributes["ApproximateNumberOfMessages"] == "0")
        #expect(attributes["ApproximateNumberOfMessagesNotVisible"] == "0")
        let error = try await #require(throws: AWSError.self) {
            try await SQS(client, queueURL: url + "-none").receiveMessages(wait: .zero)
        }
        #expect(error.isMissing)
    }

    @Test func trails() async throws {
        try await MotoStage(client).put("trail-bucket")
        try await MotoStage(client).makeTrail("main-trail", bucket: "trail-bucket")
        let trails = Trails(client)
        let trail = try #require(try await trails.describeTrails().first { $0.name == "main-trail" })
        #expect(trail.arn == "arn:aws:cloudtrail:us-east-1:123456789012:trail/main-trail")
        #expect(trail.bucket == "trail-bucket" && trail.isMultiRegion && trail.validatesLogFiles)
        #expect(try await !trails.status(of: trail.arn).isLogging)
        try await trails.startLogging(trail.name)
        let status = try await trails.status(of: trail.arn)
        #expect(status.isLogging && status.startLoggingTime != nil)
        let selectors = try await trails.eventSelectors(of: "main-trail")
        #expect(selectors.basic?.isEmpty != false && selectors.advanced?.isEmpty != false)
        let error = try await #require(throws: AWSError.self) { try await trails.status(of: "none") }
        #expect(error.isMissing && error.action == "cloudtrail:GetTrailStatus")
    }

    @Test func keys() async throws {
        let id = try await MotoStage(client).makeKey()
        let key = try await KMS(client).describeKey(id)
        #expect(key.isEnabled && key.state == "Enabled" && key.arn.hasSuffix(id))
    }

    @Test func membersOfAnOrganisation() async throws {
        // An organisation is the whole account's, so this test has an account for itself.
        let management = client.assuming(
            STS.RoleRequest(roleARN: "arn:aws:iam::345678901234:role/Stage", sessionName: "stage"))
        try await MotoStage(management).makeOrganization(accounts: 25)
        let accounts = try await Organizations(management).listAccounts()
        #expect(accounts.count == 26 && Set(accounts.map(\.id)).count == 26 && accounts.allSatisfy(\.isActive))
        #expect(accounts.contains { $0.name == "member 24" && $0.email == "member24@example.com" })
    }

    @Test func tokensOfAnIdentityProvider() async throws {
        let path = FileManager.default.temporaryDirectory.appending(path: "token-\(UUID().uuidString)").path
        try Data("a.jwt.token\n".utf8).write(to: URL(filePath: path))
        defer { try? FileManager.default.removeItem(atPath: path) }
        let context = CredentialContext(
            environment: [
                "AWS_ENDPOINT_URL": moto.url, "AWS_REGION": "us-east-1", "AWS_WEB_IDENTITY_TOKEN_FILE": path,
                "AWS_ROLE_ARN": "arn:aws:iam::210987654321:role/web",
            ])
        #expect(try await CredentialChain(context).credentials().accessKeyID.hasPrefix("ASIA"))
    }
}

/// moto with its own authorisation on: it computes each request's signature itself and refuses any other. S3 is not
/// here, since moto decodes a path before it signs it: botocore is the judge of that one.
@Suite(.enabled(if: MotoServer.isInstalled, "needs moto[server] in .venv"), .serialized)
struct MotoSignatureTests {
    @Test func aForeignImplementationAgrees() async throws {
        let moto = try MotoServer(isRecorded: false)
        let open = moto.client()
        let stage = MotoStage(open)
        try await stage.query(.iam, "CreateUser", [QueryItem("UserName", "caller")])
        let allow = #"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}"#
        try await IAM(open).putUserPolicy("caller", named: "all", document: allow)
        let made = try await stage.query(.iam, "CreateAccessKey", [QueryItem("UserName", "caller")])
        let id = try #require(made.value("AccessKey", "AccessKeyId"))
        let secret = try #require(made.value("AccessKey", "SecretAccessKey"))
        try await stage.enforceAuthorisation(of: moto)

        let right = moto.client(credentials: StaticCredentials(Credentials(accessKeyID: id, secretAccessKey: secret)))
        #expect(try await IAM(right).getUser("caller").name == "caller")
        #expect(try await STS(right).getCallerIdentity().arn.hasSuffix("user/caller"))
        let wrong = moto.client(
            credentials: StaticCredentials(Credentials(accessKeyID: id, secretAccessKey: secret + "x")))
        let error = try await #require(throws: AWSError.self) { try await IAM(wrong).getUser("caller") }
        #expect(error.code == "SignatureDoesNotMatch")
        #expect(!error.message.contains(secret))
        let stranger = moto.client(
            credentials: StaticCredentials(Credentials(accessKeyID: "AKIANOBODY", secretAccessKey: "x")))
        let unknown = try await #require(throws: AWSError.self) { try await IAM(stranger).getUser("caller") }
        #expect(unknown.code == "InvalidClientTokenId")
    }
}

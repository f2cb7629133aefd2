// SPDX-License-Identifier: Apache-2.0

import AWS
import AWSTestKit
import Foundation
import Testing

/// The client's own signed requests, signed a second time by botocore: above all S3's, whose paths and queries the
/// published suite does not have.
@Suite(.enabled(if: MotoServer.isInstalled, "needs botocore, which moto brings, in .venv"))
struct BotocoreTests {
    @Test func bothSignaturesAreTheSame() async throws {
        let transport = ScriptedTransport([.xml("<ListBucketResult/>")])
        let credentials = Credentials(accessKeyID: "ASIATEST", secretAccessKey: "secret/+=", sessionToken: "token/+==")
        let client = AWSClient(
            credentials: StaticCredentials(credentials), region: "eu-west-1", transport: transport,
            clock: ManualClock().clock())
        let s3 = S3(client)
        let keys = [
            "plain", "a b+c&d=é/%41;~'()!*.json.gz", "//double//slash/", "./dot/../dots", "日本語/\u{1F600}",
            "q?x#y@z:$,[]|\\^`{}<>\"",
        ]
        for key in keys {
            _ = try? await s3.getObject(bucket: "bucket", key: key, limit: 1_000)
            _ = try? await s3.headObject(bucket: "dotted.bucket.name", key: key)
            _ = try? await s3.listObjects(bucket: "bucket", prefix: key, startAfter: key, continuation: key)
        }
        _ = try? await IAM(client).listAccessKeys(userName: "a b+c,d=e@f.g-h_i")
        _ = try? await Trails(client).status(of: "ü")
        #expect(transport.requests.count == keys.count * 3 + 2)
        let ours = transport.requests.map { $0.headers.first { $0.name == "authorization" }?.value ?? "" }
        #expect(try sign(transport.requests, credentials) == ours)
    }

    private func sign(_ requests: [HTTPRequest], _ credentials: Credentials) throws -> [String] {
        let cases = requests.map { request -> [String: Any] in
            var headers = Dictionary(request.headers.map { ($0.name, $0.value) }) { first, _ in first }
            let scope = (headers["authorization"] ?? "").split(separator: "/").map(String.init)
            headers["authorization"] = nil
            return [
                "method": request.method, "url": request.url, "headers": headers,
                "body": request.body.map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined(),
                "key": credentials.accessKeyID, "secret": credentials.secretAccessKey.reveal(),
                "token": credentials.sessionToken?.reveal() ?? "", "timestamp": headers["x-amz-date"] ?? "",
                "region": scope[2], "service": scope[3],
            ]
        }
        let input = try JSONSerialization.data(withJSONObject: cases)
        let output = try MotoServer.run("botocore_sign.py", input: input)
        return try JSONDecoder().decode([String].self, from: output)
    }
}

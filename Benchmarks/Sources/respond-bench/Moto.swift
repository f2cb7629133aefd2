// SPDX-License-Identifier: Apache-2.0

import BenchKit
import Foundation
import ServiceKit

#if canImport(FoundationNetworking)
    import FoundationNetworking
#endif

/// A moto server of this process, and the calls that set its stage.
final class Moto {
    /// The account of credentials that moto did not give itself.
    static let account = "123456789012"

    let url: String
    private let process = Process()
    private let input: FileHandle

    /// Starts a server and waits until it listens.
    init(python: String) throws {
        process.executableURL = URL(fileURLWithPath: python)
        process.arguments = ["Tests/AWSTestKit/moto_server.py"]
        let standardInput = Pipe()
        let standardOutput = Pipe()
        process.standardInput = standardInput
        process.standardOutput = standardOutput
        process.standardError = FileHandle.nullDevice
        try process.run()
        var line = Data()
        while !line.contains(UInt8(ascii: "\n")) {
            let more = standardOutput.fileHandleForReading.availableData
            guard !more.isEmpty else { throw BenchFailure("moto did not start; is it in \(python)'s environment?") }
            line.append(more)
        }
        let port = String(decoding: line, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
        url = "http://127.0.0.1:\(port)"
        input = standardInput.fileHandleForWriting
    }

    deinit { try? input.close() }

    /// A new user with an access key, whose id is returned.
    func makeKey(of user: String) async throws -> String {
        _ = try await iam("Action=CreateUser&UserName=\(user)")
        let answer = try await iam("Action=CreateAccessKey&UserName=\(user)")
        guard let key = Self.element("AccessKeyId", of: answer) else { throw BenchFailure("no key in \(answer)") }
        return key
    }

    /// What IAM says of a user's only key.
    func status(ofKeyOf user: String) async throws -> String {
        Self.element("Status", of: try await iam("Action=ListAccessKeys&UserName=\(user)")) ?? "none"
    }

    private func iam(_ query: String) async throws -> String {
        guard let address = URL(string: url) else { throw BenchFailure("\(url) is no URL") }
        var request = URLRequest(url: address)
        request.httpMethod = "POST"
        request.httpBody = Data((query + "&Version=2010-05-08").utf8)
        // moto reads from it which service is meant and whose account; it does not verify it.
        request.setValue(
            "AWS4-HMAC-SHA256 Credential=AKIDTEST/20260101/us-east-1/iam/aws4_request",
            forHTTPHeaderField: "authorization")
        request.setValue("application/x-www-form-urlencoded", forHTTPHeaderField: "content-type")
        let (body, response) = try await URLSession.shared.data(for: request)
        let text = String(decoding: body, as: UTF8.self)
        guard (response as? HTTPURLResponse)?.statusCode == 200 else { throw BenchFailure(text) }
        return text
    }

    private static func element(_ name: String, of xml: String) -> String? {
        guard let start = xml.range(of: "<\(name)>"), let end = xml.range(of: "</\(name)>") else { return nil }
        return String(xml[start.upperBound..<end.lowerBound])
    }
}

// SPDX-License-Identifier: Apache-2.0

import Foundation

/// Every call that reached a stand-in for AWS, whoever made it: the tests' own process or a program that they started.
///
/// Each `MotoServer` writes its calls into the folder, a file for each server and a JSON object a line; moto_server.py
/// says what is in it. What is in the folder grows until somebody empties it, so that it holds the calls of all test
/// processes of a run.
public struct CallRecorder: Sendable {
    /// One call.
    public struct Call: Sendable, Hashable, Codable {
        /// What an IAM policy has to allow: `iam:UpdateAccessKey`.
        public let action: String
        /// The ARN of the role that called, the id of the access key where no role did, or nothing for an unsigned call.
        public let caller: String
        /// The HTTP status of the answer.
        public let status: Int

        /// Takes the parts of a call.
        public init(action: String, caller: String, status: Int) {
            self.action = action
            self.caller = caller
            self.status = status
        }

        /// Whether it was made with the role of that name.
        public func isMade(byRole name: String) -> Bool { caller.hasSuffix(":role/" + name) }
    }

    /// Where the servers write: TRAILHOUND_CALLS, or a folder of the build.
    public static var folder: URL {
        if let path = ProcessInfo.processInfo.environment["TRAILHOUND_CALLS"], !path.isEmpty {
            return URL(filePath: path)
        }
        return MotoServer.root.appending(path: ".build/aws-calls")
    }

    /// All calls that are written down in a folder; none where there is no such folder. A line that is half written is
    /// left out.
    public static func calls(in folder: URL = folder) -> [Call] {
        let files = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
        return files.filter { $0.hasSuffix(".jsonl") }.sorted().flatMap { name -> [Call] in
            guard let text = try? String(contentsOf: folder.appending(path: name), encoding: .utf8) else { return [] }
            return text.split(separator: "\n").compactMap { line in
                try? JSONDecoder().decode(Call.self, from: Data(line.utf8))
            }
        }
    }

    /// Forgets everything, for a run that starts anew.
    public static func clear(_ folder: URL = folder) {
        try? FileManager.default.removeItem(at: folder)
    }
}

// SPDX-License-Identifier: Apache-2.0

import Foundation

/// A service of the JSON protocol whose answers a test gives, for the few calls that moto lacks: programs reach it by
/// AWS_ENDPOINT_URL_CLOUDTRAIL and its like.
package final class ScriptedServer: Sendable {
    /// The server's address.
    package let url: String
    private let input: FileHandle

    /// Starts a server with an answer for each operation; any other is unknown to it.
    package init(_ answers: [String: Any]) throws {
        let text = String(decoding: try JSONSerialization.data(withJSONObject: answers), as: UTF8.self)
        let (port, input) = try MotoServer.start("scripted_server.py", arguments: [text], environment: [:])
        url = "http://127.0.0.1:\(port)"
        self.input = input
    }

    deinit { try? input.close() }
}

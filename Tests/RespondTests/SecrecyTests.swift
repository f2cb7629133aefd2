// SPDX-License-Identifier: Apache-2.0

import AWS
import AWSTestKit
import Foundation
import Respond
import Synchronization
import Testing

/// Credentials reach nothing that is kept or shown, even where AWS's own message repeats them.
// Skipped where moto is not installed in the repository's .venv.
@Suite(.enabled(if: MotoServer.isInstalled, "needs moto[server] in .venv"))
struct SecrecyTests {
    @Test(arguments: Example.all)
    func nothingThatIsKeptOrShownHasACredential(example: Example) async throws {
        let scene = try await MotoScene(example)
        let session = try await scene.client.credentials.credentials()
        let token = try #require(session.sessionToken?.reveal())
        let secrets = [MotoScene.secret, session.secretAccessKey.reveal(), token]
        var texts: [String] = []
        for call in Set(example.calls) {
            try await scene.channel.inject([.echoed], into: call, times: 1_000_000)
            let done = try await scene.scene.remediator(service: scene.service).start(
                example.action, scene.target, trigger: Scene.alert, id: call)
            let reason = done.outcome?.explanation ?? ""
            // The message did come through, with what makes a request in it.
            #expect(reason.localizedCaseInsensitiveContains("x-amz-date"), "\(reason)")
            texts += [String(decoding: try JSONEncoder().encode(done), as: UTF8.self), Self.dumped(done)]
        }
        let failure = await #expect(throws: CallFailure.self) {
            try await scene.service.perform(.getUser(userName: "x".appending(String(repeating: "y", count: 200))))
        }
        texts += [Self.dumped(failure as Any), Self.dumped(scene.client), Self.dumped(scene.service)]
        texts += [Self.dumped(session), "\(session)", String(reflecting: session), "\(scene.client)"]
        texts += scene.scene.told.withLock { $0 }.map(\.detail)
        for text in texts {
            for secret in secrets { #expect(!text.contains(secret)) }
        }
    }

    private static func dumped(_ value: Any) -> String {
        var text = ""
        dump(value, to: &text)
        return text
    }
}

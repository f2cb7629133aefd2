// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Glibc
import RPC

/// `rpc-interop hold`: a call that stays open, for tests of what ends it. Says `held` once the server has answered, and
/// at the call's end the name of its status.
struct Hold: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Keep a call open, and tell how it ends.")

    @OptionGroup var reach: Reach

    func run() async throws {
        let client = try reach.makeClient()
        let call = try await client.bidirectional(TestMethods.fullDuplexCall)
        try await call.requests.write(StreamingCases.request(1, 1))
        _ = try await call.responses.next()
        print("held")
        fflush(nil)
        do {
            while try await call.responses.next() != nil {}
            print(StatusCode.ok)
        } catch let error as RPCError {
            print(error.code)
        }
        fflush(nil)
        await client.close(now: true)
    }
}

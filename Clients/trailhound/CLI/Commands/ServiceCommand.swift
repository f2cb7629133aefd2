// SPDX-License-Identifier: Apache-2.0

import ArgumentParser

/// A command that talks to the service.
protocol ServiceCommand: AsyncParsableCommand {
    var global: GlobalOptions { get }

    /// Does the work. The connection is made with the first call and closed afterwards.
    func run(_ session: Session, _ output: Output) async throws
}

extension ServiceCommand {
    func run() async throws {
        let session = try Session(global.connection.settings())
        let output = Output(global.output.format)
        do {
            try await run(session, output)
        } catch {
            output.flush()
            await session.close()
            throw error
        }
        output.flush()
        await session.close()
    }
}

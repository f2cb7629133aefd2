// SPDX-License-Identifier: Apache-2.0

import AWS
import Contract
import Foundation
import Logging
import Serve
import Testing

@Suite struct AccessTests {
    @Test func everyMethodHasItsRolesAndEveryRowItsMethod() async throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString)
        let rules = folder.appendingPathComponent("rules")
        try FileManager.default.createDirectory(at: rules, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let pipeline = try await Pipeline(
            dataDirectory: folder.appendingPathComponent("data").path, rules: rules.path, workers: 1,
            log: Logger(label: "test"))
        let desk = try RemediationDesk(
            pipeline, context: CredentialContext(environment: [:]), log: Logger(label: "test"))
        let router = Service.router(pipeline, desk, AccessControl(isPlaintext: true), Health())
        #expect(Set(router.methods.map(\.path)) == Set(Access.table.keys))
        for (path, rule) in Access.table { #expect(!rule.roles.isEmpty, "nobody may call \(path)") }
        try await pipeline.stop()
    }

    @Test func onlyAdminsChangeWhatIsWatched() {
        for (path, rule) in Access.table
        where ["Onboard", "Offboard", "UpdateAccount", "SetDetection", "Reload"].contains(where: path.contains) {
            #expect(rule.roles == [.admin], "\(path)")
        }
    }
}

// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import RPC
import Testing
import TrailhoundCLI

@Suite struct GlobalArgumentsTests {
    @Test(arguments: [
        (["status"], ["status"]),
        (["-o", "json", "status"], ["status", "-o", "json"]),
        (["--server", "h:1", "--plaintext", "alerts", "list"], ["alerts", "list", "--server", "h:1", "--plaintext"]),
        (["--pki=/x", "submit", "a", "--", "-b"], ["submit", "a", "--pki=/x", "--", "-b"]),
        (["--version"], ["--version"]),
        (["-o"], ["-o"]),
        (["-o", "json"], ["-o", "json"]),
        ([], []),
    ])
    func leadingOptionsMoveBehindTheCommand(arguments: [String], hoisted: [String]) {
        #expect(GlobalArguments.hoisted(arguments) == hoisted)
    }
}

@Suite struct ParsingTests {
    @Test(arguments: [
        ["account", "onboard", "111122223333", "--name", "x", "--owner", "y"], ["account", "list", "--all"],
        ["account", "update", "1", "--name", "x"], ["submit", "a", "b", "--historical", "--streams", "5"],
        ["alerts", "tail", "--cursor", "latest", "--severity", "high", "--account", "1", "--account", "2"],
        ["alerts", "tail", "--from-start", "--cursor-file", "c", "--until-caught-up", "-o", "jsonl"],
        ["alerts", "list", "--status", "open", "--audience", "owner", "--limit", "5"], ["alerts", "close", "a", "b"],
        ["duet", "answer", "a", "expected"], ["detections", "enable", "a"], ["detections", "validate"],
        ["detections", "test", "--rules", "Rules"], ["scan", "a", "--rules", "r", "-o", "jsonl"],
        ["lineage", "ASIA", "-o", "json"],
        ["timeline", "AKIA", "--since", "7d", "--raw"], ["duet", "list", "--answered", "--all"],
        ["timeline", "AKIA", "--event", "iam:*", "--event", "*Trail", "--writes", "--errors", "--all"],
        ["alerts", "list", "--status", "open", "--status", "closed"], ["alerts", "tail", "--since", "2h"],
        ["status", "--server", "h:1"], ["certs", "list", "--pki", "x"],
        ["certs", "issue", "a", "--role", "collector", "--account", "111122223333"],
    ])
    func commandsAreUnderstood(arguments: [String]) throws {
        _ = try Trailhound.parseAsRoot(arguments)
    }

    @Test(arguments: [
        ["nonsense"], ["submit"], ["submit", "a", "--streams", "0"], ["submit", "a", "--streams", "1000"],
        ["submit", "a", "--reconnect-for", "-1"], ["alerts", "tail", "--from-start", "--cursor", "latest"],
        ["alerts", "tail", "--since", "latest"], ["alerts", "list", "--limit", "5", "--all"],
        ["alerts", "list", "--severity", "terrible"], ["alerts", "list", "--limit", "0"], ["alerts", "close"],
        ["account", "update", "1"], ["duet", "answer", "a", "maybe"], ["timeline", "x", "--since", "yesterday"],
        ["certs", "issue", "a"], ["certs", "issue", "../a", "--role", "admin"],
        ["certs", "issue", "a", "--role", "admin", "--host", "h"], ["status", "-o", "yaml"],
        ["certs", "issue", "ca", "--role", "admin", "--force"], ["certs", "issue", "crl", "--role", "admin"],
        ["certs", "issue", "CA-key", "--host", "h", "--force"],
        ["account", "onboard", "111122223333", "--out", "roles"],
        ["account", "onboard", "111122223333", "--trusted", "role/trailhound"],
        ["account", "update", "111122223333", "--name", ""], ["account", "update", "111122223333", "--owner", ""],
    ])
    func whatMakesNoSenseIsAUsageError(arguments: [String]) {
        let error = #expect(throws: (any Error).self) { try Trailhound.parseAsRoot(arguments) }
        if let error { #expect(Trailhound.exitCode(for: error) == .validationFailure) }
    }

    @Test(arguments: [
        (["acount", "list"], "acount", "account", "trailhound"),
        (["account", "lst"], "lst", "list", "trailhound account"),
        (["alerts", "tial", "--cursor", "latest"], "tial", "tail", "trailhound alerts"),
        (["onboard", "111122223333"], "onboard", "account onboard", "trailhound"),
        (["collect", "valdate"], "valdate", "validate", "trailhound collect"),
        (["list"], "list", nil, "trailhound"),
        (["nonsense"], "nonsense", nil, "trailhound"),
        ([String(repeating: "x", count: 100_000)], String(repeating: "x", count: 100_000), nil, "trailhound"),
    ])
    func anUnknownCommandSuggestsTheNearest(arguments: [String], word: String, meant: String?, parent: String) throws {
        let suggestion = try #require(CommandSuggestion(arguments))
        #expect(suggestion.word == word)
        #expect(suggestion.meant == meant)
        #expect(suggestion.parent == parent)
        #expect(suggestion.message.contains("Did you mean '\(meant ?? "")'?") == (meant != nil))
    }

    @Test(arguments: [
        ["status", "x"], ["--bad"], ["account", "--bad"], ["collect", "nonsense"], ["help", "acount"], [], ["account"],
    ])
    func whatNamesItsCommandSuggestsNothing(arguments: [String]) {
        #expect(CommandSuggestion(arguments)?.word == nil)
    }

    @Test func usageFitsTheTerminal() {
        let help = "OVERVIEW: x\n\nUSAGE: trailhound a <b> [-n <count>] [--from-start] [--to <end>]\n\nOPTIONS:"
        #expect(Program.wrappingUsage(help, to: nil) == help)
        #expect(Program.wrappingUsage(help, to: 80) == help)
        #expect(
            Program.wrappingUsage(help, to: 40)
                == """
                OVERVIEW: x

                USAGE: trailhound a <b> [-n <count>]
                       [--from-start] [--to <end>]

                OPTIONS:
                """)
    }

    @Test func exitCodesAreThoseOfTheHelp() async {
        #expect(await Program.run(["nonsense"]) == 64)
        #expect(await Program.run(["acount", "list"]) == 64)
        #expect(await Program.run(["status", "--plaintext", "--server", "hound.example.com:1"]) == 64)
        #expect(await Program.run(["status", "--pki", "/nonexistent"]) == 1)
        #expect(await Program.run(["scan", "/nonexistent"]) == 1)
        #expect(await Program.run(["certs", "show", "/nonexistent"]) == 1)
        #expect(await Program.run(["collect", "validate", "--bucket", "b", "--since", "1970-01-01"]) == 64)
    }

    /// Every command says what it is for, in a sentence, and every argument has a help text.
    @Test func everyCommandExplainsItself() {
        func check(_ command: any ParsableCommand.Type) {
            let configuration = command.configuration
            #expect(configuration.abstract.hasSuffix(".") || configuration.abstract.hasSuffix("?\"."), "\(command)")
            for subcommand in configuration.subcommands { check(subcommand) }
        }
        check(Trailhound.self)
    }
}

@Suite struct ServiceErrorTests {
    private func message(_ error: RPCError, plaintext: Bool = false) throws -> String {
        let endpoint = try #require(Endpoint("hound:1"))
        let settings = ConnectionSettings(
            endpoint: endpoint, security: plaintext ? .plaintext : .tls(.init(folder: "/pki")))
        return ServiceError.failure(error, settings: settings).message
    }

    @Test func fieldsAtFaultAreNamed() throws {
        let error = RPCError(
            .invalidArgument, "bad",
            violations: [
                .init(field: "account_id", description: "twelve digits"), .init(field: "name", description: "too long"),
            ])
        #expect(try message(error) == "account_id: twelve digits; name: too long")
        #expect(try message(RPCError(.notFound, "there is no such alert")) == "there is no such alert")
    }

    @Test func failedHandshakesSayWhatToDo() throws {
        for (failure, part) in [
            (HandshakeFailure.unknownAuthority, "is not from /pki/ca.pem"), (.notTLS, "needs --plaintext here too"),
            (.refusedByPeer, "refused the certificate /pki/admin.pem"), (.notHTTP2, "is no Trailhound service"),
            (.ownCertificateExpired, "/pki/admin.pem has expired"), (.expiredCertificate, "hound:1 has expired"),
        ] {
            let error = RPCError(.unavailable, "No connection to hound:1.", cause: failure)
            #expect(try message(error).contains(part))
        }
        #expect(try message(RPCError(.unavailable, "No connection to hound:1.")).contains("/pki/admin.pem"))
        #expect(
            try message(RPCError(.unavailable, "No connection to hound:1."), plaintext: true)
                .hasSuffix("leave out --plaintext"))
    }

    @Test func everyCodeIsOneLine() throws {
        for code in 1...17 {
            let message = try message(RPCError(StatusCode(rawValue: code), "why"))
            #expect(!message.isEmpty && !message.contains("\n"))
        }
    }
}

// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Glibc
import Messages
import PKI

extension Role: ExpressibleByArgument {}
extension RevocationReason: ExpressibleByArgument {}

struct CertificateCommands: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "certs", abstract: "Issue, revoke and look at certificates.",
        discussion: """
            Nobody talks to the service without a certificate. It names a role (admin, analyst, collector, subscriber or \
            executor) and the accounts that it is good for. These commands work on files and need no service; issuing and \
            revoking need the authority's key, ca-key.pem. A service that uses the folder sees within seconds what was \
            revoked, and cuts off who holds it.
            """,
        subcommands: [Issue.self, Revoke.self, List.self, Show.self])

    /// Where the authority's files are.
    struct Folder: ParsableArguments {
        @Option(
            help: .init(
                "The folder with ca.pem and ca-key.pem; else TRAILHOUND_PKI, else trailhound-data/pki here.",
                valueName: "dir"), completion: .directory)
        var pki: String?

        var path: String { pki ?? Environment["TRAILHOUND_PKI"] ?? ConnectionSettings.usualFolders[0] }
    }

    struct Issue: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Issue a certificate for a client or a server.",
            discussion: """
                Writes NAME.pem and NAME-key.pem, which only their owner can read.

                  trailhound certs issue siem --role subscriber
                  trailhound certs issue collector-1 --role collector --account 111122223333
                  trailhound certs issue hound --host hound.example.com --host 10.0.0.5
                """)

        @Argument(help: "The name in the certificate, and of its files.")
        var name: String

        @Option(help: "What the client may do.")
        var role: Role?

        @Option(
            name: .customLong("account"),
            help: .init(
                "An account that the certificate is good for; without any, all accounts.", valueName: "account-id"))
        var accounts: [String] = []

        @Option(
            name: .customLong("host"),
            help: .init("Instead of a client's, a server's certificate: a name or address of it.", valueName: "name"))
        var hosts: [String] = []

        @Option(help: "How many days it is valid.")
        var days = 365

        @Option(
            help: .init(
                "The folder to write the files into, made where it is missing; else the authority's.", valueName: "dir"),
            completion: .directory)
        var into: String?

        @Flag(help: "Replace files of that name.")
        var force = false

        @OptionGroup var folder: Folder
        @OptionGroup var output: OutputOptions

        func validate() throws {
            let allowed = name.utf8.allSatisfy {
                ($0 >= 0x61 && $0 <= 0x7A) || ($0 >= 0x41 && $0 <= 0x5A) || ($0 >= 0x30 && $0 <= 0x39)
                    || [UInt8(ascii: "."), UInt8(ascii: "-"), UInt8(ascii: "_")].contains($0)
            }
            if name.isEmpty || !allowed || name.hasPrefix(".") {
                throw ValidationError("a name is made of letters, digits, dots, dashes and underscores")
            }
            if ["ca", "crl"].contains(name.lowercased()) || name.lowercased().hasSuffix("-key") {
                throw ValidationError("\(name).pem is not to be a certificate's file: choose another name")
            }
            if (role == nil) == hosts.isEmpty {
                throw ValidationError("give --role for a client or --host for a server")
            }
            if !hosts.isEmpty, !accounts.isEmpty { throw ValidationError("--account is for clients only") }
        }

        func run() async throws {
            let target = into ?? folder.path
            let file = "\(target)/\(name).pem"
            if !force, access(file, F_OK) == 0 || access("\(target)/\(name)-key.pem", F_OK) == 0 {
                throw Failure("\(file) or its key is there already: give --force to replace them")
            }
            do {
                let authority = try CertificateAuthority(PEMFiles.credential("ca", in: folder.path))
                let now = SystemClock.now().seconds
                let store = CertificateStore(folder: folder.path)
                let credential = try store.issue(as: name, into: target, by: authority) { () throws(PKIError) in
                    try issue(authority, now: now)
                }
                let entry = CertificatePresentation.Entry(file: file, certificate: credential.certificate)
                Output(output.format).show(
                    json: CertificatePresentation.json(entry),
                    fields: CertificatePresentation.fields(entry, now: SystemClock.now()))
            } catch {
                throw Failure(error.description)
            }
        }

        private func issue(_ authority: CertificateAuthority, now: Int64) throws(PKIError) -> Credential {
            guard let role else { return try authority.issueServer(hosts: hosts, days: days, now: now) }
            let set: AccountSet = accounts.isEmpty ? .all : .some(Set(accounts))
            return try authority.issueClient(
                name: name, identity: ClientIdentity(role: role, accounts: set), days: days, now: now)
        }
    }

    struct Revoke: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Revoke certificates.",
            discussion: """
                Writes crl.pem beside the authority. A revoked certificate stays revoked: its holder needs a new one.

                  trailhound certs revoke collector-1 --reason key-compromise
                  trailhound certs revoke 5D0B9A…
                  trailhound certs revoke --file lost-laptop.pem
                """)

        @Argument(help: "The name in a certificate, or its serial number.")
        var names: [String] = []

        @Option(
            name: .customLong("file"), help: .init("A certificate's PEM file; may be given again.", valueName: "file"),
            completion: .file(extensions: ["pem"]))
        var files: [String] = []

        @Option(help: "Why.")
        var reason = RevocationReason.unspecified

        @OptionGroup var folder: Folder
        @OptionGroup var output: OutputOptions

        func validate() throws {
            if names.isEmpty, files.isEmpty { throw ValidationError("name a certificate or give --file") }
        }

        func run() async throws {
            var revoked: [IssuedCertificate] = []
            do {
                let authority = try CertificateAuthority(PEMFiles.credential("ca", in: folder.path))
                let store = CertificateStore(folder: folder.path)
                var targets = names.map { CertificateStore.Target.name($0) }
                for file in files { targets.append(.certificate(try PEMFiles.certificate(at: file))) }
                for target in targets {
                    revoked.append(
                        try store.revoke(target, reason: reason, by: authority, now: SystemClock.now().seconds))
                }
            } catch {
                throw Failure(error.description)
            }
            let now = SystemClock.now()
            Output(output.format).list(
                revoked, whenEmpty: "", json: { CertificatePresentation.json($0, now: now) },
                table: { CertificatePresentation.table($0, now: now) })
        }
    }

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "List what an authority issued, and what became of it.",
            discussion: "With --files, the certificates of the folder instead, whoever made them.")

        @Flag(help: "List the files of the folder.")
        var files = false

        @OptionGroup var folder: Folder
        @OptionGroup var output: OutputOptions

        func run() async throws {
            let now = SystemClock.now()
            if files { return try listFiles(now) }
            let issued: [IssuedCertificate]
            do { issued = try CertificateStore(folder: folder.path).list() } catch { throw Failure(error.description) }
            Output(output.format).list(
                issued, whenEmpty: "Nothing was issued in \(folder.path).",
                json: { CertificatePresentation.json($0, now: now) },
                table: { CertificatePresentation.table($0, now: now) })
            Output(output.format).note(
                ListNote("certificate", order: "oldest first"), shown: issued.count, total: nil, hasMore: false)
        }

        private func listFiles(_ now: Timestamp) throws {
            let names = try InputFiles.names(folder.path).filter {
                $0.hasSuffix(".pem") && !$0.hasSuffix("-key.pem") && $0 != "crl.pem"
            }
            var entries: [CertificatePresentation.Entry] = []
            for name in names {
                let path = folder.path + "/" + name
                do {
                    entries.append(.init(file: path, certificate: try PEMFiles.certificate(at: path)))
                } catch {
                    Diagnostics.note("trailhound: warning: \(error)")
                }
            }
            Output(output.format).list(
                entries, whenEmpty: "No certificate in \(folder.path).", json: CertificatePresentation.json,
                table: { CertificatePresentation.table($0, now: now) })
        }
    }

    struct Show: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Show what a certificate says.")

        @Argument(help: "The certificate's PEM file.", completion: .file(extensions: ["pem"]))
        var file: String

        @OptionGroup var output: OutputOptions

        func run() async throws {
            do {
                let entry = CertificatePresentation.Entry(file: file, certificate: try PEMFiles.certificate(at: file))
                Output(output.format).show(
                    json: CertificatePresentation.json(entry),
                    fields: CertificatePresentation.fields(entry, now: SystemClock.now()))
            } catch {
                throw Failure(error.description)
            }
        }
    }
}

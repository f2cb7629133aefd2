// SPDX-License-Identifier: Apache-2.0

import Contract
import Foundation
import Messages
import PKI
import RPC
import Serve
import Testing

/// Who shows no certificate, or one that is wrong in some way, gets nowhere: from outside, over TLS.
@Suite(.serialized) struct CertificateTableTests {
    /// What a certificate comes to: the handshake fails for a reason that is counted, or the call with a status.
    private enum Verdict: Equatable, CustomStringConvertible {
        case handshake(HandshakeFailure)
        case status(StatusCode)

        var description: String {
            switch self {
            case .handshake(let reason): "handshake \(reason.rawValue)"
            case .status(let code): code.description
            }
        }
    }

    private static let expected: [(String, Verdict)] = [
        ("good", .status(.ok)),
        ("none", .handshake(.missingCertificate)),
        ("self-signed", .handshake(.unknownAuthority)),
        ("expired", .handshake(.expiredCertificate)),
        ("not yet valid", .handshake(.notYetValidCertificate)),
        ("revoked", .handshake(.revokedCertificate)),
        ("of another CA", .handshake(.unknownAuthority)),
        ("of another CA of the same name", .handshake(.unknownAuthority)),
        ("the authority's own", .handshake(.untrustedCertificate)),
        ("a server's", .handshake(.untrustedCertificate)),
        ("wrong role", .status(.permissionDenied)),
        ("wrong account", .status(.permissionDenied)),
        ("no SAN URI", .status(.unauthenticated)),
        ("two SAN URIs", .status(.unauthenticated)),
        ("unknown role", .status(.unauthenticated)),
        ("malformed accounts", .status(.unauthenticated)),
        ("foreign SAN URI", .status(.unauthenticated)),
    ]

    @Test(.timeLimit(.minutes(2)))
    func everyKindOfCertificate() async throws {
        try await ServiceRig.run { rig in
            try await rig.seed()
            let mint = try Mint(rig)
            // The list is taken up before anybody comes with a certificate that is on it.
            await rig.service.reloadCertificates()
            for (kind, verdict) in Self.expected {
                let path = try mint.certificate(kind)
                let found = try await Self.call(rig, path)
                #expect(found == verdict, "\(kind)")
            }
        }
    }

    /// Reads one account's entry, which takes a role and an account.
    private static func call(_ rig: ServiceRig, _ path: String?) async throws -> Verdict {
        let before = rig.service.transport.handshakeFailures
        let client = try rig.client(.some(path))
        let code = await status(client)
        // Its tries to connect again would be counted with the next one's.
        await client.close(now: true)
        guard code == .unavailable else { return .status(code) }
        // The client may hear of a failed handshake before the server has counted it.
        for _ in 0..<200 {
            let after = rig.service.transport.handshakeFailures
            let reasons = after.filter { $0.value > before[$0.key] ?? 0 }.keys
            if reasons.count == 1, let reason = reasons.first { return .handshake(reason) }
            try await Task.sleep(for: .milliseconds(10))
        }
        return .status(code)
    }

    private static func status(_ client: Client) async -> StatusCode {
        do {
            _ = try await client.unary(
                AccountService.getAccount, GetAccountRequest(accountID: ServiceRig.accounts[0]),
                options: CallOptions(timeout: .seconds(20)))
            return .ok
        } catch { return RPCError.from(error).code }
    }

    /// Certificates of every kind, each with its key.
    private struct Mint {
        let rig: ServiceRig
        let authority: CertificateAuthority
        let now = Int64(Date().timeIntervalSince1970)
        let good = ClientIdentity(role: .analyst, accounts: .some([ServiceRig.accounts[0]]))

        init(_ rig: ServiceRig) throws {
            self.rig = rig
            authority = try CertificateAuthority(PEMFiles.credential("ca", in: rig.pki))
            let store = CertificateStore(folder: rig.pki)
            let (authority, good, now) = (authority, good, now)
            _ = try store.issue(as: "revoked", into: rig.folder.path, by: authority) { () throws(PKIError) in
                try authority.issueClient(name: "revoked", identity: good, now: now)
            }
            _ = try store.revoke(.name("revoked"), reason: .keyCompromise, by: authority, now: now)
        }

        /// The path without `.pem`; nil for no certificate at all.
        func certificate(_ kind: String) throws -> String? {
            switch kind {
            case "none": return nil
            case "revoked": return rig.folder.appendingPathComponent("revoked").path
            case "the authority's own": return "\(rig.pki)/ca"
            case "a server's": return "\(rig.pki)/server"
            default: break
            }
            let credential: Credential
            switch kind {
            case "good": credential = try authority.issueClient(name: kind, identity: good, now: now)
            case "self-signed": credential = try CertificateAuthority.mint(commonName: kind, now: now).credential
            case "expired":
                credential = try authority.issueClient(name: kind, identity: good, days: 1, now: now - 2 * 86_400)
            case "not yet valid":
                credential = try authority.issueClient(name: kind, identity: good, now: now + 86_400)
            case "of another CA":
                credential = try other(commonName: "Another CA").issueClient(
                    name: kind, identity: good, now: now)
            case "of another CA of the same name":
                credential = try other(commonName: authority.certificate.commonName).issueClient(
                    name: kind, identity: good, now: now)
            case "wrong role":
                let subscriber = ClientIdentity(role: .subscriber, accounts: .all)
                credential = try authority.issueClient(name: kind, identity: subscriber, now: now)
            case "wrong account":
                let accounts = AccountSet.some([ServiceRig.accounts[1]])
                let identity = ClientIdentity(role: .analyst, accounts: accounts)
                credential = try authority.issueClient(name: kind, identity: identity, now: now)
            default: credential = try authority.issueClient(name: kind, uris: uris(kind), now: now)
            }
            let file = kind.replacing(" ", with: "-")
            try PEMFiles.write(credential, as: file, in: rig.folder.path)
            return rig.folder.appendingPathComponent(file).path
        }

        private func other(commonName: String) throws -> CertificateAuthority {
            try CertificateAuthority.mint(commonName: commonName, now: now)
        }

        private func uris(_ kind: String) throws -> [String] {
            switch kind {
            case "no SAN URI": []
            case "two SAN URIs": ["trailhound://admin/*", "trailhound://analyst/*"]
            case "unknown role": ["trailhound://root/*"]
            case "malformed accounts": ["trailhound://admin/1234"]
            case "foreign SAN URI": ["spiffe://example.com/admin"]
            default: throw RPCError(.unknown, "no such kind: \(kind)")
            }
        }
    }
}

// SPDX-License-Identifier: Apache-2.0

import CloudTrail

/// The stored form of what made a session.
enum IssuanceCodec {
    static func write(_ issuance: Issuance, to writer: inout FieldWriter) {
        writer.field(1) { writer in
            writer.reference(issuance.reference)
            writer.varint(issuance.accountID.number)
            writer.string(issuance.eventName)
            writer.session(issuance.session)
            switch issuance.caller {
            case .service: writer.varint(0)
            case .principal(let name):
                writer.varint(1)
                writer.string(name)
            case .session(let session):
                writer.varint(2)
                writer.session(session)
            }
            if let account = issuance.callerAccount { writer.varint(account.number) }
        }
    }

    static func read(_ bytes: [UInt8]) -> [Issuance] {
        var reader = FieldReader(bytes)
        var found: [Issuance] = []
        while !reader.isAtEnd {
            guard let (_, body) = try? reader.field() else { break }
            var field = FieldReader(body)
            if let issuance = try? issuance(&field) { found.append(issuance) }
        }
        return found
    }

    private static func issuance(_ field: inout FieldReader) throws(AlertCodec.Malformed) -> Issuance {
        let reference = try field.reference()
        guard let account = AccountID(number: try field.number()) else { throw AlertCodec.Malformed() }
        let name = try field.string()
        let session = try field.session()
        let caller: Issuance.Caller
        switch try field.number() {
        case 0: caller = .service
        case 1: caller = .principal(try field.string())
        case 2: caller = .session(try field.session())
        default: throw AlertCodec.Malformed()
        }
        // Logs of earlier versions end here.
        let callerAccount = field.isAtEnd ? nil : AccountID(number: try field.number())
        return Issuance(
            reference: reference, accountID: account, eventName: name, caller: caller, session: session,
            callerAccount: callerAccount)
    }
}

extension FieldWriter {
    mutating func session(_ session: SessionIdentity) {
        string(session.principal)
        string(session.accessKeyID)
        string(session.principalID)
        string(session.sourceIdentity)
    }
}

extension FieldReader {
    mutating func session() throws(AlertCodec.Malformed) -> SessionIdentity {
        SessionIdentity(
            principal: try string(), accessKeyID: try string(), principalID: try string(),
            sourceIdentity: try string())
    }
}

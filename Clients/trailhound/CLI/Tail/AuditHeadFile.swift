// SPDX-License-Identifier: Apache-2.0

import Journal
import PKI

/// The head of the audit log in a file, from one verification to the next.
struct AuditHeadFile: Sendable {
    let path: String

    func read() throws(Failure) -> AuditHead {
        let text: String
        do {
            let bytes = try PEMFiles.read(path)
            text = String(decoding: bytes.prefix { $0 != UInt8(ascii: "\n") }, as: UTF8.self)
        } catch {
            throw Failure("\(path): \(error)")
        }
        guard let head = AuditHead(text) else { throw Failure("\(path) holds no head of an audit log") }
        return head
    }

    func write(_ head: AuditHead) throws(Failure) {
        do { try PEMFiles.write(Array("\(head)\n".utf8), to: path, mode: 0o600) } catch { throw Failure("\(error)") }
    }
}

// SPDX-License-Identifier: Apache-2.0

/// Ids as a table has room for them. Commands take them in this form too.
package enum ShortID {
    /// The last twelve digits of an alert's id, which tell alerts apart; those before are the time it was raised.
    package static func ofAlert(_ id: String) -> String { isUUID(id) ? String(id.suffix(12)) : id }

    /// The first eight digits of a detection's id, which is random.
    package static func ofDetection(_ id: String) -> String { isUUID(id) ? String(id.prefix(8)) : id }

    /// True where a person gave a part of a UUID, not an id as it is.
    package static func isPart(_ text: String) -> Bool {
        (4..<36).contains(text.utf8.count) && text.utf8.allSatisfy { isDigit($0) || $0 == UInt8(ascii: "-") }
    }

    /// The one id of `ids` that begins with or ends in `part`: tables show the part that tells ids of a kind apart.
    package static func resolve(
        _ part: String, among ids: some Sequence<String>, kind: String
    ) throws(Failure) -> String {
        let part = part.lowercased()
        var found: String?
        for id in ids where (id.hasPrefix(part) || id.hasSuffix(part)) && id != found {
            if found != nil { throw Failure("more than one \(kind) has an id like \(part): give more of it") }
            found = id
        }
        guard let found else { throw Failure("no \(kind) has an id like \(part)") }
        return found
    }

    private static func isUUID(_ id: String) -> Bool { id.utf8.count == 36 && isPart(String(id.dropFirst())) }

    private static func isDigit(_ byte: UInt8) -> Bool {
        (0x30...0x39).contains(byte) || (0x61...0x66).contains(byte) || (0x41...0x46).contains(byte)
    }
}

// SPDX-License-Identifier: Apache-2.0

import CloudTrail
import JSON

/// A log file whose records are made new by overwriting their eventIDs, times and access keys in place.
struct LogFileTemplate: Sendable {
    /// Where a record has what is overwritten.
    struct Place: Sendable {
        let eventID: Int
        /// Tells records apart.
        let idHash: UInt64
        let time: Int
        /// Seconds since 1970, in the template.
        let seconds: Int64
        /// Nil where the record has no access key.
        let key: Int?
        /// Tells access keys apart; the same for the same key.
        let keyHash: UInt64
    }

    private static let guidBytes = 36
    private static let timeBytes = 20
    /// The letters that say what kind of key it is stay.
    private static let keyPrefixBytes = 4
    private static let keyBytes = 20
    private static let keyDigits = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".utf8)
    private static let hexDigits = Array("0123456789abcdef".utf8)

    private let bytes: [UInt8]
    let places: [Place]

    /// - Parameter accounts: gets the accounts that the records belong to.
    init(_ records: ArraySlice<[UInt8]>, accounts: inout Set<String>) throws {
        var bytes = Array(#"{"Records":["#.utf8)
        var places: [Place] = []
        let fields = try FieldSet(["eventID", "eventTime", "userIdentity.accessKeyId", "recipientAccountId"])
        let extractor = RecordExtractor(fields.compile())
        for record in records {
            let start = bytes.count + (places.isEmpty ? 0 : 1)
            let place = try record.withUnsafeBytes { record -> Place? in
                try extractor.extract(record)
                let slots = (0..<3).map { Self.offset(extractor.first($0), in: record) }
                let id = extractor.first(0)
                let time = extractor.first(1)
                let key = extractor.first(2)
                guard let idOffset = slots[0], id.bytes.count == Self.guidBytes, let timeOffset = slots[1],
                    time.bytes.count == Self.timeBytes, let milliseconds = EventTime.parse(time.bytes)
                else { return nil }
                accounts.insert(extractor.first(3).string)
                let keyOffset = key.bytes.count == Self.keyBytes ? slots[2] : nil
                return Place(
                    eventID: start + idOffset, idHash: LookupToken(id.bytes).value, time: start + timeOffset,
                    seconds: milliseconds / 1_000, key: keyOffset.map { start + $0 },
                    keyHash: LookupToken(key.bytes).value)
            }
            guard let place else { continue }
            if !places.isEmpty { bytes.append(UInt8(ascii: ",")) }
            bytes += record
            places.append(place)
        }
        bytes += Array("]}".utf8)
        self.bytes = bytes
        self.places = places
    }

    /// Where a string value lies in its record; nil where it had to be unescaped, or is none.
    private static func offset(_ value: FieldValue, in record: UnsafeRawBufferPointer) -> Int? {
        guard value.kind == .string, let start = record.baseAddress, let text = value.bytes.baseAddress,
            text > start, text < start + record.count
        else { return nil }
        return text - start
    }

    /// The file of one pass.
    func stamped(pass: Int, seconds: Int64) -> [UInt8] {
        [UInt8](unsafeUninitializedCapacity: bytes.count) { file, count in
            _ = file.initialize(from: bytes)
            count = bytes.count
            for place in places {
                Self.eventID(place, pass) { file[place.eventID + $0] = $1 }
                for (index, byte) in EventTime.format((place.seconds + Int64(pass) * seconds) * 1_000).utf8.enumerated() {
                    file[place.time + index] = byte
                }
                guard let key = place.key else { continue }
                Self.key(place, pass) { file[key + $0] = $1 }
            }
        }
    }

    /// What the first record of one pass is looked up by.
    func identity(pass: Int) -> (eventID: String, accessKey: String?) {
        guard let place = places.first(where: { $0.key != nil }) ?? places.first else { return ("", nil) }
        var id = Array(bytes[place.eventID..<place.eventID + Self.guidBytes])
        Self.eventID(place, pass) { id[$0] = $1 }
        var key = place.key.map { Array(bytes[$0..<$0 + Self.keyBytes]) }
        Self.key(place, pass) { key?[$0] = $1 }
        return (String(decoding: id, as: UTF8.self), key.map { String(decoding: $0, as: UTF8.self) })
    }

    /// A GUID that is a function of the record's own and the pass; the hyphens stay.
    private static func eventID(_ place: Place, _ pass: Int, _ put: (Int, UInt8) -> Void) {
        var word = mix(place.idHash &+ UInt64(pass) &* 0x9E37_79B9_7F4A_7C15)
        var digits = 0
        for index in 0..<guidBytes where ![8, 13, 18, 23].contains(index) {
            if digits == 16 { word = mix(place.idHash ^ UInt64(pass)) }
            put(index, hexDigits[Int(word & 15)])
            word >>= 4
            digits += 1
        }
    }

    private static func key(_ place: Place, _ pass: Int, _ put: (Int, UInt8) -> Void) {
        var word = mix(place.keyHash &+ UInt64(pass))
        for index in keyPrefixBytes..<keyBytes {
            put(index, keyDigits[Int(word & 31)])
            word = index == 11 ? mix(word) : word >> 5
        }
    }

    /// SplitMix64's output function.
    private static func mix(_ value: UInt64) -> UInt64 {
        var value = value &+ 0x9E37_79B9_7F4A_7C15
        value = (value ^ (value >> 30)) &* 0xBF58_476D_1CE4_E5B9
        value = (value ^ (value >> 27)) &* 0x94D0_49BB_1331_11EB
        return value ^ (value >> 31)
    }
}

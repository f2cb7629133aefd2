// SPDX-License-Identifier: Apache-2.0

import CTransport

/// Header fields on their way out: all names and values in one run of bytes.
struct HeaderBlock: Sendable {
    private struct Field {
        var start: Int
        var nameLength: Int
        var valueLength: Int
    }

    private var bytes: [UInt8] = []
    private var fields: [Field] = []

    /// A field of literals.
    mutating func add(_ name: StaticString, _ value: StaticString) {
        let start = bytes.count
        bytes.append(contentsOf: UnsafeBufferPointer(start: name.utf8Start, count: name.utf8CodeUnitCount))
        bytes.append(contentsOf: UnsafeBufferPointer(start: value.utf8Start, count: value.utf8CodeUnitCount))
        fields.append(
            Field(start: start, nameLength: name.utf8CodeUnitCount, valueLength: value.utf8CodeUnitCount))
    }

    /// A field; name and value must be fit to travel.
    mutating func add(_ name: String, _ value: some Collection<UInt8>) {
        let start = bytes.count
        bytes.append(contentsOf: name.utf8)
        let valueStart = bytes.count
        bytes.append(contentsOf: value)
        fields.append(
            Field(start: start, nameLength: valueStart - start, valueLength: bytes.count - valueStart))
    }

    /// Adds custom metadata. Throws INTERNAL for what can't travel.
    mutating func add(_ metadata: Metadata) throws(RPCError) {
        for entry in metadata {
            guard MetadataRules.isSendableName(entry.name) else {
                throw RPCError(.internalError, "The metadata name '\(entry.name)' can't be sent.")
            }
            switch entry.value {
            case .ascii(let text):
                guard !entry.name.hasSuffix("-bin"), MetadataRules.isSendableValue(text) else {
                    throw RPCError(.internalError, "The metadata value of '\(entry.name)' can't be sent.")
                }
                add(entry.name, text.utf8)
            case .binary(let value):
                guard entry.name.hasSuffix("-bin") else {
                    throw RPCError(.internalError, "The binary metadata '\(entry.name)' must end in '-bin'.")
                }
                add(entry.name, Base64.encode(value))
            }
        }
    }

    /// The fields as nghttp2 takes them; it copies what it keeps.
    func withNVs<Result>(_ body: (UnsafePointer<nghttp2_nv>?, Int) -> Result) -> Result {
        bytes.withUnsafeBufferPointer { storage in
            withUnsafeTemporaryAllocation(of: nghttp2_nv.self, capacity: fields.count) { nvs in
                let base = UnsafeMutablePointer(mutating: storage.baseAddress)
                for (index, field) in fields.enumerated() {
                    nvs.initializeElement(
                        at: index,
                        to: nghttp2_nv(
                            name: base.map { $0 + field.start },
                            value: base.map { $0 + field.start + field.nameLength },
                            namelen: field.nameLength, valuelen: field.valueLength,
                            flags: UInt8(NGHTTP2_NV_FLAG_NONE.rawValue)))
                }
                return body(UnsafePointer(nvs.baseAddress), fields.count)
            }
        }
    }
}

/// What may travel as custom metadata.
enum MetadataRules {
    /// Lower case, digits, `-`, `_` and `.`; and neither gRPC's nor HTTP/2's own.
    static func isSendableName(_ name: String) -> Bool {
        guard !name.isEmpty, !name.hasPrefix("grpc-"), !connectionNames.contains(name) else { return false }
        return name.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"),
                UInt8(ascii: "_"), UInt8(ascii: "."):
                true
            default: false
            }
        }
    }

    private static let connectionNames: Set<String> = [
        "connection", "keep-alive", "proxy-connection", "transfer-encoding", "upgrade", "te", "host", "content-type",
        "content-length", "user-agent",
    ]

    /// Printable ASCII without space at either end, which HTTP would trim.
    static func isSendableValue(_ value: String) -> Bool {
        guard value.utf8.first != 0x20, value.utf8.last != 0x20 else { return false }
        return value.utf8.allSatisfy { $0 >= 0x20 && $0 <= 0x7E }
    }
}

/// The header fields of nearly every call: literals that nghttp2 reads in place and never copies.
///
/// Sendable because the memory is written once, before anybody sees it, and lives as long as the process.
struct ConstantHeaders: @unchecked Sendable {
    let nvs: UnsafePointer<nghttp2_nv>
    let count: Int

    private init(_ fields: [(StaticString, StaticString)]) {
        let memory = UnsafeMutablePointer<nghttp2_nv>.allocate(capacity: fields.count)
        let flags = NGHTTP2_NV_FLAG_NO_COPY_NAME.rawValue | NGHTTP2_NV_FLAG_NO_COPY_VALUE.rawValue
        for (index, (name, value)) in fields.enumerated() {
            (memory + index).initialize(
                to: nghttp2_nv(
                    name: UnsafeMutablePointer(mutating: name.utf8Start),
                    value: UnsafeMutablePointer(mutating: value.utf8Start),
                    namelen: name.utf8CodeUnitCount, valuelen: value.utf8CodeUnitCount, flags: UInt8(flags)))
        }
        nvs = UnsafePointer(memory)
        count = fields.count
    }

    /// The start of a response.
    static let response = ConstantHeaders([
        (":status", "200"), ("content-type", "application/grpc"), ("grpc-accept-encoding", "identity,gzip"),
    ])
    /// The end of a call that went well.
    static let okTrailers = ConstantHeaders([("grpc-status", "0")])
}

// SPDX-License-Identifier: Apache-2.0

/// A header block of a response, as it comes in: its headers, or its trailers.
package struct ResponseHead {
    /// `:status`; 0 where there is none.
    package private(set) var httpStatus = 0
    /// The content type is gRPC's.
    package private(set) var isGRPC = false
    /// How compressed messages are compressed; nil for an encoding that is not known here.
    package private(set) var encoding: Encoding? = .identity
    /// Custom metadata, in order.
    package private(set) var metadata = Metadata()
    private var statusCode: Int?
    private var message = ""
    private var details: [UInt8] = []
    private var listBytes = 0
    private let limit: Int

    /// An empty block that takes no more than so many bytes.
    package init(limit: Int) { self.limit = limit }

    /// Takes a field. nghttp2 has checked its characters.
    package mutating func add(name: UnsafeRawBufferPointer, value: UnsafeRawBufferPointer) {
        listBytes += name.count + value.count + 32
        guard listBytes <= limit, let first = name.first else { return }
        switch first {
        case UInt8(ascii: ":"):
            if name.isEqual(":status") { httpStatus = Self.number(value) ?? 0 }
        case UInt8(ascii: "c") where name.isEqual("content-type"): isGRPC = RequestHead.isGRPC(value)
        case UInt8(ascii: "g") where name.isEqual("grpc-status"): statusCode = Self.number(value) ?? 2
        case UInt8(ascii: "g") where name.isEqual("grpc-message"): message = PercentEncoding.decode(value)
        case UInt8(ascii: "g") where name.isEqual("grpc-status-details-bin"): details = Base64.decode(value) ?? []
        case UInt8(ascii: "g") where name.isEqual("grpc-encoding"): encoding = Encoding(value)
        case UInt8(ascii: "g") where name.isEqual("grpc-accept-encoding"): break
        default: _ = metadata.addReceived(name: name, value: value)
        }
    }

    /// The block was longer than we take.
    package var isOverLimit: Bool { listBytes > limit }

    /// The status that the block carries: `.success` for OK, an error for others, nil for none.
    package var status: Result<Metadata, RPCError>? {
        guard let statusCode else { return nil }
        if statusCode == 0 { return .success(metadata) }
        return .failure(
            RPCError(StatusCode(rawValue: statusCode), message, metadata: metadata, details: details))
    }

    private static func number(_ text: UnsafeRawBufferPointer) -> Int? {
        guard text.count > 0, text.count <= 9 else { return nil }
        var number = 0
        for digit in text {
            guard digit >= UInt8(ascii: "0"), digit <= UInt8(ascii: "9") else { return nil }
            number = number * 10 + Int(digit - UInt8(ascii: "0"))
        }
        return number
    }
}

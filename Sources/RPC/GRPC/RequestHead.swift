// SPDX-License-Identifier: Apache-2.0

import CTransport
import Glibc

/// A request's header block as it comes in, and the verdict on it.
///
/// The peer's faults end in a verdict; nothing it sends traps.
package struct RequestHead {
    /// What becomes of the request.
    package enum Verdict {
        case accept
        /// Not gRPC: an HTTP status and no more.
        case refuseHTTP(StaticString)
        /// gRPC, but wrong: a status.
        case refuse(RPCError)
    }

    /// The method's path, as it came; kept from one request to the next, since it is often the same.
    private var knownPath: [UInt8] = []
    private var hasPath = false
    /// Counts the paths that differed from the one before: as long as it stays, so does the path.
    package private(set) var pathChanges = 0
    /// Nanoseconds from the arrival, where there is a timeout.
    package private(set) var timeout: Int64?
    /// How compressed messages of the request are compressed.
    package private(set) var encoding = Encoding.identity
    /// The client takes gzip'd messages.
    package private(set) var acceptsGzip = false
    /// Custom metadata, in order.
    package private(set) var metadata = Metadata()
    /// The last name that the client gave itself, kept from one request to the next since it hardly ever changes.
    private var knownAgent = ""
    private var knownAgentBytes: [UInt8] = []
    private var hasUserAgent = false

    /// The request asks for headers alone.
    package private(set) var isHead = false
    private var isPost = false
    private var hasContentType = false
    private var isGRPC = false
    private var listBytes = 0
    private var fault: RPCError?
    private let limit: Int

    /// An empty block that takes no more than so many bytes.
    package init(limit: Int) { self.limit = limit }

    /// Starts over for another request.
    package mutating func reset() {
        hasPath = false
        hasUserAgent = false
        timeout = nil
        encoding = .identity
        acceptsGzip = false
        metadata = Metadata()
        isPost = false
        isHead = false
        hasContentType = false
        isGRPC = false
        listBytes = 0
        fault = nil
    }

    /// Takes a field. nghttp2 has checked its characters.
    package mutating func add(name: UnsafeRawBufferPointer, value: UnsafeRawBufferPointer) {
        listBytes += name.count + value.count + 32
        // Over the limit nothing more is kept; the verdict tells.
        guard listBytes <= limit, let first = name.first else { return }
        switch first {
        case UInt8(ascii: ":"): addPseudo(name, value)
        case UInt8(ascii: "c") where name.isEqual("content-type"):
            hasContentType = true
            isGRPC = Self.isGRPC(value)
        // HTTP's and not the call's: nghttp2 has held the body to it.
        case UInt8(ascii: "c") where name.isEqual("content-length"): break
        case UInt8(ascii: "g") where name.starts(with: "grpc-"): addGRPC(name, value)
        case UInt8(ascii: "u") where name.isEqual("user-agent"): setUserAgent(value)
        case UInt8(ascii: "t") where name.isEqual("te"): break
        case UInt8(ascii: "a") where name.isEqual("accept-encoding"), UInt8(ascii: "a") where name.isEqual("accept"):
            break
        default: addCustom(name, value)
        }
    }

    private mutating func setUserAgent(_ value: UnsafeRawBufferPointer) {
        hasUserAgent = true
        guard !value.isEqual(knownAgentBytes) else { return }
        knownAgentBytes = Array(value)
        knownAgent = String(decoding: value, as: UTF8.self)
    }

    private mutating func addPseudo(_ name: UnsafeRawBufferPointer, _ value: UnsafeRawBufferPointer) {
        if name.isEqual(":path") {
            hasPath = true
            guard !value.isEqual(knownPath) else { return }
            knownPath = Array(value)
            pathChanges += 1
        } else if name.isEqual(":method") {
            isPost = value.isEqual("POST")
            isHead = !isPost && value.isEqual("HEAD")
        }
    }

    private mutating func addGRPC(_ name: UnsafeRawBufferPointer, _ value: UnsafeRawBufferPointer) {
        if name.isEqual("grpc-timeout") {
            timeout = TimeoutEncoding.decode(value)
            if timeout == nil { fault = RPCError(.invalidArgument, "The grpc-timeout is malformed.") }
        } else if name.isEqual("grpc-encoding") {
            if let known = Encoding(value) {
                encoding = known
            } else {
                let text = String(decoding: value, as: UTF8.self)
                fault = RPCError(.unimplemented, "The message encoding '\(text)' is not supported.")
            }
        } else if name.isEqual("grpc-accept-encoding") {
            acceptsGzip = Encoding.listHasGzip(value)
        } else if name.isEqual("grpc-trace-bin") || name.isEqual("grpc-tags-bin") {
            addCustom(name, value)
        }
    }

    private mutating func addCustom(_ name: UnsafeRawBufferPointer, _ value: UnsafeRawBufferPointer) {
        if !metadata.addReceived(name: name, value: value) {
            fault = RPCError(
                .invalidArgument, "The metadata '\(String(decoding: name, as: UTF8.self))' is no base64.")
        }
    }

    /// The method's path, as it came.
    package var path: [UInt8] { hasPath ? knownPath : [] }

    /// What the client calls itself.
    package var userAgent: String { hasUserAgent ? knownAgent : "" }

    /// The block was longer than we take.
    package var isOverLimit: Bool { listBytes > limit }

    /// The request is no POST.
    package var isOtherMethod: Bool { !isPost }

    /// The request is one that ends soon, and is best answered then: no stream of another protocol over POST, whose client
    /// may wait for the answer before it goes on.
    package var isPlain: Bool { !isOverLimit && !(isPost && hasContentType) }

    /// What becomes of the request, once the block is complete.
    package func verdict() -> Verdict {
        if isOverLimit { return .refuseHTTP("431") }
        if !isPost { return .refuseHTTP("405") }
        if !isGRPC { return .refuseHTTP("415") }
        if let fault { return .refuse(fault) }
        return .accept
    }

    /// `application/grpc`, alone or with a subtype (`+proto`) or parameters.
    package static func isGRPC(_ value: UnsafeRawBufferPointer) -> Bool {
        let type: StaticString = "application/grpc"
        guard value.starts(with: type) else { return false }
        guard value.count > type.utf8CodeUnitCount else { return true }
        let next = value[type.utf8CodeUnitCount]
        return next == UInt8(ascii: "+") || next == UInt8(ascii: ";")
    }
}

/// How a message is compressed.
package enum Encoding: Sendable {
    case identity
    case gzip

    /// The encoding of this name; nil for one that is not known.
    package init?(_ name: UnsafeRawBufferPointer) {
        if name.isEqual("identity") {
            self = .identity
        } else if name.isEqual("gzip") {
            self = .gzip
        } else {
            return nil
        }
    }

    /// Whether a comma-separated list names gzip.
    package static func listHasGzip(_ list: UnsafeRawBufferPointer) -> Bool {
        for name in list.split(separator: UInt8(ascii: ",")) {
            let trimmed = name.drop(while: { $0 == 0x20 })
            let end = trimmed.lastIndex(where: { $0 != 0x20 }).map { $0 + 1 } ?? trimmed.startIndex
            if UnsafeRawBufferPointer(rebasing: trimmed[trimmed.startIndex..<end]).isEqual("gzip") { return true }
        }
        return false
    }
}

extension Metadata {
    /// Adds a received field. False when a `-bin` value is no base64. A `-bin` value may be a comma-separated list.
    package mutating func addReceived(name: UnsafeRawBufferPointer, value: UnsafeRawBufferPointer) -> Bool {
        let text = String(decoding: name, as: UTF8.self)
        guard name.count > 4, UnsafeRawBufferPointer(rebasing: name[(name.count - 4)...]).isEqual("-bin") else {
            add(Entry(name: text, value: .ascii(String(decoding: value, as: UTF8.self))))
            return true
        }
        for part in value.split(separator: UInt8(ascii: ","), omittingEmptySubsequences: false) {
            let trimmed = part.drop(while: { $0 == 0x20 })
            guard let bytes = Base64.decode(trimmed.prefix(while: { $0 != 0x20 })) else { return false }
            add(Entry(name: text, value: .binary(bytes)))
        }
        return true
    }
}

extension UnsafeRawBufferPointer {
    /// Whether these are the literal's bytes.
    package func isEqual(_ literal: StaticString) -> Bool {
        count == literal.utf8CodeUnitCount && starts(with: literal)
    }

    /// Whether these are the same bytes.
    package func isEqual(_ bytes: [UInt8]) -> Bool {
        guard count == bytes.count, let base = baseAddress else { return count == bytes.count }
        return bytes.withUnsafeBytes { other in
            other.baseAddress.map { memcmp(base, $0, count) == 0 } ?? true
        }
    }

    /// Whether these bytes begin with the literal's.
    package func starts(with literal: StaticString) -> Bool {
        guard count >= literal.utf8CodeUnitCount, let base = baseAddress else { return false }
        return memcmp(base, literal.utf8Start, literal.utf8CodeUnitCount) == 0
    }
}

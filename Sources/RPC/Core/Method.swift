// SPDX-License-Identifier: Apache-2.0

import NIOCore

/// How messages of one type become bytes and come back.
public struct Marshaller<Value: Sendable>: Sendable {
    /// Reads a message. The bytes are valid during the call only. An error ends the call with INVALID_ARGUMENT on a
    /// server and with INTERNAL on a client, unless it is an `RPCError`.
    public let decode: @Sendable (UnsafeRawBufferPointer) throws -> Value
    /// Reads a message that travelled compressed, given as it was before; nil where that makes no difference, and
    /// `decode` reads all.
    public let decodeCompressed: (@Sendable (UnsafeRawBufferPointer) throws -> Value)?
    /// Appends the message to the buffer.
    public let encode: @Sendable (Value, inout ByteBuffer) throws -> Void

    /// A marshaller of two functions, or of three where it matters how a message travelled.
    public init(
        decode: @escaping @Sendable (UnsafeRawBufferPointer) throws -> Value,
        decodeCompressed: (@Sendable (UnsafeRawBufferPointer) throws -> Value)? = nil,
        encode: @escaping @Sendable (Value, inout ByteBuffer) throws -> Void
    ) {
        self.decode = decode
        self.decodeCompressed = decodeCompressed
        self.encode = encode
    }

    /// The function that reads a message that came in this way.
    func decoder(isCompressed: Bool) -> @Sendable (UnsafeRawBufferPointer) throws -> Value {
        guard isCompressed, let decodeCompressed else { return decode }
        return decodeCompressed
    }
}

extension Marshaller where Value == [UInt8] {
    /// The message is its bytes.
    public static var bytes: Marshaller<[UInt8]> {
        Marshaller(decode: { Array($0) }, encode: { value, buffer in buffer.writeBytes(value) })
    }
}

extension Marshaller where Value == ByteBuffer {
    /// The message is its bytes, in a buffer.
    public static var buffer: Marshaller<ByteBuffer> {
        Marshaller(
            decode: { ByteBuffer(bytes: $0) },
            encode: { value, buffer in
                var value = value
                buffer.writeBuffer(&value)
            })
    }
}

/// Which sides of a call stream.
public enum CallShape: Sendable, Hashable {
    /// One request, one response.
    case unary
    /// Many requests, one response.
    case clientStreaming
    /// One request, many responses.
    case serverStreaming
    /// Many of both, in any interleaving.
    case bidirectional

    /// The client sends any number of messages.
    public var clientStreams: Bool { self == .clientStreaming || self == .bidirectional }
    /// The server sends any number of messages.
    public var serverStreams: Bool { self == .serverStreaming || self == .bidirectional }
}

/// A method of a service: its name, its shape and how its messages travel.
public struct Method<Request: Sendable, Response: Sendable>: Sendable {
    /// As on the wire: `/package.Service/Name`.
    public let path: String
    /// Which sides stream.
    public let shape: CallShape
    /// Of requests.
    public let request: Marshaller<Request>
    /// Of responses.
    public let response: Marshaller<Response>

    /// A method by its path.
    public init(path: String, shape: CallShape, request: Marshaller<Request>, response: Marshaller<Response>) {
        self.path = path
        self.shape = shape
        self.request = request
        self.response = response
    }

    /// A method by its service's full name and its own.
    public init(
        service: String, name: String, shape: CallShape, request: Marshaller<Request>, response: Marshaller<Response>
    ) {
        self.init(path: "/\(service)/\(name)", shape: shape, request: request, response: response)
    }

    /// What is known of the method without its types.
    public var descriptor: MethodDescriptor { MethodDescriptor(path: path, shape: shape) }
}

/// A method's name and shape.
public struct MethodDescriptor: Sendable, Hashable {
    /// As on the wire: `/package.Service/Name`.
    public let path: String
    /// Which sides stream.
    public let shape: CallShape

    /// The full name of the service: `package.Service`.
    public var service: String {
        guard let slash = path.lastIndex(of: "/"), slash != path.startIndex else { return "" }
        return String(path[path.index(after: path.startIndex)..<slash])
    }

    /// The method's own name.
    public var name: String {
        guard let slash = path.lastIndex(of: "/") else { return path }
        return String(path[path.index(after: slash)...])
    }
}

// SPDX-License-Identifier: Apache-2.0

package import Messages
internal import NIOCore
package import RPC

extension Marshaller {
    /// Of requests: bytes that are no such message end a call with INVALID_ARGUMENT, and say what is wrong with them.
    package static func request() -> Marshaller<Value> where Value: Message {
        Marshaller(
            decode: { bytes in
                do throws(MessageError) {
                    return try Value(decoding: bytes)
                } catch {
                    throw RPCError(error)
                }
            },
            encode: { value, buffer in append(value, to: &buffer) })
    }

    /// Of responses: bytes that are no such message are the server's fault, and end a call with INTERNAL.
    package static func response() -> Marshaller<Value> where Value: Message {
        Marshaller(
            decode: { bytes in
                do throws(MessageError) {
                    return try Value(decoding: bytes)
                } catch {
                    throw RPCError(.internalError, "The server's response is \(error)", cause: error)
                }
            },
            encode: { value, buffer in append(value, to: &buffer) })
    }

    private static func append(_ value: Value, to buffer: inout ByteBuffer) where Value: Message {
        value.withEncoding { encoding in
            _ = buffer.writeWithUnsafeMutableBytes(minimumWritableBytes: encoding.size) { encoding.write(into: $0) }
        }
    }
}

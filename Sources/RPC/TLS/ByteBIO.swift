// SPDX-License-Identifier: Apache-2.0

import CTransport
import NIOCore

/// OpenSSL's source and sink: reads what the link just brought, in place, and appends what is to be sent to a buffer.
///
/// Owned by one `TLSSession`, which frees the BIO before it lets go of this object; the BIO holds it unretained.
final class ByteBIO {
    /// What came from the peer and OpenSSL has not read. Valid only while the session is being fed.
    @exclusivity(unchecked) var input = UnsafeRawBufferPointer(start: nil, count: 0)
    /// What OpenSSL wants sent.
    @exclusivity(unchecked) var output = ByteBuffer()

    fileprivate func read(_ target: UnsafeMutablePointer<CChar>, _ capacity: Int) -> Int {
        let count = min(capacity, input.count)
        guard count > 0, let base = input.baseAddress else { return 0 }
        UnsafeMutableRawPointer(target).copyMemory(from: base, byteCount: count)
        input = UnsafeRawBufferPointer(rebasing: input[count...])
        return count
    }

    fileprivate func write(_ source: UnsafePointer<CChar>, _ count: Int) {
        output.writeBytes(UnsafeRawBufferPointer(start: source, count: count))
    }

    /// A new BIO over this object. The caller owns it (`SSL_set_bio` takes it over).
    func makeBIO() -> OpaquePointer? {
        guard let bio = BIO_new(Self.method.pointer) else { return nil }
        BIO_set_data(bio, Unmanaged.passUnretained(self).toOpaque())
        BIO_set_init(bio, 1)
        BIO_set_shutdown(bio, 1)
        return bio
    }

    /// The method table, made once and kept for the life of the process.
    private struct MethodTable: @unchecked Sendable {
        // Sendable: OpenSSL only reads the table once it is complete.
        let pointer: OpaquePointer?
    }

    private static let method: MethodTable = {
        let table = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "trailhound bytes")
        BIO_meth_set_read(table, byteBIORead)
        BIO_meth_set_write(table, byteBIOWrite)
        BIO_meth_set_ctrl(table, byteBIOControl)
        return MethodTable(pointer: table)
    }()
}

private func owner(_ bio: OpaquePointer?) -> ByteBIO? {
    guard let data = BIO_get_data(bio) else { return nil }
    return Unmanaged<ByteBIO>.fromOpaque(data).takeUnretainedValue()
}

private func byteBIORead(_ bio: OpaquePointer?, _ target: UnsafeMutablePointer<CChar>?, _ capacity: Int32) -> Int32 {
    guard let bio, let target, capacity > 0, let owner = owner(bio) else { return 0 }
    CTransport_BIO_clear_retry_flags(bio)
    let count = owner.read(target, Int(capacity))
    if count == 0 {
        CTransport_BIO_set_retry_read(bio)
        return -1
    }
    return Int32(count)
}

private func byteBIOWrite(_ bio: OpaquePointer?, _ source: UnsafePointer<CChar>?, _ count: Int32) -> Int32 {
    guard let bio, let source, count > 0, let owner = owner(bio) else { return 0 }
    CTransport_BIO_clear_retry_flags(bio)
    owner.write(source, Int(count))
    return count
}

private func byteBIOControl(_: OpaquePointer?, _ command: Int32, _: Int, _: UnsafeMutableRawPointer?) -> Int {
    // Flushing always succeeds; nothing else is supported.
    command == BIO_CTRL_FLUSH ? 1 : 0
}

// SPDX-License-Identifier: Apache-2.0

/// A call's status as header fields.
enum StatusTrailers {
    /// The trailers of a call that ended in `error`, or went well where there is none, with the handler's metadata.
    /// Metadata that can't travel turns the status into INTERNAL.
    static func block(_ error: RPCError?, metadata: Metadata, isTrailersOnly: Bool) -> HeaderBlock {
        do throws(RPCError) {
            return try encode(error, metadata: metadata, isTrailersOnly: isTrailersOnly)
        } catch {
            return plain(error, isTrailersOnly: isTrailersOnly)
        }
    }

    private static func encode(
        _ error: RPCError?, metadata: Metadata, isTrailersOnly: Bool
    ) throws(RPCError) -> HeaderBlock {
        var block = plain(error, isTrailersOnly: isTrailersOnly)
        if let error {
            try block.add(error.metadata)
            if !error.details.isEmpty { block.add("grpc-status-details-bin", Base64.encode(error.details)) }
        }
        try block.add(metadata)
        return block
    }

    private static func plain(_ error: RPCError?, isTrailersOnly: Bool) -> HeaderBlock {
        var block = HeaderBlock()
        if isTrailersOnly {
            block.add(":status", "200")
            block.add("content-type", "application/grpc")
            if error?.code == .unimplemented { block.add("grpc-accept-encoding", "identity,gzip") }
        }
        block.add("grpc-status", String(error?.code.rawValue ?? 0).utf8)
        if let error, !error.message.isEmpty { block.add("grpc-message", PercentEncoding.encode(error.message)) }
        return block
    }
}

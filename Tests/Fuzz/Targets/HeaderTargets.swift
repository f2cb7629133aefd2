// SPDX-License-Identifier: Apache-2.0

import RPC

extension FuzzTarget {
    /// HPACK blocks, each the request of a stream, to a server's connection: the first byte of each is its length.
    package static let headers = FuzzTarget("headers") { input in
        var reader = InputReader(input)
        // The conversation's shorter form, after a good beginning.
        var conversation: [UInt8] = [3]
        var stream = 1
        while !reader.isEmpty, stream < 256 {
            let block = reader.bytes(Int(reader.byte()))
            // HEADERS with END_STREAM and END_HEADERS.
            conversation += [1, 5, UInt8(stream), 255, 0, UInt8(truncatingIfNeeded: block.count)] + block
            stream += 2
        }
        conversation.withUnsafeBytes { _ = serve($0) }
    }

    /// Header fields as they come out of HPACK, and the texts within them. The first byte says how long the name is.
    package static let encodings = FuzzTarget("encodings") { input in
        var reader = InputReader(input)
        let name = reader.bytes(Int(reader.byte()))
        let value = reader.all()
        var request = RequestHead(limit: 1024)
        request.add(name: name, value: value)
        _ = request.verdict()
        var response = ResponseHead(limit: 1024)
        response.add(name: name, value: value)
        _ = response.status
        _ = TimeoutEncoding.decode(value)
        _ = Encoding.listHasGzip(value)

        // What is decoded and encoded again says the same.
        let text = PercentEncoding.decode(value)
        let encoded = Array(PercentEncoding.encode(text))
        let again = encoded.withUnsafeBytes { PercentEncoding.decode($0) }
        require(again == text, "a percent-encoded text does not come back")
        if let bytes = Base64.decode(value) {
            require(Base64.decode(Array(Base64.encode(bytes))) == bytes, "base64 does not come back")
        }
    }
}

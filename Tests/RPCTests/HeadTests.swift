// SPDX-License-Identifier: Apache-2.0

import RPC
import Testing

/// What servers and clients make of header blocks.
@Suite struct HeadTests {
    private static let good = [
        (":method", "POST"), (":path", "/a.B/C"), (":scheme", "https"), ("te", "trailers"),
        ("content-type", "application/grpc+proto"),
    ]

    private static func head(_ fields: [(String, String)], limit: Int = 1000) -> RequestHead {
        var head = RequestHead(limit: limit)
        for (name, value) in fields {
            withBytes(name) { name in withBytes(value) { head.add(name: name, value: $0) } }
        }
        return head
    }

    private static func verdict(_ fields: [(String, String)], limit: Int = 1000) -> String {
        switch head(fields, limit: limit).verdict() {
        case .accept: "accept"
        case .refuseHTTP(let status): "HTTP \(status)"
        case .refuse(let error): "\(error.code)"
        }
    }

    @Test func aRequestIsTakenApart() {
        let head = Self.head(
            Self.good + [
                ("grpc-timeout", "5S"), ("grpc-encoding", "gzip"), ("grpc-accept-encoding", "deflate , gzip"),
                ("x-one", "1"), ("x-bin", "AQI"), ("x-one", "2"), ("user-agent", "me"), ("grpc-unknown", "x"),
            ])
        #expect(String(decoding: head.path, as: UTF8.self) == "/a.B/C")
        #expect(head.timeout == 5_000_000_000)
        #expect(head.encoding == .gzip)
        #expect(head.acceptsGzip)
        #expect(head.metadata.map(\.name) == ["x-one", "x-bin", "x-one"])
        #expect(head.userAgent == "me")
    }

    @Test func verdicts() {
        #expect(Self.verdict(Self.good) == "accept")
        #expect(Self.verdict(Self.good.filter { $0.0 != "content-type" }) == "HTTP 415")
        #expect(Self.verdict(Self.good.dropLast() + [("content-type", "application/grpcx")]) == "HTTP 415")
        #expect(Self.verdict(Self.good.dropLast() + [("content-type", "application/grpc;v=1")]) == "accept")
        #expect(Self.verdict([(":method", "GET")] + Self.good.dropFirst()) == "HTTP 405")
        #expect(Self.verdict(Self.good + [("grpc-timeout", "soon")]) == "INVALID_ARGUMENT")
        #expect(Self.verdict(Self.good + [("grpc-encoding", "br")]) == "UNIMPLEMENTED")
        #expect(Self.verdict(Self.good + [("x-bin", "*")]) == "INVALID_ARGUMENT")
        #expect(Self.verdict(Self.good + [("x", String(repeating: "y", count: 1000))]) == "HTTP 431")
    }

    @Test func resettingForgets() {
        var head = Self.head(
            Self.good + [("grpc-timeout", "5S"), ("x-one", "1"), ("grpc-encoding", "br"), ("user-agent", "me")])
        head.reset()
        for (name, value) in Self.good {
            withBytes(name) { name in withBytes(value) { head.add(name: name, value: $0) } }
        }
        #expect(head.timeout == nil)
        #expect(head.userAgent == "")
        #expect(head.metadata.isEmpty)
        if case .accept = head.verdict() { return }
        Issue.record("The fault of the request before is still there.")
    }

    static func response(_ fields: [(String, String)]) -> ResponseHead {
        var head = ResponseHead(limit: 1000)
        for (name, value) in fields {
            withBytes(name) { name in withBytes(value) { head.add(name: name, value: $0) } }
        }
        return head
    }

    @Test func statusOfTrailers() {
        let head = Self.response([
            ("grpc-status", "5"), ("grpc-message", "no%20such"), ("grpc-status-details-bin", "AQID"), ("x", "y"),
        ])
        guard case .failure(let error) = head.status else {
            Issue.record("There is a status.")
            return
        }
        #expect(error.code == .notFound)
        #expect(error.message == "no such")
        #expect(error.details == [1, 2, 3])
        #expect(error.metadata["x"] == "y")
        #expect(Self.response([("x", "y")]).status == nil)
    }
}

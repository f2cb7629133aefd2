// SPDX-License-Identifier: Apache-2.0

import RPC

/// A message that knows how it travelled.
protocol TestMessage: WireMessage {
    /// It came compressed. Not a field.
    var wasCompressed: Bool { get set }
}

extension TestMessage {
    /// How the message travels.
    static var marshaller: Marshaller<Self> {
        Marshaller(
            decode: { try Self(decoding: $0) },
            decodeCompressed: { bytes in
                var message = try Self(decoding: bytes)
                message.wasCompressed = true
                return message
            },
            encode: { message, buffer in buffer.writeBytes(message.encoded) })
    }
}

/// `grpc.testing.Empty`.
struct Empty: TestMessage {
    var wasCompressed = false

    mutating func take(_ field: Int, _ value: WireValue) throws {}
    func write(to writer: inout WireWriter) {}
}

/// `grpc.testing.BoolValue`: a flag that can be missing.
struct BoolValue: WireMessage {
    var value = false

    mutating func take(_ field: Int, _ value: WireValue) throws {
        if field == 1 { self.value = try value.number() != 0 }
    }

    func write(to writer: inout WireWriter) { writer.number(1, value ? 1 : 0) }
}

/// `grpc.testing.Payload`.
struct Payload: WireMessage {
    var type: UInt64 = 0
    var body: [UInt8] = []

    /// So many zeros.
    static func zeros(_ count: Int) -> Payload { Payload(body: [UInt8](repeating: 0, count: count)) }

    mutating func take(_ field: Int, _ value: WireValue) throws {
        switch field {
        case 1: type = try value.number()
        case 2: body = Array(try value.bytes())
        default: break
        }
    }

    func write(to writer: inout WireWriter) {
        writer.number(1, type)
        writer.bytes(2, body)
    }
}

/// `grpc.testing.EchoStatus`: the status that the call shall end with.
struct EchoStatus: WireMessage {
    var code: Int32 = 0
    var message = ""

    mutating func take(_ field: Int, _ value: WireValue) throws {
        switch field {
        case 1: code = try value.int32()
        case 2: message = String(decoding: try value.bytes(), as: UTF8.self)
        default: break
        }
    }

    func write(to writer: inout WireWriter) {
        writer.int32(1, code)
        writer.bytes(2, message.utf8)
    }
}

/// `grpc.testing.SimpleRequest`, without the fields of the cases for authentication and load balancing.
struct SimpleRequest: TestMessage {
    var wasCompressed = false
    var responseType: UInt64 = 0
    var responseSize: Int32 = 0
    var payload: Payload?
    var responseCompressed: BoolValue?
    var responseStatus: EchoStatus?
    var expectCompressed: BoolValue?

    mutating func take(_ field: Int, _ value: WireValue) throws {
        switch field {
        case 1: responseType = try value.number()
        case 2: responseSize = try value.int32()
        case 3: payload = try Payload(decoding: value.bytes())
        case 6: responseCompressed = try BoolValue(decoding: value.bytes())
        case 7: responseStatus = try EchoStatus(decoding: value.bytes())
        case 8: expectCompressed = try BoolValue(decoding: value.bytes())
        default: break
        }
    }

    func write(to writer: inout WireWriter) {
        writer.number(1, responseType)
        writer.int32(2, responseSize)
        writer.message(3, payload)
        writer.message(6, responseCompressed)
        writer.message(7, responseStatus)
        writer.message(8, expectCompressed)
    }
}

/// `grpc.testing.SimpleResponse`.
struct SimpleResponse: TestMessage {
    var wasCompressed = false
    var payload: Payload?

    mutating func take(_ field: Int, _ value: WireValue) throws {
        if field == 1 { payload = try Payload(decoding: value.bytes()) }
    }

    func write(to writer: inout WireWriter) { writer.message(1, payload) }
}

/// `grpc.testing.StreamingInputCallRequest`.
struct StreamingInputCallRequest: TestMessage {
    var wasCompressed = false
    var payload: Payload?
    var expectCompressed: BoolValue?

    mutating func take(_ field: Int, _ value: WireValue) throws {
        switch field {
        case 1: payload = try Payload(decoding: value.bytes())
        case 2: expectCompressed = try BoolValue(decoding: value.bytes())
        default: break
        }
    }

    func write(to writer: inout WireWriter) {
        writer.message(1, payload)
        writer.message(2, expectCompressed)
    }
}

/// `grpc.testing.StreamingInputCallResponse`.
struct StreamingInputCallResponse: TestMessage {
    var wasCompressed = false
    var aggregatedPayloadSize: Int32 = 0

    mutating func take(_ field: Int, _ value: WireValue) throws {
        if field == 1 { aggregatedPayloadSize = try value.int32() }
    }

    func write(to writer: inout WireWriter) { writer.int32(1, aggregatedPayloadSize) }
}

/// `grpc.testing.ResponseParameters`: one response that is asked for.
struct ResponseParameters: WireMessage {
    var size: Int32 = 0
    var intervalMicroseconds: Int32 = 0
    var compressed: BoolValue?

    mutating func take(_ field: Int, _ value: WireValue) throws {
        switch field {
        case 1: size = try value.int32()
        case 2: intervalMicroseconds = try value.int32()
        case 3: compressed = try BoolValue(decoding: value.bytes())
        default: break
        }
    }

    func write(to writer: inout WireWriter) {
        writer.int32(1, size)
        writer.int32(2, intervalMicroseconds)
        writer.message(3, compressed)
    }
}

/// `grpc.testing.StreamingOutputCallRequest`.
struct StreamingOutputCallRequest: TestMessage {
    var wasCompressed = false
    var responseType: UInt64 = 0
    var responseParameters: [ResponseParameters] = []
    var payload: Payload?
    var responseStatus: EchoStatus?

    mutating func take(_ field: Int, _ value: WireValue) throws {
        switch field {
        case 1: responseType = try value.number()
        case 2: responseParameters.append(try ResponseParameters(decoding: value.bytes()))
        case 3: payload = try Payload(decoding: value.bytes())
        case 7: responseStatus = try EchoStatus(decoding: value.bytes())
        default: break
        }
    }

    func write(to writer: inout WireWriter) {
        writer.number(1, responseType)
        for parameters in responseParameters { writer.message(2, parameters) }
        writer.message(3, payload)
        writer.message(7, responseStatus)
    }
}

/// `grpc.testing.StreamingOutputCallResponse`.
struct StreamingOutputCallResponse: TestMessage {
    var wasCompressed = false
    var payload: Payload?

    mutating func take(_ field: Int, _ value: WireValue) throws {
        if field == 1 { payload = try Payload(decoding: value.bytes()) }
    }

    func write(to writer: inout WireWriter) { writer.message(1, payload) }
}

// SPDX-License-Identifier: Apache-2.0

/// Writes the methods, the server's protocol and the client of each service.
struct SwiftContract {
    var schema: Schema
    private let types: SwiftMessages

    init(_ schema: Schema, _ types: SwiftMessages) {
        self.schema = schema
        self.types = types
    }

    /// The services of one file.
    func source(_ file: Schema.File) throws -> String {
        var out = SourceText(swiftFrom: file.path)
        out.line("package import Messages")
        out.line("package import RPC")
        for service in file.services {
            out.line()
            let text = try ServiceText(service, types)
            text.write(&out)
        }
        return out.text
    }
}

/// The text of one service.
private struct ServiceText {
    private struct Call {
        var name: String
        var protoName: String
        var comment: String
        var request: String
        var response: String
        var streamsRequests: Bool
        var streamsResponses: Bool

        var shape: String {
            switch (streamsRequests, streamsResponses) {
            case (false, false): "unary"
            case (true, false): "clientStreaming"
            case (false, true): "serverStreaming"
            case (true, true): "bidirectional"
            }
        }
    }

    private let service: Schema.Service
    private let swiftName: String
    private let calls: [Call]

    init(_ service: Schema.Service, _ types: SwiftMessages) throws {
        self.service = service
        swiftName = (Names.namespace(service.package) ?? "") + service.name
        calls = try service.methods.map {
            Call(
                name: Names.escaped(Names.lowerCamel($0.name)), protoName: $0.name, comment: $0.comment,
                request: try types.swiftName($0.request), response: try types.swiftName($0.response),
                streamsRequests: $0.streamsRequests, streamsResponses: $0.streamsResponses)
        }
    }

    func write(_ out: inout SourceText) {
        methods(&out)
        out.line()
        provider(&out)
        out.line()
        registration(&out)
        out.line()
        client(&out)
    }

    private func methods(_ out: inout SourceText) {
        out.doc(service.comment, or: "The service `\(service.fullName)`.")
        out.block("package enum \(swiftName)") { out in
            out.doc("", or: "The full name of the service.")
            out.line("package static let name = \"\(service.fullName)\"")
            for call in calls {
                out.line()
                out.doc(call.comment, or: "The method `\(call.protoName)`.")
                out.line("package static let \(call.name) = Method<\(call.request), \(call.response)>(")
                out.line("    service: name, name: \"\(call.protoName)\", shape: .\(call.shape),")
                out.line("    request: .request(), response: .response())")
            }
        }
    }

    private func provider(_ out: inout SourceText) {
        out.doc("", or: "What a server of `\(service.fullName)` does.")
        out.block("package protocol \(swiftName)Provider: Sendable") { out in
            for (index, call) in calls.enumerated() {
                if index > 0 { out.line() }
                let request =
                    call.streamsRequests ? "_ requests: RequestStream<\(call.request)>" : "_ request: \(call.request)"
                out.doc(call.comment, or: "Answers `\(call.protoName)`.")
                out.line("func \(call.name)(")
                out.indented { out in
                    out.line(request + ",")
                    if call.streamsResponses { out.line("_ responses: ResponseWriter<\(call.response)>,") }
                    out.line("_ context: CallContext")
                }
                out.line(") async throws" + (call.streamsResponses ? "" : " -> \(call.response)"))
            }
        }
    }

    private func registration(_ out: inout SourceText) {
        out.block("extension Router") { out in
            out.doc("", or: "Has the provider answer the calls of `\(service.fullName)`.")
            out.block("package mutating func register(_ provider: some \(swiftName)Provider)") { out in
                for call in calls {
                    let arguments = call.streamsResponses ? "input, responses, context" : "input, context"
                    out.line("\(call.shape)(\(swiftName).\(call.name)) { \(arguments) in")
                    out.line("    try await provider.\(call.name)(\(arguments))")
                    out.line("}")
                }
            }
        }
    }

    private func client(_ out: inout SourceText) {
        out.doc("", or: "Calls the methods of `\(service.fullName)`.")
        out.block("package struct \(swiftName)Client: Sendable") { out in
            out.line("private let client: Client")
            out.line()
            out.doc("", or: "Calls over the client's connection.")
            out.block("package init(_ client: Client)") { out in out.line("self.client = client") }
            for call in calls {
                out.line()
                out.doc(call.comment, or: "Calls `\(call.protoName)`.")
                clientCall(call, &out)
            }
        }
    }

    private func clientCall(_ call: Call, _ out: inout SourceText) {
        let options = "options: CallOptions = CallOptions()"
        let target = "\(swiftName).\(call.name)"
        let (parameters, result, arguments) =
            switch (call.streamsRequests, call.streamsResponses) {
            case (false, false): (["_ request: \(call.request)", options], call.response, "request, options: options")
            case (false, true):
                (
                    ["_ request: \(call.request)", options], "ResponseStream<\(call.response)>",
                    "request, options: options"
                )
            case (true, true):
                ([options], "BidirectionalStream<\(call.request), \(call.response)>", "options: options")
            case (true, false):
                (
                    [options, "_ body: @Sendable (RequestWriter<\(call.request)>) async throws -> Void"], call.response,
                    "options: options, body"
                )
            }
        out.line("package func \(call.name)(")
        out.line("    " + parameters.joined(separator: ", "))
        out.block(") async throws -> \(result)") { out in
            out.line("try await client.\(call.shape)(\(target), \(arguments))")
        }
    }
}

// SPDX-License-Identifier: Apache-2.0

internal import Messages
package import RPC

/// The service grpc.reflection, v1 and v1alpha: tells clients like grpcurl which services there are and how their
/// messages are built.
package struct Reflection: Sendable {
    private typealias Request = GrpcReflectionV1.ServerReflectionRequest
    private typealias Response = GrpcReflectionV1.ServerReflectionResponse

    private let services: [String]
    private let placesByPath: [String: Int]
    private let placesBySymbol: [String: Int]

    /// Tells of these services.
    private init(services: [String]) {
        self.services = services
        placesByPath = Dictionary(uniqueKeysWithValues: ProtoFile.all.enumerated().map { ($1.path, $0) })
        placesBySymbol = Dictionary(
            ProtoFile.all.enumerated().flatMap { place, file in file.symbols.map { ($0, place) } },
            uniquingKeysWith: { first, _ in first })
    }

    /// Serves both versions of reflection over the services that are registered by now, itself included.
    package static func register(in router: inout Router) {
        let own = [GrpcReflectionV1ServerReflection.name, GrpcReflectionV1alphaServerReflection.name]
        let reflection = Reflection(services: Set(router.services + own).sorted())
        for name in own {
            // The two versions differ in their package's name alone, so v1's messages serve for both.
            let method = Method<Request, Response>(
                service: name, name: "ServerReflectionInfo", shape: .bidirectional, request: .request(),
                response: .response())
            router.bidirectional(method) { requests, responses, _ in
                for try await request in requests { try await responses.write(reflection.answer(request)) }
            }
        }
    }

    private func answer(_ request: Request) -> Response {
        Response(validHost: request.host, originalRequest: request, messageResponse: content(request))
    }

    private func content(_ request: Request) -> Response.MessageResponse {
        switch request.messageRequest {
        case .fileByFilename(let path):
            files(placesByPath[path], "file \(path)")
        case .fileContainingSymbol(let symbol):
            files(placesBySymbol[symbol], "symbol \(symbol)")
        case .fileContainingExtension(let wanted):
            // proto3 has no extensions.
            notFound("extension \(wanted.extensionNumber) of \(wanted.containingType)")
        case .allExtensionNumbersOfType(let type):
            placesBySymbol[type] == nil
                ? notFound("type \(type)") : .allExtensionNumbersResponse(.init(baseTypeName: type))
        case .listServices:
            .listServicesResponse(.init(service: services.map { .init(name: $0) }))
        case nil:
            error(.invalidArgument, "The request asks for nothing that this server knows.")
        }
    }

    /// A file, and after it those that it imports in any number of steps.
    private func files(_ place: Int?, _ what: String) -> Response.MessageResponse {
        guard let place else { return notFound(what) }
        var found = [place]
        var next = 0
        while next < found.count {
            for path in ProtoFile.all[found[next]].dependencies {
                if let dependency = placesByPath[path], !found.contains(dependency) { found.append(dependency) }
            }
            next += 1
        }
        return .fileDescriptorResponse(.init(fileDescriptorProto: found.map { ProtoFile.all[$0].descriptor }))
    }

    private func notFound(_ what: String) -> Response.MessageResponse {
        error(.notFound, "There is no \(what).")
    }

    private func error(_ code: StatusCode, _ message: String) -> Response.MessageResponse {
        .errorResponse(.init(errorCode: Int32(clamping: code.rawValue), errorMessage: message))
    }
}

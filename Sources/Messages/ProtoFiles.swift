// SPDX-License-Identifier: Apache-2.0

internal import CMessages

/// One of the .proto files that this program was built from, for reflection.
package struct ProtoFile: Sendable {
    /// The path that imports name, for example `trailhound/v1/alert.proto`.
    package let path: String
    /// The full names of the services that it declares.
    package let services: [String]
    /// The full names of all that it declares: services, methods, messages, fields, enums, values.
    package let symbols: [String]
    /// The paths of the files that it imports.
    package let dependencies: [String]
    /// The serialized google.protobuf.FileDescriptorProto.
    package let descriptor: Bytes

    /// All files; every one comes after those that it imports.
    package static let all: [ProtoFile] = (0..<trailhound_proto_file_count()).map { ProtoFile(at: $0) }

    private init(at place: Int) {
        let file = trailhound_proto_file_at(place).pointee
        path = String(cString: file.path)
        services = Self.strings(file.n_services, file.services)
        symbols = Self.strings(file.n_symbols, file.symbols)
        dependencies = (0..<file.n_dependencies).map {
            String(cString: trailhound_proto_file_at(file.dependencies[$0]).pointee.path)
        }
        let bytes = UnsafeRawBufferPointer(start: file.descriptor, count: file.descriptor_size)
        descriptor = Bytes(viewingConstant: bytes)
    }

    private static func strings(
        _ count: Int, _ start: UnsafePointer<UnsafePointer<CChar>?>
    ) -> [String] {
        (0..<count).compactMap { start[$0].map { String(cString: $0) } }
    }
}

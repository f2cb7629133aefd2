// SPDX-License-Identifier: Apache-2.0

/// Writes the C files that stand beside protoc-c's output.
struct CSupport {
    var schema: Schema

    /// The header that imports everything into Swift.
    func umbrella() -> String {
        var out = SourceText(cFor: "Everything of the module.")
        out.line("#pragma once")
        out.line()
        for file in schema.files { out.line("#include \"\(file.path.replacingSuffix(".proto", with: ".pb-c.h"))\"") }
        out.line("#include \"Descriptors.h\"")
        return out.text
    }

    /// The module map.
    func moduleMap() -> String {
        """
        module CMessages {
            umbrella header "CMessages.h"
            export *
        }

        """
    }

    /// Accessors of protobuf-c's message descriptors, whose addresses Swift can't take, and of the files' descriptors.
    func header() -> String {
        var out = SourceText(cFor: "Descriptors of the messages and of the files that declare them.")
        out.line("#pragma once")
        out.line()
        out.line("#include <stddef.h>")
        out.line("#include <stdint.h>")
        for file in schema.files { out.line("#include \"\(file.path.replacingSuffix(".proto", with: ".pb-c.h"))\"") }
        out.line()
        for message in schema.allMessages {
            let name = Names.cFunction(message.fullName)
            out.line("static inline const ProtobufCMessageDescriptor *trailhound_descriptor_\(name)(void) {")
            out.line("    return &\(name)__descriptor;")
            out.line("}")
        }
        out.line()
        out.line("/* One .proto file. */")
        out.line("typedef struct {")
        out.line("    /* Its path, NUL-terminated. */")
        out.line("    const char *path;")
        out.line("    /* The serialized FileDescriptorProto. */")
        out.line("    const uint8_t *descriptor;")
        out.line("    size_t descriptor_size;")
        out.line("    /* The places of the files that it imports. */")
        out.line("    const size_t *dependencies;")
        out.line("    size_t n_dependencies;")
        out.line("    /* The full names of what it declares. */")
        out.line("    const char *const *symbols;")
        out.line("    size_t n_symbols;")
        out.line("    /* The full names of its services. */")
        out.line("    const char *const *services;")
        out.line("    size_t n_services;")
        out.line("} trailhound_proto_file;")
        out.line()
        out.line("size_t trailhound_proto_file_count(void);")
        out.line("/* The file at a place below the count, a constant of the program. */")
        out.line("const trailhound_proto_file *trailhound_proto_file_at(size_t place);")
        return out.text
    }

    /// The tables behind the header.
    func source() throws -> String {
        var out = SourceText(cFor: "The serialized descriptors of the .proto files.")
        out.line("#include \"Descriptors.h\"")
        for (place, file) in schema.files.enumerated() {
            out.line()
            bytes(file.descriptor, "descriptor_\(place)", &out)
            let dependencies = try file.dependencies.map { dependency in
                guard let place = schema.files.firstIndex(where: { $0.path == dependency }) else {
                    throw GeneratorError("\(file.path) imports \(dependency), which is not in the set")
                }
                return String(place)
            }
            // One element more than counted, because C has no empty arrays.
            out.line(
                "static const size_t dependencies_\(place)[] = {\((dependencies + ["0"]).joined(separator: ", "))};")
            strings(symbols(file), "symbols_\(place)", &out)
            strings(file.services.map(\.fullName), "services_\(place)", &out)
        }
        out.line()
        out.line("static const trailhound_proto_file files[] = {")
        for (place, file) in schema.files.enumerated() {
            out.line("    {\"\(file.path)\", descriptor_\(place), sizeof descriptor_\(place),")
            out.line(
                "     dependencies_\(place), \(file.dependencies.count), symbols_\(place), \(symbols(file).count),")
            out.line("     services_\(place), \(file.services.count)},")
        }
        out.line("};")
        out.line()
        out.line("size_t trailhound_proto_file_count(void) { return sizeof files / sizeof *files; }")
        out.line()
        out.line("const trailhound_proto_file *trailhound_proto_file_at(size_t place) { return &files[place]; }")
        return out.text
    }

    private func symbols(_ file: Schema.File) -> [String] {
        var symbols: [String] = []
        func add(_ enums: [Schema.EnumType]) {
            for type in enums {
                symbols.append(type.fullName)
                // The scope of an enum's values is the one around the enum.
                let scope = type.fullName.split(separator: ".").dropLast().joined(separator: ".")
                symbols += type.values.map { "\(scope).\($0.name)" }
            }
        }
        add(file.enums)
        for message in Schema(files: [file]).allMessages {
            symbols.append(message.fullName)
            symbols += message.fields.map { "\(message.fullName).\($0.name)" }
            symbols += message.oneofs.map { "\(message.fullName).\($0.name)" }
            add(message.enums)
        }
        for service in file.services {
            symbols.append(service.fullName)
            symbols += service.methods.map { "\(service.fullName).\($0.name)" }
        }
        return symbols
    }

    private func bytes(_ bytes: [UInt8], _ name: String, _ out: inout SourceText) {
        out.line("static const uint8_t \(name)[] = {")
        for start in stride(from: 0, to: bytes.count, by: 24) {
            let row = bytes[start..<min(start + 24, bytes.count)].map(String.init)
            out.line("    " + row.joined(separator: ", ") + ",")
        }
        out.line("};")
    }

    private func strings(_ strings: [String], _ name: String, _ out: inout SourceText) {
        out.line("static const char *const \(name)[] = {")
        for string in strings { out.line("    \"\(string)\",") }
        out.line("    0};")
    }
}

// SPDX-License-Identifier: Apache-2.0

import Foundation

// Two steps of Protos/generate.sh:
//   protoc-gen-trailhound strings-as-bytes SET OUTPUT   writes the set that protoc-c is to read
//   protoc-gen-trailhound generate SET ROOT             writes the Swift and C files below ROOT/Sources

func write(_ text: String, to path: String) throws {
    let url = URL(fileURLWithPath: path)
    try FileManager.default.createDirectory(at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
    try Data(text.utf8).write(to: url)
}

func generate(_ set: DescriptorSet, below root: String) throws {
    let schema = try set.schema()
    try schema.refuseRecursion()
    let messages = SwiftMessages(schema)
    let contract = SwiftContract(schema, messages)
    try write(messages.namespaces(), to: "\(root)/Sources/Messages/Generated/Namespaces.swift")
    try write(try messages.typeList(), to: "\(root)/Sources/Messages/Generated/MessageTypes.swift")
    for file in schema.files {
        let stem = Names.fileStem(file.path)
        try write(try messages.source(file), to: "\(root)/Sources/Messages/Generated/\(stem).swift")
        if !file.services.isEmpty {
            try write(try contract.source(file), to: "\(root)/Sources/Contract/Generated/\(stem)Service.swift")
        }
    }
    let support = CSupport(schema: schema)
    try write(support.umbrella(), to: "\(root)/Sources/CMessages/include/CMessages.h")
    try write(support.moduleMap(), to: "\(root)/Sources/CMessages/include/module.modulemap")
    try write(support.header(), to: "\(root)/Sources/CMessages/include/Descriptors.h")
    try write(try support.source(), to: "\(root)/Sources/CMessages/Descriptors.c")
}

func run(_ arguments: [String]) throws {
    guard arguments.count == 3, ["strings-as-bytes", "generate"].contains(arguments[0]) else {
        throw GeneratorError("usage: protoc-gen-trailhound strings-as-bytes SET OUTPUT | generate SET ROOT")
    }
    let set = try DescriptorSet(decoding: [UInt8](Data(contentsOf: URL(fileURLWithPath: arguments[1]))))
    if arguments[0] == "generate" {
        try generate(set, below: arguments[2])
    } else {
        try Data(set.encodedWithStringsAsBytes()).write(to: URL(fileURLWithPath: arguments[2]))
    }
}

do {
    try run(Array(CommandLine.arguments.dropFirst()))
} catch {
    FileHandle.standardError.write(Data("protoc-gen-trailhound: \(error)\n".utf8))
    exit(1)
}

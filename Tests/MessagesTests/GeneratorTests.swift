// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

/// The generator and the script around it, as `make proto` runs them. `make deps` installs protoc and protoc-c; without
/// them these tests say that they are skipped.
@Suite(.enabled(if: GeneratorRun.toolsAreThere, "protoc or protoc-c is not installed; run: make deps"))
struct GeneratorTests {
    private static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().path

    @Test func theCommittedCodeMatchesTheProtos() throws {
        let run = try GeneratorRun()
        let check = try run.tool("\(Self.root)/Protos/generate.sh", ["--check"])
        #expect(check.status == 0, "\(check.output)")
    }

    @Test(arguments: [
        "Sources/Messages/Generated/TrailhoundV1Alert.swift", "Sources/CMessages/trailhound/v1/alert.pb-c.c",
        "Sources/Contract/Generated/TrailhoundV1AlertService.swift", "Protos/trailhound/v1/alert.proto",
    ])
    func aCheckFindsWhatWasChanged(file: String) throws {
        let run = try GeneratorRun()
        for folder in [
            "Protos", "Sources/CDescriptor", "Sources/CMessages", "Sources/Messages/Generated",
            "Sources/Contract/Generated",
        ] {
            let target = "\(run.folder)/\(folder)"
            try FileManager.default.createDirectory(
                atPath: (target as NSString).deletingLastPathComponent, withIntermediateDirectories: true)
            try FileManager.default.copyItem(atPath: "\(Self.root)/\(folder)", toPath: target)
        }
        let script = "\(run.folder)/Protos/generate.sh"
        #expect(try run.tool(script, ["--check"]).status == 0)
        let path = "\(run.folder)/\(file)"
        let text = try String(contentsOfFile: path, encoding: .utf8)
        // Renames a field in whatever form the file has it.
        let changed = text.replacingOccurrences(of: "UpdateAlert", with: "ChangeAlert")
        #expect(changed != text)
        try changed.write(toFile: path, atomically: true, encoding: .utf8)
        let check = try run.tool(script, ["--check"])
        #expect(check.status == 1)
        #expect(check.output.contains("does not match the .proto files; run: make proto"))
    }

    @Test(arguments: [
        (
            "message A { B b = 1; } message B { repeated A a = 1; }",
            "a.A → a.B → a.A: a message must not contain itself"
        ),
        ("message A { map<string, string> m = 1; }", "maps and extensions are not generated"),
        ("message A { optional int32 n = 1; }", "`optional` is not generated"),
    ])
    func whatIsNotGeneratedIsRefused(body: String, complaint: String) throws {
        let result = try GeneratorRun().generate("syntax = \"proto3\"; package a; \(body)")
        #expect(result.status == 1)
        #expect(result.output.contains(complaint), "\(result.output)")
    }

    @Test func aCheckFindsAnotherDescriptorReader() throws {
        let run = try GeneratorRun()
        for folder in ["Protos", "Sources/CDescriptor"] {
            let target = "\(run.folder)/\(folder)"
            try FileManager.default.createDirectory(
                atPath: (target as NSString).deletingLastPathComponent, withIntermediateDirectories: true)
            try FileManager.default.copyItem(atPath: "\(Self.root)/\(folder)", toPath: target)
        }
        try "".write(toFile: "\(run.folder)/Sources/CDescriptor/descriptor.pb-c.c", atomically: true, encoding: .utf8)
        let check = try run.tool("\(run.folder)/Protos/generate.sh", ["--check"])
        #expect(check.status == 1)
        #expect(check.output.contains("descriptor.pb-c.c is not what this protoc-c writes"))
    }

    @Test func proto2IsRefused() throws {
        let result = try GeneratorRun().generate("syntax = \"proto2\"; package a; message A { required int32 n = 1; }")
        #expect(result.status == 1)
        #expect(result.output.contains("only proto3 is generated"))
    }

    @Test func garbageIsRefused() throws {
        let run = try GeneratorRun()
        try "no descriptor".write(toFile: "\(run.folder)/set", atomically: true, encoding: .utf8)
        for arguments in [["generate", "\(run.folder)/set", run.folder], ["generate", "none", run.folder], ["help"]] {
            #expect(try run.tool(GeneratorRun.generator, arguments).status == 1)
        }
    }

    @Test func namesThatSwiftReservesAreEscaped() throws {
        let run = try GeneratorRun()
        let result = try run.generate(
            """
            syntax = "proto3"; package trailhound.v1;
            enum Kind { KIND_UNSPECIFIED = 0; KIND_DEFAULT = 1; }
            message Type { string in = 1; Kind class = 2; bool operator = 3; string source_ip = 4; repeated Kind is = 5; }
            """)
        #expect(result.status == 0, "\(result.output)")
        let swift = try String(contentsOfFile: "\(run.folder)/Sources/Messages/Generated/A.swift", encoding: .utf8)
        for line in [
            "package struct TypeMessage: Message {", "package var `in`: String", "package var `class`: Kind",
            "package var sourceIP: String", "case `default`", "wire.pointee.class_ = ",
        ] {
            #expect(swift.contains(line), "\(line)")
        }
    }
}

/// One run of the generator, in a folder of its own.
private final class GeneratorRun {
    let folder: String

    /// The generator beside the tests' own binary: the build of this package that runs now.
    static let generator: String = {
        var folder = Bundle(for: GeneratorRun.self).bundleURL
        while folder.path != "/" {
            let candidate = folder.appendingPathComponent("protoc-gen-trailhound").path
            if FileManager.default.isExecutableFile(atPath: candidate) { return candidate }
            folder.deleteLastPathComponent()
        }
        return "protoc-gen-trailhound"
    }()

    static let toolsAreThere = ["protoc", "protoc-c"].allSatisfy {
        (try? start("/usr/bin/env", [$0, "--version"]))?.status == 0
    }

    init() throws {
        folder = FileManager.default.temporaryDirectory.appendingPathComponent("trailhound-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    }

    deinit {
        try? FileManager.default.removeItem(atPath: folder)
    }

    /// Generates from one .proto file.
    func generate(_ proto: String) throws -> (status: Int32, output: String) {
        try proto.write(toFile: "\(folder)/a.proto", atomically: true, encoding: .utf8)
        let compiled = try tool("/usr/bin/env", ["protoc", "-I\(folder)", "-o\(folder)/set", "a.proto"])
        #expect(compiled.status == 0, "\(compiled.output)")
        return try tool(Self.generator, ["generate", "\(folder)/set", folder])
    }

    func tool(_ path: String, _ arguments: [String]) throws -> (status: Int32, output: String) {
        try Self.start(path, arguments, environment: ["GENERATOR": Self.generator])
    }

    private static func start(
        _ path: String, _ arguments: [String], environment: [String: String] = [:]
    ) throws -> (status: Int32, output: String) {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: path)
        process.arguments = arguments
        process.environment = ProcessInfo.processInfo.environment.merging(environment) { _, new in new }
        let pipe = Pipe()
        process.standardOutput = pipe
        process.standardError = pipe
        process.standardInput = FileHandle.nullDevice
        try process.run()
        let output = pipe.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        return (process.terminationStatus, String(decoding: output, as: UTF8.self))
    }
}

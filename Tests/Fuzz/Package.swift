// swift-tools-version: 6.2
// SPDX-License-Identifier: Apache-2.0

import PackageDescription

let strict: [SwiftSetting] = [.treatAllWarnings(as: .error)]

let nioCore = Target.Dependency.product(name: "NIOCore", package: "swift-nio")
let nioPosix = Target.Dependency.product(name: "NIOPosix", package: "swift-nio")
let yams = Target.Dependency.product(name: "Yams", package: "Yams")
let nioEmbedded = Target.Dependency.product(name: "NIOEmbedded", package: "swift-nio")

/// A target of the project, seen through the link Sources/Trailhound, so that all of it is built for the fuzzer.
func fuzzed(_ name: String, _ dependencies: [Target.Dependency] = []) -> Target {
    .target(name: name, dependencies: dependencies, path: "Sources/Trailhound/\(name)", swiftSettings: strict)
}

/// The same for a target in C or C++ and what it links.
func fuzzed(_ name: String, linking libraries: [String]) -> Target {
    .target(
        name: name, path: "Sources/Trailhound/\(name)", linkerSettings: libraries.map { .linkedLibrary($0) })
}

let package = Package(
    name: "trailhound-fuzz",
    dependencies: [
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
        .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
    ],
    targets: [
        fuzzed("CTransport", linking: ["nghttp2", "ssl", "crypto", "z"]),
        fuzzed("RPC", ["CTransport", nioCore, nioPosix]),
        fuzzed("CMessages", linking: ["protobuf-c"]),
        fuzzed("Messages", ["CMessages"]),
        fuzzed("CJSON", linking: ["simdjson"]),
        fuzzed("JSON", ["CJSON"]),
        fuzzed("CZlib", linking: ["z"]),
        fuzzed("CDeflate", linking: ["deflate"]),
        fuzzed("CZstd", linking: ["zstd"]),
        fuzzed("CCrypto", linking: ["crypto"]),
        fuzzed("Cryptography", ["CCrypto"]),
        fuzzed("CloudTrail", ["CDeflate", "CJSON", "Cryptography", "CZlib", "CZstd", "JSON"]),
        fuzzed("CPCRE2", linking: ["pcre2-8"]),
        fuzzed("Sigma", ["CJSON", "CPCRE2", "JSON", yams]),
        fuzzed("Detect", ["CloudTrail", "JSON", "Sigma"]),
        .target(
            name: "FuzzTargets", dependencies: ["CloudTrail", "Detect", "Messages", "RPC", nioCore, nioEmbedded],
            path: "Targets",
            swiftSettings: strict),
        .executableTarget(name: "fuzz", dependencies: ["FuzzTargets"], swiftSettings: strict),
    ],
    cxxLanguageStandard: .cxx17
)

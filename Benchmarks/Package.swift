// swift-tools-version: 6.2
// SPDX-License-Identifier: Apache-2.0

import PackageDescription

let strict: [SwiftSetting] = [.treatAllWarnings(as: .error)]

let nioCore = Target.Dependency.product(name: "NIOCore", package: "swift-nio")
let nioPosix = Target.Dependency.product(name: "NIOPosix", package: "swift-nio")
let grdb = Target.Dependency.product(name: "GRDB", package: "GRDB.swift")
let grdbSQLite = Target.Dependency.product(name: "GRDBSQLite", package: "GRDB.swift")
let yams = Target.Dependency.product(name: "Yams", package: "Yams")

/// A target of the project, seen through the link Sources/Trailhound: what a package declares `package` is visible to
/// its own targets alone, and the benchmarks measure just that.
func measured(_ name: String, _ dependencies: [Target.Dependency] = []) -> Target {
    .target(name: name, dependencies: dependencies, path: "Sources/Trailhound/\(name)", swiftSettings: strict)
}

/// The same for a target in C or C++ and what it links.
func measured(_ name: String, linking libraries: [String]) -> Target {
    .target(
        name: name, path: "Sources/Trailhound/\(name)", linkerSettings: libraries.map { .linkedLibrary($0) })
}

let package = Package(
    name: "trailhound-benchmarks",
    dependencies: [
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
        .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
        .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
    ],
    targets: [
        measured("CTransport", linking: ["nghttp2", "ssl", "crypto", "z"]),
        measured("RPC", ["CTransport", nioCore, nioPosix]),
        measured("CMessages", linking: ["protobuf-c"]),
        measured("Messages", ["CMessages"]),
        measured("Contract", ["Messages", "RPC", nioCore]),
        measured("CJSON", linking: ["simdjson"]),
        measured("JSON", ["CJSON"]),
        measured("CZlib", linking: ["z"]),
        measured("CDeflate", linking: ["deflate"]),
        measured("CCrypto", linking: ["crypto"]),
        measured("Cryptography", ["CCrypto"]),
        measured("CloudTrail", ["CDeflate", "CJSON", "Cryptography", "CZlib", "CZstd", "JSON"]),
        measured("CPCRE2", linking: ["pcre2-8"]),
        measured("Sigma", ["CJSON", "CPCRE2", "JSON", yams]),
        measured("Detect", ["CloudTrail", "JSON", "Sigma"]),
        measured("CZstd", linking: ["zstd"]),
        measured("Journal", ["CloudTrail", "Cryptography", "CZstd", grdb, grdbSQLite]),
        measured("TestKit", ["RPC", nioCore]),

        .target(
            name: "BenchKit", dependencies: ["CloudTrail", "CZlib", "CZstd", "JSON", "TestKit"], swiftSettings: strict),
        .executableTarget(
            name: "detect-bench", dependencies: ["BenchKit", "CloudTrail", "Detect", "JSON", "Journal", "Sigma"],
            swiftSettings: strict),
        .executableTarget(
            name: "stream-bench", dependencies: ["BenchKit", "CloudTrail", "Detect"], swiftSettings: strict),
        .executableTarget(
            name: "journal-bench", dependencies: ["BenchKit", "CloudTrail", "Journal"], swiftSettings: strict),
        .executableTarget(
            name: "ingest-bench", dependencies: ["BenchKit", "Contract", "Messages", "RPC", "ServiceKit"],
            swiftSettings: strict),
        .target(
            name: "ServiceKit", dependencies: ["BenchKit", "Contract", "Messages", "RPC", nioCore],
            swiftSettings: strict),
        .executableTarget(
            name: "respond-bench", dependencies: ["BenchKit", "Contract", "Messages", "RPC", "ServiceKit", "TestKit"],
            swiftSettings: strict),
        .executableTarget(
            name: "subscribers-bench",
            dependencies: ["BenchKit", "Contract", "Messages", "RPC", "ServiceKit", "TestKit", nioPosix],
            swiftSettings: strict),
        .executableTarget(name: "rpc-bench", dependencies: ["RPC"], swiftSettings: strict),
    ],
    cxxLanguageStandard: .cxx17
)

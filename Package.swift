// swift-tools-version: 6.2
// SPDX-License-Identifier: Apache-2.0

import PackageDescription

/// Every Swift target: Swift 6 language mode (the default of these tools), complete concurrency checking, and a
/// warning is an error.
let strict: [SwiftSetting] = [.treatAllWarnings(as: .error)]

let nioCore = Target.Dependency.product(name: "NIOCore", package: "swift-nio")
let nioHTTP1 = Target.Dependency.product(name: "NIOHTTP1", package: "swift-nio")
let asyncHTTPClient = Target.Dependency.product(name: "AsyncHTTPClient", package: "async-http-client")
let nioEmbedded = Target.Dependency.product(name: "NIOEmbedded", package: "swift-nio")
let nioPosix = Target.Dependency.product(name: "NIOPosix", package: "swift-nio")
let grdb = Target.Dependency.product(name: "GRDB", package: "GRDB.swift")
let grdbSQLite = Target.Dependency.product(name: "GRDBSQLite", package: "GRDB.swift")
let argumentParser = Target.Dependency.product(name: "ArgumentParser", package: "swift-argument-parser")
let logging = Target.Dependency.product(name: "Logging", package: "swift-log")
let yams = Target.Dependency.product(name: "Yams", package: "Yams")

let package = Package(
    name: "trailhound",
    products: [
        .executable(name: "trailhoundd", targets: ["trailhoundd"]),
        .executable(name: "trailhound", targets: ["trailhound"]),
        .library(name: "RPC", targets: ["RPC"]),
        .library(name: "JSON", targets: ["JSON"]),
        .library(name: "Sigma", targets: ["Sigma"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
        .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
        .package(url: "https://github.com/swift-server/async-http-client", from: "1.37.0"),
    ],
    targets: [
        // The wire.
        .target(
            name: "CTransport",
            linkerSettings: [
                .linkedLibrary("nghttp2"), .linkedLibrary("ssl"), .linkedLibrary("crypto"), .linkedLibrary("z"),
            ]),
        .target(name: "RPC", dependencies: ["CTransport", nioCore, nioPosix], swiftSettings: strict),
        .testTarget(
            name: "RPCTests", dependencies: ["RPC", "TestKit", nioCore, nioEmbedded, nioPosix], exclude: ["Python"],
            swiftSettings: strict),
        .executableTarget(name: "rpc-interop", dependencies: ["RPC", argumentParser], swiftSettings: strict),
        .testTarget(
            name: "InteropTests", dependencies: ["TestKit", "rpc-interop"], exclude: ["Python"],
            swiftSettings: strict),
        .target(name: "CPKI", linkerSettings: [.linkedLibrary("ssl"), .linkedLibrary("crypto")]),
        .target(name: "PKI", dependencies: ["CPKI"], swiftSettings: strict),
        .testTarget(name: "PKITests", dependencies: ["PKI"], swiftSettings: strict),

        // The contract. protoc-gen-trailhound writes CMessages' support, Messages and Contract from Protos/.
        .target(name: "CDescriptor", linkerSettings: [.linkedLibrary("protobuf-c")]),
        .executableTarget(
            name: "protoc-gen-trailhound", dependencies: ["CDescriptor"], path: "Sources/MessagesGenerator",
            swiftSettings: strict),
        .target(name: "CMessages", linkerSettings: [.linkedLibrary("protobuf-c")]),
        .target(name: "Messages", dependencies: ["CMessages"], swiftSettings: strict),
        .target(name: "Contract", dependencies: ["Messages", "RPC", nioCore], swiftSettings: strict),
        .testTarget(
            name: "MessagesTests", dependencies: ["Messages", "protoc-gen-trailhound"], exclude: ["Python"],
            swiftSettings: strict),
        .testTarget(
            name: "ContractTests", dependencies: ["Contract", "Messages", "PKI", "RPC"], exclude: ["Python"],
            swiftSettings: strict),

        // What takes bytes from outside, as entries for a fuzzer. Tests/Fuzz is a package too, which libFuzzer drives.
        .target(
            name: "FuzzTargets", dependencies: ["CloudTrail", "Detect", "Messages", "RPC", nioCore, nioEmbedded],
            path: "Tests/Fuzz/Targets", swiftSettings: strict),
        .testTarget(name: "FuzzTests", dependencies: ["FuzzTargets", "RPC"], swiftSettings: strict),

        // Detection.
        .target(name: "CJSON", linkerSettings: [.linkedLibrary("simdjson")]),
        .target(name: "JSON", dependencies: ["CJSON"], swiftSettings: strict),
        .target(name: "CZlib", linkerSettings: [.linkedLibrary("z")]),
        .target(name: "CDeflate", linkerSettings: [.linkedLibrary("deflate")]),
        .target(
            name: "CloudTrail", dependencies: ["CDeflate", "CJSON", "Cryptography", "CZlib", "CZstd", "JSON"],
            swiftSettings: strict),
        .target(name: "CMaxMindDB", linkerSettings: [.linkedLibrary("maxminddb")]),
        .target(name: "GeoIP", dependencies: ["CMaxMindDB"], swiftSettings: strict),
        .testTarget(name: "GeoIPTests", dependencies: ["GeoIP"], swiftSettings: strict),
        .target(name: "CPCRE2", linkerSettings: [.linkedLibrary("pcre2-8")]),
        .target(name: "Sigma", dependencies: ["CJSON", "CPCRE2", "JSON", yams], swiftSettings: strict),
        .target(name: "Detect", dependencies: ["CloudTrail", "JSON", "Sigma"], swiftSettings: strict),
        .testTarget(
            name: "SigmaTests", dependencies: ["JSON", "Sigma"], exclude: ["Python"], swiftSettings: strict),
        .testTarget(name: "JSONTests", dependencies: ["JSON"], swiftSettings: strict),
        .testTarget(
            name: "CloudTrailTests",
            dependencies: ["AWSTestKit", "CloudTrail", "Cryptography", "CZlib", "CZstd", "JSON"],
            swiftSettings: strict),
        .testTarget(
            name: "DetectTests", dependencies: ["CloudTrail", "Detect", "JSON", "Sigma"], swiftSettings: strict),

        // AWS, and what is done there.
        .target(name: "CCrypto", linkerSettings: [.linkedLibrary("crypto")]),
        .target(name: "Cryptography", dependencies: ["CCrypto"], swiftSettings: strict),
        .target(
            name: "AWS", dependencies: ["Cryptography", asyncHTTPClient, nioCore, nioHTTP1, nioPosix],
            swiftSettings: strict),
        .target(name: "Collect", dependencies: ["AWS", "CloudTrail", "Cryptography", "JSON"], swiftSettings: strict),
        .testTarget(
            name: "CollectTests", dependencies: ["AWS", "AWSTestKit", "CloudTrail", "Collect"], swiftSettings: strict),
        .target(
            name: "Onboard", dependencies: ["AWS", "CloudTrail", "Collect", "Cryptography", "Respond"],
            swiftSettings: strict),
        .testTarget(
            name: "OnboardTests", dependencies: ["AWS", "AWSTestKit", "CloudTrail", "Onboard", "Respond", yams],
            swiftSettings: strict),
        .target(name: "Respond", dependencies: ["AWS", "CloudTrail", "Detect"], swiftSettings: strict),
        .executableTarget(
            name: "respond-crasher", dependencies: ["AWS", "CloudTrail", "Respond"], path: "Tests/RespondCrasher",
            swiftSettings: strict),
        .testTarget(
            name: "RespondTests",
            dependencies: ["AWS", "AWSTestKit", "CloudTrail", "Detect", "Respond", "respond-crasher"],
            swiftSettings: strict),
        .target(
            name: "AWSTestKit", dependencies: ["AWS", "CZlib", "CloudTrail", "Cryptography"], path: "Tests/AWSTestKit",
            exclude: ["botocore_sign.py", "fault_proxy.py", "moto_calls.py", "moto_guard.py", "moto_server.py"],
            swiftSettings: strict),
        .testTarget(
            name: "AWSTests", dependencies: ["AWS", "AWSTestKit", "Cryptography", nioCore, nioPosix],
            swiftSettings: strict),

        // The store.
        .target(name: "CZstd", linkerSettings: [.linkedLibrary("zstd")]),
        .target(
            name: "Journal", dependencies: ["CloudTrail", "Cryptography", "CZstd", grdb, grdbSQLite],
            swiftSettings: strict),
        .testTarget(
            name: "JournalTests", dependencies: ["CloudTrail", "Cryptography", "Journal", grdbSQLite],
            swiftSettings: strict),

        // The service.
        .target(
            name: "Serve",
            dependencies: [
                "AWS", "CMalloc", "CloudTrail", "Contract", "Cryptography", "Detect", "GeoIP", "Journal", "JSON",
                "Messages",
                "Onboard", "PKI", "RPC", "Respond", "Sigma", logging, nioCore, nioHTTP1, nioPosix, yams,
            ],
            swiftSettings: strict),
        .testTarget(
            name: "ServeTests",
            dependencies: [
                "AWS", "CloudTrail", "Contract", "Detect", "Journal", "Messages", "PKI", "RPC", "Respond",
                "Serve", "TestKit", logging, nioCore,
            ],
            swiftSettings: strict),
        .target(name: "CMalloc"),
        .executableTarget(
            name: "trailhoundd", dependencies: ["CMalloc", "CloudTrail", "Journal", "Serve", argumentParser, logging],
            swiftSettings: strict),

        // The command-line client.
        .target(
            name: "TrailhoundCLI",
            dependencies: [
                "AWS", "CZlib", "CloudTrail", "Collect", "Contract", "Cryptography", "Detect", "Journal", "Messages",
                "Onboard", "PKI", "RPC", "Respond", argumentParser, nioCore, nioPosix,
            ],
            path: "Clients/trailhound/CLI", swiftSettings: strict),
        .executableTarget(
            name: "trailhound", dependencies: ["TrailhoundCLI"], path: "Clients/trailhound/Main",
            swiftSettings: strict),
        .testTarget(
            name: "CLITests",
            dependencies: [
                "CZlib", "CloudTrail", "Collect", "Contract", "Detect", "Messages", "PKI", "RPC", "TestKit",
                "TrailhoundCLI",
                argumentParser,
                nioCore,
            ],
            swiftSettings: strict),

        // Tests of the built programs.
        .target(name: "TestKit", dependencies: ["CTransport"], swiftSettings: strict),
        .testTarget(
            name: "EndToEndTests",
            dependencies: [
                "AWS", "AWSTestKit", "CloudTrail", "Contract", "Messages", "Onboard", "PKI", "Respond", "RPC",
                "TestKit",
                nioCore,
            ],
            swiftSettings: strict),
    ],
    cxxLanguageStandard: .cxx17
)

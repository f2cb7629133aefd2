// swift-tools-version: 6.2
// SPDX-License-Identifier: Apache-2.0

import PackageDescription

/// Every Swift target: Swift 6 language mode (the default of these tools), complete concurrency checking, and a
/// warning is an error.
let strict: [SwiftSetting] = [.treatAllWarnings(as: .error)]

let package = Package(
    name: "trailhound",
    products: [
        .library(name: "RPC", targets: ["RPC"])
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.2")
    ],
    targets: [
        .target(name: "CloudTrail", swiftSettings: strict),

        .target(name: "CDescriptor", linkerSettings: [.linkedLibrary("protobuf-c")]),
        .executableTarget(
            name: "protoc-gen-trailhound", dependencies: ["CDescriptor"], path: "Sources/MessagesGenerator",
            swiftSettings: strict),
        .target(name: "CMessages", linkerSettings: [.linkedLibrary("protobuf-c")]),
        .target(name: "Messages", dependencies: ["CMessages"], swiftSettings: strict),
        .target(name: "CPKI", linkerSettings: [.linkedLibrary("ssl"), .linkedLibrary("crypto")]),
        .target(name: "PKI", dependencies: ["CPKI"], swiftSettings: strict),
        .testTarget(name: "PKITests", dependencies: ["PKI"], swiftSettings: strict),
        .testTarget(
            name: "MessagesTests", dependencies: ["Messages", "protoc-gen-trailhound"], exclude: ["Python"], swiftSettings: strict),

        .target(
            name: "CTransport",
            linkerSettings: [
                .linkedLibrary("nghttp2"), .linkedLibrary("ssl"), .linkedLibrary("crypto"), .linkedLibrary("z"),
            ]
        ),
        .target(
            name: "RPC",
            dependencies: [
                "CTransport",
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
            ],
            swiftSettings: strict
        ),
        .target(
            name: "TestKit",
            dependencies: ["RPC", .product(name: "NIOCore", package: "swift-nio")],
            swiftSettings: strict
        ),
        .testTarget(
            name: "RPCTests",
            dependencies: [
                "RPC", "TestKit",
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
            ],
            swiftSettings: strict
        ),

        .target(
            name: "Contract",
            dependencies: ["RPC", "Messages", .product(name: "NIOCore", package: "swift-nio")],
            swiftSettings: strict),
        .testTarget(
            name: "ContractTests", dependencies: ["Contract", "Messages", "PKI", "RPC"], exclude: ["Python"],
            swiftSettings: strict),
    ],
    cxxLanguageStandard: .cxx17
)

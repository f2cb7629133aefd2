// swift-tools-version: 6.2
// SPDX-License-Identifier: Apache-2.0

import PackageDescription

/// Every Swift target: Swift 6 language mode (the default of these tools), complete concurrency checking, and a
/// warning is an error.
let strict: [SwiftSetting] = [.treatAllWarnings(as: .error)]

let package = Package(
    name: "trailhound",
    products: [],
    dependencies: [],
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
        .testTarget(name: "MessagesTests", dependencies: ["Messages"], swiftSettings: strict),
    ],
    cxxLanguageStandard: .cxx17
)

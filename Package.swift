// swift-tools-version: 6.2
// SPDX-License-Identifier: Apache-2.0

import PackageDescription

/// Every Swift target: Swift 6 language mode (the default of these tools), complete concurrency checking, and a
/// warning is an error.
let strict: [SwiftSetting] = [.treatAllWarnings(as: .error)]

let package = Package(
    name: "trailhound",
    products: [
        .executable(name: "trailhound", targets: ["trailhound"])
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2")
    ],
    targets: [
        .target(name: "CZlib", linkerSettings: [.linkedLibrary("z")]),
        .target(
            name: "TrailhoundCLI",
            dependencies: ["CZlib", "Messages", "PKI", .product(name: "ArgumentParser", package: "swift-argument-parser")],
            path: "Clients/trailhound/CLI",
            exclude: ["Commands/AccountCommands.swift", "Commands/AlertCommands.swift", "Commands/AlertFilter.swift", "Commands/DuetCommands.swift", "Commands/TimelineCommand.swift", "Commands/StatusCommand.swift", "Commands/SubmitCommand.swift", "Commands/ServiceCommand.swift", "Commands/Trailhound.swift", "Program.swift"], swiftSettings: strict),
        .executableTarget(
            name: "trailhound", dependencies: ["TrailhoundCLI"], path: "Clients/trailhound/Main", swiftSettings: strict),
        .testTarget(name: "CLITests", dependencies: ["CZlib", "Messages", "TrailhoundCLI"], swiftSettings: strict),
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

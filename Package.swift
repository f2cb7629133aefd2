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
        .target(name: "CZlib", linkerSettings: [.linkedLibrary("z")]),
        .target(name: "CloudTrail", dependencies: ["CZlib"], swiftSettings: strict),
        .target(name: "Detect", dependencies: ["CloudTrail"], swiftSettings: strict),
        .testTarget(name: "CloudTrailTests", dependencies: ["CloudTrail", "CZlib"], swiftSettings: strict),
        .testTarget(name: "DetectTests", dependencies: ["CloudTrail", "Detect"], swiftSettings: strict),
    ],
    cxxLanguageStandard: .cxx17
)

// swift-tools-version: 6.2
// SPDX-License-Identifier: Apache-2.0

import PackageDescription

/// Every Swift target: Swift 6 language mode (the default of these tools), complete concurrency checking, and a
/// warning is an error.
let strict: [SwiftSetting] = [.treatAllWarnings(as: .error)]

let package = Package(
    name: "trailhound",
    products: [
        .library(name: "JSON", targets: ["JSON"])
    ],
    dependencies: [],
    targets: [
        .target(name: "CJSON", linkerSettings: [.linkedLibrary("simdjson")]),
        .target(name: "JSON", dependencies: ["CJSON"], swiftSettings: strict),
        .testTarget(name: "JSONTests", dependencies: ["JSON"], swiftSettings: strict),
        .target(name: "CZlib", linkerSettings: [.linkedLibrary("z")]),
        .target(name: "CloudTrail", dependencies: ["CZlib", "JSON"], swiftSettings: strict),
        .target(name: "Detect", dependencies: ["CloudTrail", "JSON"], swiftSettings: strict),
        .testTarget(name: "CloudTrailTests", dependencies: ["CloudTrail", "CZlib", "JSON"], swiftSettings: strict),
        .testTarget(name: "DetectTests", dependencies: ["CloudTrail", "Detect", "JSON"], swiftSettings: strict),
    ],
    cxxLanguageStandard: .cxx17
)

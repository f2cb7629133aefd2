// swift-tools-version: 6.2
// SPDX-License-Identifier: Apache-2.0

import PackageDescription

/// Every Swift target: Swift 6 language mode (the default of these tools), complete concurrency checking, and a
/// warning is an error.
let strict: [SwiftSetting] = [.treatAllWarnings(as: .error)]

let package = Package(
    name: "trailhound",
    products: [
        .library(name: "JSON", targets: ["JSON"]),
        .library(name: "Sigma", targets: ["Sigma"]),
    ],
    dependencies: [
        .package(url: "https://github.com/jpsim/Yams", from: "6.2.2")
    ],
    targets: [
        .target(name: "CJSON", linkerSettings: [.linkedLibrary("simdjson")]),
        .target(name: "JSON", dependencies: ["CJSON"], swiftSettings: strict),
        .target(name: "CPCRE2", linkerSettings: [.linkedLibrary("pcre2-8")]),
        .target(
            name: "Sigma",
            dependencies: ["CJSON", "CPCRE2", "JSON", .product(name: "Yams", package: "Yams")],
            swiftSettings: strict),
        .testTarget(name: "JSONTests", dependencies: ["JSON"], swiftSettings: strict),
        .testTarget(name: "SigmaTests", dependencies: ["JSON", "Sigma"], swiftSettings: strict),
        .target(name: "CZlib", linkerSettings: [.linkedLibrary("z")]),
        .target(name: "CloudTrail", dependencies: ["CZlib", "JSON"], swiftSettings: strict),
        .target(name: "Detect", dependencies: ["CloudTrail", "JSON", "Sigma"], swiftSettings: strict),
        .testTarget(name: "CloudTrailTests", dependencies: ["CloudTrail", "CZlib", "JSON"], swiftSettings: strict),
        .testTarget(name: "DetectTests", dependencies: ["CloudTrail", "Detect", "JSON"], swiftSettings: strict),
    ],
    cxxLanguageStandard: .cxx17
)

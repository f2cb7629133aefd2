// swift-tools-version: 6.2
// SPDX-License-Identifier: Apache-2.0

import PackageDescription

/// Every Swift target: Swift 6 language mode (the default of these tools), complete concurrency checking, and a
/// warning is an error.
let strict: [SwiftSetting] = [.treatAllWarnings(as: .error)]

let package = Package(
    name: "trailhound",
    products: [],
    dependencies: [
        .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0")
    ],
    targets: [
        .target(name: "CloudTrail", swiftSettings: strict),
        .target(name: "CZstd", linkerSettings: [.linkedLibrary("zstd")]),
        .target(
            name: "Journal",
            dependencies: [
                "CloudTrail", "CZstd",
                .product(name: "GRDB", package: "GRDB.swift"),
                .product(name: "GRDBSQLite", package: "GRDB.swift"),
            ],
            swiftSettings: strict),
        .testTarget(
            name: "JournalTests",
            dependencies: [
                "Journal", "CloudTrail",
                .product(name: "GRDBSQLite", package: "GRDB.swift"),
            ],
            swiftSettings: strict),
    ],
    cxxLanguageStandard: .cxx17
)

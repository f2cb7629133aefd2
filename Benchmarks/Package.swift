// swift-tools-version: 6.2
// SPDX-License-Identifier: Apache-2.0

import PackageDescription

let strict: [SwiftSetting] = [.treatAllWarnings(as: .error)]

/// The targets under measurement are linked into Sources/: they are built as part of this package, since their `package`
/// declarations are seen by nobody outside of theirs.
let package = Package(
    name: "trailhound-benchmarks",
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
        .executableTarget(name: "journal-bench", dependencies: ["Journal", "CloudTrail"], swiftSettings: strict),
    ],
    cxxLanguageStandard: .cxx17
)

// swift-tools-version: 6.2
// SPDX-License-Identifier: Apache-2.0

import PackageDescription

let package = Package(
    name: "benchmarks",
    dependencies: [.package(name: "trailhound", path: "..")],
    targets: [
        .systemLibrary(name: "CZstd", pkgConfig: "libzstd", providers: [.apt(["libzstd-dev"])]),
        .executableTarget(
            name: "detect-bench",
            dependencies: [
                "CZstd", .product(name: "JSON", package: "trailhound"), .product(name: "Sigma", package: "trailhound"),
            ],
            swiftSettings: [.treatAllWarnings(as: .error)]),
    ]
)

// swift-tools-version: 6.2
import PackageDescription

let package = Package(
    name: "embedded-example",
    platforms: [.macOS(.v15)],
    dependencies: [
        .package(name: "sfn-run", path: "../.."),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
    ],
    targets: [
        .executableTarget(
            name: "embedded-example",
            dependencies: [
                .product(name: "SfnRun", package: "sfn-run"), .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
            ],
            path: "Sources")
    ]
)

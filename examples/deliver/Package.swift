// swift-tools-version: 6.2
import PackageDescription

let package = Package(
    name: "deliver",
    platforms: [.macOS(.v15)],
    dependencies: [.package(name: "sfn-run", path: "../..")],
    targets: [
        .executableTarget(
            name: "deliver",
            dependencies: [
                .product(name: "SageMakerPipelines", package: "sfn-run"), .product(name: "LocalPipelines", package: "sfn-run"),
                .product(name: "JSON", package: "sfn-run"),
            ])
    ])

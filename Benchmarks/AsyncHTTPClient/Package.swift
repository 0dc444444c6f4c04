// swift-tools-version: 6.2
import PackageDescription

// The peer of scripts/bench-http, apart from sfn-run, which does not depend on it.
let package = Package(
    name: "AsyncHTTPClientBenchmark",
    dependencies: [.package(url: "https://github.com/swift-server/async-http-client", from: "1.37.0")],
    targets: [
        .executableTarget(
            name: "AsyncHTTPClientBenchmark", dependencies: [.product(name: "AsyncHTTPClient", package: "async-http-client")])
    ])

// swift-tools-version: 6.2
import PackageDescription

let strict: [SwiftSetting] = [.treatAllWarnings(as: .error)]

let package = Package(
    name: "sfn-run",
    platforms: [.macOS(.v15)],
    products: [
        .library(name: "JSON", targets: ["JSON"]),
        .library(name: "JSONata", targets: ["JSONata"]),
        .library(name: "LocalPipelines", targets: ["LocalPipelines"]),
        .library(name: "SageMakerPipelines", targets: ["SageMakerPipelines"]),
        .library(name: "SfnRun", targets: ["SfnRun"]),
        .library(name: "StatesLanguage", targets: ["StatesLanguage"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
        // For the library `SfnRun` alone: the command links none of them.
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        .package(url: "https://github.com/apple/swift-metrics", from: "2.13.0"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
    ],
    targets: [
        .target(name: "JSON", swiftSettings: strict),
        .target(name: "CCrypto"),
        .target(name: "Digest", dependencies: ["CCrypto"], swiftSettings: strict),
        .target(name: "CProcess"),
        .target(name: "LocalJobs", dependencies: ["JSON", "Digest", "CProcess"], swiftSettings: strict),
        .testTarget(name: "LocalJobsTests", dependencies: ["LocalJobs"], swiftSettings: strict),
        .target(name: "SageMakerPipelines", dependencies: ["JSON", "StatesLanguage"], swiftSettings: strict),
        .testTarget(
            name: "SageMakerPipelinesTests", dependencies: ["SageMakerPipelines", "StatesLanguage", "ExecutionDriver", "sfn-pipelines"], swiftSettings: strict),
        .target(name: "CCurl"),
        .target(name: "Curl", dependencies: ["CCurl"], swiftSettings: strict),
        .target(name: "CAWSTable", exclude: ["aws-table.bin"]),
        .target(name: "AWSClient", dependencies: ["JSON", "Digest", "Curl", "CAWSTable"], swiftSettings: strict),
        .target(name: "JSONata", dependencies: ["JSON", "Digest"], swiftSettings: strict),
        .testTarget(name: "JSONataTests", dependencies: ["JSONata", "JSON"], swiftSettings: strict),
        .executableTarget(
            name: "JSONataBenchmark", dependencies: ["JSON", "JSONata"], path: "Benchmarks/JSONataBenchmark", swiftSettings: strict),
        .executableTarget(name: "HTTPBenchmark", dependencies: ["Curl"], path: "Benchmarks/HTTPBenchmark", swiftSettings: strict),
        .executableTarget(
            name: "sfn-benchmark", dependencies: ["Engine", "AWSAPI", "ServiceIntegrations", "LocalJobs", "StatesLanguage", "Store", "SQLite", "JSON"],
            path: "Benchmarks/EngineBenchmark", swiftSettings: strict),
        .target(name: "JSONPath", dependencies: ["JSON", "Digest"], swiftSettings: strict),
        .target(name: "StatesLanguage", dependencies: ["JSON", "JSONPath", "JSONata"], swiftSettings: strict),
        .target(
            name: "ServiceIntegrations", dependencies: ["JSON", "StatesLanguage", "Curl", "AWSClient", "Digest", "LocalJobs"],
            swiftSettings: strict),
        .executableTarget(
            name: "sfn-run",
            dependencies: [
                "JSON", "JSONPath", "JSONata", "StatesLanguage", "Store", "LocalJobs", "ServiceIntegrations", "Engine", "AWSAPI", "Server", "Curl",
                "SageMakerPipelines", "ExecutionDriver", "AWSClient", "Deploy", "LocalPipelines",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ],
            swiftSettings: strict),
        .testTarget(name: "SfnRunTests", dependencies: ["sfn-run"], swiftSettings: strict),
        .target(name: "ExecutionDriver", dependencies: ["JSON", "StatesLanguage"], swiftSettings: strict),
        .executableTarget(name: "sfn-pipelines", dependencies: ["JSON", "SageMakerPipelines", "StatesLanguage", "ExecutionDriver"], swiftSettings: strict),
        .executableTarget(name: "sfn-cases", dependencies: ["JSON", "JSONata", "StatesLanguage", "ExecutionDriver"], swiftSettings: strict),
        .systemLibrary(name: "CSQLite", pkgConfig: "sqlite3", providers: [.apt(["libsqlite3-dev"])]),
        .target(name: "SQLite", dependencies: ["CSQLite"], swiftSettings: strict),
        .target(name: "Store", dependencies: ["SQLite", "JSON"], swiftSettings: strict),
        .target(
            name: "Engine", dependencies: ["JSON", "StatesLanguage", "Store", "ServiceIntegrations", "LocalJobs", "Digest"], swiftSettings: strict),
        .target(
            name: "LocalPipelines",
            dependencies: ["SageMakerPipelines", "Engine", "Store", "StatesLanguage", "ServiceIntegrations", "LocalJobs", "JSON"], swiftSettings: strict),
        // The examples, built as another package builds them: nothing but the public doors.
        .executableTarget(
            name: "abalone", dependencies: ["SageMakerPipelines", "LocalPipelines", "JSON"], path: "examples/swift-pipeline/Sources/abalone",
            packageAccess: false, swiftSettings: strict),
        .executableTarget(
            name: "deliver", dependencies: ["SageMakerPipelines", "LocalPipelines", "JSON"], path: "examples/deliver/Sources/deliver",
            packageAccess: false, swiftSettings: strict),
        .testTarget(name: "LocalPipelinesTests", dependencies: ["LocalPipelines", "SageMakerPipelines", "abalone", "JSON"], swiftSettings: strict),
        .target(
            name: "AWSAPI", dependencies: ["Engine", "Store", "StatesLanguage", "ServiceIntegrations", "AWSClient", "JSON"], swiftSettings: strict),
        .testTarget(name: "AWSAPITests", dependencies: ["AWSAPI", "Engine", "Store", "JSON", "StatesLanguage"], swiftSettings: strict),
        .target(
            name: "SfnRun",
            dependencies: [
                "AWSAPI", "Engine", "JSON", "LocalJobs", "ServiceIntegrations", "StatesLanguage", "Store",
                .product(name: "CoreMetrics", package: "swift-metrics"), .product(name: "Logging", package: "swift-log"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
            ],
            swiftSettings: strict),
        .executableTarget(
            name: "embedded-example", dependencies: ["SfnRun", .product(name: "ServiceLifecycle", package: "swift-service-lifecycle")],
            path: "examples/embedded/Sources", swiftSettings: strict),
        .testTarget(
            name: "EmbeddingTests",
            dependencies: ["SfnRun", "JSON", .product(name: "ServiceLifecycle", package: "swift-service-lifecycle")], swiftSettings: strict),
        .target(
            name: "Server",
            dependencies: [
                "AWSAPI", "Engine", "StatesLanguage", "Digest", "JSON",
                .product(name: "NIOCore", package: "swift-nio"), .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
            ],
            swiftSettings: strict),
        .testTarget(name: "ServerTests", dependencies: ["Server"], swiftSettings: strict),
        .target(
            name: "Simulator",
            dependencies: ["Engine", "ExecutionDriver", "FaultyDisk", "LocalJobs", "ServiceIntegrations", "Store", "StatesLanguage", "JSON"],
            swiftSettings: strict),
        .executableTarget(name: "sfn-simulate", dependencies: ["Simulator", "LocalJobs", "JSON"], swiftSettings: strict),
        .testTarget(name: "SimulatorTests", dependencies: ["Simulator", "LocalJobs", "JSON"], swiftSettings: strict),
        .target(name: "CountingAllocator", path: "Tests/CountingAllocator"),
        .executableTarget(
            name: "EngineCounts",
            dependencies: ["CountingAllocator", "Engine", "FaultyDisk", "ServiceIntegrations", "Simulator", "StatesLanguage", "Store", "JSON"],
            path: "Tests/EngineCounts", swiftSettings: strict),
        .testTarget(
            name: "EngineTests", dependencies: ["Engine", "EngineCounts", "FaultyDisk", "LocalJobs", "ServiceIntegrations", "StatesLanguage", "Store", "JSON"],
            swiftSettings: strict),
        .target(name: "CFaultyVFS", linkerSettings: [.linkedLibrary("sqlite3")]),
        .target(name: "FaultyDisk", dependencies: ["CFaultyVFS", "SQLite", "Store"], swiftSettings: strict),
        .testTarget(name: "FaultyDiskTests", dependencies: ["FaultyDisk", "Store"], swiftSettings: strict),
        .executableTarget(name: "StoreTestChild", dependencies: ["Store"], path: "Tests/StoreTestChild", swiftSettings: strict),
        .testTarget(name: "StoreTests", dependencies: ["Store", "SQLite", "StoreTestChild"], swiftSettings: strict),
        .testTarget(name: "JSONTests", dependencies: ["JSON"], swiftSettings: strict),
        .testTarget(name: "DigestTests", dependencies: ["Digest"], swiftSettings: strict),
        .target(name: "Deploy", dependencies: ["JSON", "StatesLanguage", "AWSClient"], swiftSettings: strict),
        .testTarget(name: "DeployTests", dependencies: ["Deploy", "AWSClient", "Curl", "JSON", "LocalServers"], swiftSettings: strict),
        .target(
            name: "LocalServers", path: "Tests/LocalServers",
            exclude: [
                "faulty_server.py", "moto_server.py", "signature_server.py", "sample_requests.py", "check_template.py", "presigned_url.py", "lambda_server.py",
                "localstack_server.py", "functions_elsewhere.py", "as_aws.py", "gateway.py", "s3_server.py", "fault_proxy.py",
            ], swiftSettings: strict),
        .testTarget(
            name: "ServiceIntegrationsTests",
            dependencies: ["ServiceIntegrations", "AWSClient", "Curl", "LocalJobs", "LocalServers"],
            swiftSettings: strict),
        .testTarget(
            name: "AWSClientTests", dependencies: ["AWSClient", "Curl", "JSON", "LocalServers"], swiftSettings: strict),
        .target(name: "CAllocated", path: "Tests/CAllocated"),
        .testTarget(name: "CurlTests", dependencies: ["CAllocated", "Curl", "LocalServers"], swiftSettings: strict),
        .testTarget(name: "CasesTests", dependencies: ["sfn-cases"], swiftSettings: strict),
        .testTarget(name: "JSONPathTests", dependencies: ["JSONPath"], swiftSettings: strict),
        .testTarget(
            name: "StatesLanguageTests", dependencies: ["StatesLanguage", "ExecutionDriver"], exclude: ["Transcripts"], swiftSettings: strict),
    ]
)

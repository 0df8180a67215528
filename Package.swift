// swift-tools-version: 6.2
import PackageDescription

/// What every Swift target is compiled with: the Swift 6 language mode, unsafe code marked as such, and
/// plain `async` functions that stay on the event loop of their caller.
let settings: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .strictMemorySafety(),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
    .enableExperimentalFeature("Lifetimes"),
    // A twentieth of a small request (docs/performance.md). Debug builds, and so all tests, keep the checks.
    .unsafeFlags(["-enforce-exclusivity=unchecked"], .when(configuration: .release)),
]

/// The same without strict memory safety, which the expansions of Swift Testing's macros do not pass.
let testSettings: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
]

let package = Package(
    name: "cellucid-gateway",
    products: [
        .executable(name: "gateway", targets: ["gateway"])
    ],
    targets: [
        .systemLibrary(name: "CLinux"),
        .systemLibrary(name: "COpenSSL", pkgConfig: "openssl", providers: [.apt(["libssl-dev"])]),
        .systemLibrary(name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),
        .systemLibrary(name: "CNghttp2", pkgConfig: "libnghttp2", providers: [.apt(["libnghttp2-dev"])]),

        .target(name: "Bytes", swiftSettings: settings),
        .target(name: "Reactor", dependencies: ["CLinux", "Bytes"], swiftSettings: settings),
        .target(name: "Telemetry", dependencies: ["Reactor", "Bytes"], swiftSettings: settings),
        .target(name: "Transport", dependencies: ["Reactor", "Bytes", "COpenSSL"], swiftSettings: settings),
        .target(name: "HTTP", dependencies: ["Bytes"], swiftSettings: settings),
        .target(name: "HTTP2", dependencies: ["HTTP", "Bytes", "CNghttp2"], swiftSettings: settings),
        .target(
            name: "Server",
            dependencies: ["HTTP", "HTTP2", "Transport", "Reactor", "Telemetry", "Bytes"],
            swiftSettings: settings
        ),
        .target(
            name: "Upstream",
            dependencies: ["HTTP", "Transport", "Reactor", "Telemetry", "Bytes"],
            swiftSettings: settings
        ),
        .target(name: "Codecs", dependencies: ["Bytes", "CZlib", "COpenSSL"], swiftSettings: settings),
        .target(
            name: "WebApp",
            dependencies: ["Upstream", "Codecs", "HTTP", "Reactor", "Telemetry", "Bytes", "CLinux"],
            swiftSettings: settings
        ),
        .target(name: "Catalog", dependencies: ["Reactor"], swiftSettings: settings),
        .target(name: "Viewers", dependencies: ["Codecs", "Reactor", "Bytes"], swiftSettings: settings),
        .target(
            name: "CellucidGateway",
            dependencies: [
                "Bytes", "Reactor", "Telemetry", "Transport", "HTTP", "HTTP2", "Server", "Codecs", "Catalog",
                "Upstream", "WebApp", "Viewers",
            ],
            swiftSettings: settings
        ),
        .executableTarget(name: "gateway", dependencies: ["CellucidGateway"], swiftSettings: settings),

        .executableTarget(
            name: "build-store-writer",
            dependencies: ["WebApp"],
            path: "Tests/BuildStoreWriter",
            swiftSettings: testSettings
        ),
        .executableTarget(
            name: "viewer-store-writer",
            dependencies: ["Viewers"],
            path: "Tests/ViewerStoreWriter",
            swiftSettings: testSettings
        ),
        .executableTarget(
            name: "reactor-benchmark",
            dependencies: ["Reactor", "Bytes"],
            path: "Benchmarks/Reactor",
            swiftSettings: settings
        ),

        .target(name: "TestSupport", path: "Tests/Support", swiftSettings: testSettings),
        .testTarget(name: "BytesTests", dependencies: ["Bytes"], swiftSettings: testSettings),
        .testTarget(
            name: "ReactorTests",
            dependencies: ["Reactor", "Bytes", "CLinux", "TestSupport"],
            swiftSettings: testSettings
        ),
        .testTarget(
            name: "TelemetryTests",
            dependencies: ["Telemetry", "Reactor", "TestSupport"],
            swiftSettings: testSettings
        ),
        .testTarget(
            name: "TransportTests",
            dependencies: ["Transport", "Reactor", "Bytes", "COpenSSL", "CLinux", "TestSupport"],
            swiftSettings: testSettings
        ),
        .testTarget(
            name: "HTTPTests",
            dependencies: ["HTTP", "Bytes", "TestSupport"],
            swiftSettings: testSettings
        ),
        .testTarget(
            name: "HTTP2Tests",
            dependencies: ["HTTP2", "HTTP", "Bytes", "TestSupport"],
            swiftSettings: testSettings
        ),
        .testTarget(
            name: "ServerTests",
            dependencies: ["Server", "HTTP", "Transport", "Reactor", "Telemetry", "Bytes", "TestSupport"],
            swiftSettings: testSettings
        ),
        .testTarget(
            name: "UpstreamTests",
            dependencies: ["Upstream", "HTTP", "Transport", "Reactor", "Telemetry", "Bytes", "TestSupport"],
            swiftSettings: testSettings
        ),
        .testTarget(
            name: "CodecsTests",
            dependencies: ["Codecs", "TestSupport"],
            swiftSettings: testSettings
        ),
        .testTarget(
            name: "WebAppTests",
            dependencies: [
                "WebApp", "Upstream", "Codecs", "HTTP", "Reactor", "Bytes", "TestSupport",
                "build-store-writer",
            ],
            swiftSettings: testSettings
        ),
        .testTarget(
            name: "CatalogTests",
            dependencies: ["Catalog", "TestSupport"],
            swiftSettings: testSettings
        ),
        .testTarget(
            name: "ViewersTests",
            dependencies: ["Viewers", "Codecs", "Reactor", "Bytes", "TestSupport", "viewer-store-writer"],
            swiftSettings: testSettings
        ),
        .testTarget(
            name: "CellucidGatewayTests",
            dependencies: [
                "CellucidGateway", "Catalog", "Server", "HTTP", "Reactor", "Telemetry", "Bytes", "Viewers",
                "Upstream", "TestSupport",
            ],
            swiftSettings: testSettings
        ),
        .testTarget(
            name: "EndToEndTests",
            dependencies: ["gateway", "TestSupport"],
            swiftSettings: testSettings
        ),
    ]
)

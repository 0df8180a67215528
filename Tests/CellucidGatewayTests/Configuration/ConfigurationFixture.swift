import FoundationEssentials

@testable import CellucidGateway

/// The surroundings in which the tests of the configuration parse command lines.
enum ConfigurationFixture {
    /// An environment with nothing in it but a home.
    static let environment = ["HOME": "/home/ada"]

    /// The defaults in that environment.
    static let defaults = Configuration(environment: environment)

    /// What is said about HTTP/2 without TLS on a port with TLS.
    static let cleartextWithTLS =
        "--h2c (http2.cleartext) and --tls (tls) exclude each other: TLS clients choose HTTP/2 by ALPN"
        + " without --h2c"

    /// The folder of the package.
    static let packageFolder = URL(fileURLWithPath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()

    /// Parses a command line in the working directory `/work`.
    static func parse(
        _ arguments: [String],
        environment: [String: String] = [:]
    ) throws(StartupError) -> Invocation {
        try Invocation.parse(
            arguments: arguments,
            environment: Self.environment.merging(environment) { $1 },
            currentDirectory: "/work"
        )
    }

    /// The configuration for a command line that serves.
    static func configuration(
        _ arguments: [String],
        environment: [String: String] = [:]
    ) throws -> Configuration {
        let invocation = try parse(arguments, environment: environment)
        guard case .serve(let configuration) = invocation else { throw Unexpected(invocation: invocation) }
        return configuration
    }

    /// The message of the error that a command line ends with; nil if it is sound.
    static func message(_ arguments: [String], environment: [String: String] = [:]) -> String? {
        do throws(StartupError) {
            _ = try parse(arguments, environment: environment)
            return nil
        } catch {
            return error.exitCode == .usage ? error.message : "wrong exit code \(error.exitCode)"
        }
    }

    /// Calls a function with the path of a configuration file in a folder of its own.
    static func withFile<Result>(_ text: String, _ body: (String) throws -> Result) throws -> Result {
        let folder = FileManager.default.temporaryDirectory.appending(path: "gateway-" + UUID().uuidString)
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let file = folder.appending(path: "gateway.json5")
        try Data(text.utf8).write(to: file)
        return try body(file.path)
    }

    /// A command line that did not serve.
    struct Unexpected: Error {
        let invocation: Invocation
    }
}

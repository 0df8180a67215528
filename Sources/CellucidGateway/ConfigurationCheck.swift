import Catalog
import Transport

/// `gateway check`: shows the merged configuration, and tries what a start would try without listening.
enum ConfigurationCheck {
    /// Prints the configuration as JSON to the output and what is noteworthy to the error stream.
    /// - Parameters:
    ///   - configuration: the merged configuration.
    ///   - environment: the variables of the process, which name proxies.
    /// - Throws: the error that a start would end with.
    static func run(_ configuration: Configuration, environment: [String: String]) throws(StartupError) {
        Terminal.write(ConfigurationReport.text(configuration), to: .output)
        let tls = try StartupParts.tls(configuration, previous: nil)
        for warning in tls?.warnings ?? [] { Terminal.write("gateway: warning: \(warning)\n", to: .error) }
        if !configuration.webApp.isDisabled {
            _ = try WebAppParts.upstream(configuration, environment, nil)
        }
        let snapshot = try StartupParts.scan(
            StartupParts.scanner(configuration),
            mayBeEmpty: !configuration.upstreams.servers.isEmpty
        )
        for dataset in snapshot.broken {
            Terminal.write(
                "gateway: warning: \(dataset.folder) is not served: \(dataset.reason)\n",
                to: .error
            )
        }
        for warning in snapshot.warnings { Terminal.write("gateway: warning: \(warning)\n", to: .error) }
    }
}

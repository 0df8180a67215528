import Catalog
import Reactor
import Telemetry

/// What a person sees when the gateway has started: what is served, what is wrong, and the URLs to open.
enum Banner {
    /// Shows it: on a terminal's error stream as text, otherwise in the log.
    static func show(
        _ configuration: Configuration,
        _ address: SocketAddress,
        _ snapshot: CatalogSnapshot,
        workers: Int,
        _ log: Log
    ) {
        let urls = urls(configuration, address)
        let count = snapshot.datasets.count
        let problems = snapshot.broken.map { "\($0.folder) is not served: \($0.reason)" } + snapshot.warnings
        let moved =
            !configuration.portIsExplicit && Int(address.port) != configuration.port
            ? "port \(configuration.port) is in use, so this is port \(address.port)" : nil
        if configuration.logFormat == .json {
            log.info(
                "gateway \(Version.current) listening on \(address) with \(workers) workers, \(count) datasets, "
                    + "open \(urls.joined(separator: " or "))"
            )
            for problem in problems + [moved].compactMap({ $0 }) { log.warning(problem) }
            return
        }
        var text = "Cellucid gateway \(Version.current): \(count) dataset\(count == 1 ? "" : "s"), "
        text += "listening on \(address) with \(workers) worker\(workers == 1 ? "" : "s")\n"
        for problem in problems { text += "  ! \(problem.replacingControlCharacters())\n" }
        if let moved { text += "  ! \(moved)\n" }
        for url in urls { text += "  Open \(url)\n" }
        Terminal.write(text, to: .error)
    }

    /// The URLs that a browser can open: never the address that stands for all.
    static func urls(_ configuration: Configuration, _ address: SocketAddress) -> [String] {
        let scheme = configuration.tls.isEmpty ? "http" : "https"
        var hosts = [address.host]
        if ["0.0.0.0", "::"].contains(address.host) {
            let others = SocketAddress.localHosts().filter { host in
                !["127.0.0.1", "::1"].contains(host) && !host.hasPrefix("fe80:")
                    && (address.isIPv6 || !host.contains(":"))
            }
            hosts = ["127.0.0.1"] + others
        }
        return hosts.map { host in
            let shown = host.contains(":") ? "[\(host)]" : host
            return "\(scheme)://\(shown):\(address.port)\(configuration.basePath)"
        }
    }
}

import Catalog
import Glibc
import HTTP2
import Reactor
import Server
import Telemetry
import Transport
import Viewers

/// Making the parts of the gateway from its configuration; every failure is one line for the user.
enum StartupParts {
    /// The certificates, or `nil` when the gateway is to speak plain HTTP.
    static func tls(_ configuration: Configuration, previous: TLSContext?) throws(StartupError) -> TLSContext?
    {
        if configuration.tls.isEmpty { return nil }
        let files = configuration.tls.map {
            TLSCertificateFiles(certificatePath: $0.certificate, privateKeyPath: $0.key)
        }
        do throws(TLSContextError) {
            return try TLSContext(
                certificates: files,
                applicationProtocols: configuration.http2.isEnabled ? ["h2", "http/1.1"] : ["http/1.1"],
                previous: previous
            )
        } catch {
            throw StartupError(.startupFailed, "\(error)")
        }
    }

    /// What finds the datasets.
    static func scanner(_ configuration: Configuration) -> RootScanner {
        RootScanner(
            roots: configuration.roots.map { Root(name: $0.name, path: $0.path) },
            options: ScanOptions(
                recursive: configuration.recursive,
                reservedMounts: Set(configuration.upstreams.servers.map(\.mount))
            )
        )
    }

    /// The first look at the roots.
    /// - Parameters:
    ///   - scanner: looks.
    ///   - mayBeEmpty: whether there is something to serve besides.
    /// - Returns: what there is.
    /// - Throws: exit code 3 when a root cannot be read, or none holds a dataset that can be served.
    static func scan(_ scanner: RootScanner, mayBeEmpty: Bool) throws(StartupError) -> CatalogSnapshot {
        let snapshot: CatalogSnapshot
        do throws(CatalogError) {
            snapshot = try scanner.scan(previous: nil)
        } catch {
            throw StartupError(.noDataset, "\(error)")
        }
        guard snapshot.datasets.isEmpty, !mayBeEmpty else { return snapshot }
        let places = scanner.roots.map(\.path).joined(separator: ", ")
        guard let first = snapshot.broken.first else {
            throw StartupError(
                .noDataset,
                "no dataset in \(places): an export is a folder with dataset_identity.json, obs_manifest.json "
                    + "and points_*.bin"
            )
        }
        let others = snapshot.broken.count > 1 ? " (and \(snapshot.broken.count - 1) more)" : ""
        throw StartupError(
            .noDataset,
            "no dataset in \(places) can be served; \(first.folder): \(first.reason)\(others)"
        )
    }

    /// What a user can do about a failure of the system, to be put behind it.
    static func hint(_ error: SystemError) -> String {
        error.code == EMFILE || error.code == ENFILE
            ? "; more files must be allowed to be open (ulimit -n, LimitNOFILE)" : ""
    }

    /// The system's folder for temporary files (POSIX, environment variable `TMPDIR`).
    static func temporaryFolder(_ environment: [String: String]) -> String {
        environment["TMPDIR"].flatMap { $0.hasPrefix("/") ? $0 : nil } ?? "/tmp"
    }

    /// The log and, when one is wanted, the access log.
    static func logs(
        _ configuration: Configuration
    ) throws(StartupError) -> (log: Log, access: AccessLog?, sinks: [LogSink]) {
        let format: Log.Format = configuration.logFormat == .json ? .json : .text
        let level: Log.Level =
            switch configuration.logLevel {
            case .error: .error
            case .warning: .warning
            case .info: .info
            case .debug: .debug
            }
        let main = try sink("the log") { () throws(SystemError) in try LogSink.standardError(format: format) }
        let log = Log(level: level, format: format, sink: main)
        switch configuration.accessLog {
        case .off: return (log, nil, [main])
        case .stderr: return (log, AccessLog(format: format, sink: main), [main])
        case .file(let path):
            let file = try sink("the access log \(path)") { () throws(SystemError) in
                try LogSink.file(path, format: format)
            }
            return (log, AccessLog(format: format, sink: file), [main, file])
        }
    }

    private static func sink(
        _ name: String,
        _ open: () throws(SystemError) -> LogSink
    ) throws(StartupError) -> LogSink {
        do throws(SystemError) {
            return try open()
        } catch {
            throw StartupError(.startupFailed, "cannot open \(name): \(error.reason)\(hint(error))")
        }
    }

    /// Lets subscribers use `viewers`; without the usual folder for their events the gateway goes on.
    /// - Throws: exit code 1 when a folder that was asked for cannot be used.
    static func open(
        _ viewers: ViewerService,
        _ configuration: Configuration,
        port: UInt16
    ) throws(StartupError) {
        do throws(ViewerStoreError) {
            try viewers.open(port: port, needsFolder: configuration.stateDirectoryIsExplicit)
        } catch {
            throw StartupError(
                .startupFailed,
                "--state-dir \(configuration.stateDirectory) cannot be used: \(error)"
            )
        }
    }

    /// Sizes and times.
    static func limits(_ configuration: Configuration, workers: Int) -> Limits {
        var limits = Limits()
        limits.headerMilliseconds = Int64(configuration.timeouts.headerSeconds) * 1000
        limits.idleMilliseconds = Int64(configuration.timeouts.idleSeconds) * 1000
        limits.stallMilliseconds = Int64(configuration.timeouts.stallSeconds) * 1000
        limits.http2.maxStreams = configuration.http2.maxStreams
        limits.http2.maxHeaderBytes = configuration.http2.maxHeaderBytes
        limits.http2.maxContinuations = configuration.http2.maxContinuations
        limits.http2.resetsPerSecond = configuration.http2.resetsPerSecond
        limits.http2.controlFramesPerSecond = configuration.http2.controlFramesPerSecond
        limits.isHTTP2CleartextAllowed = configuration.http2.isCleartextAllowed
        limits.connections = max(1, configuration.maxConnections / workers)
        return limits
    }
}

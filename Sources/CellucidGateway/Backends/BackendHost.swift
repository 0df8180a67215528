import Reactor
import Telemetry
import Transport
import Upstream

/// The backends of a running gateway with what watches and asks them.
struct BackendHost: Sendable {
    let table: BackendTable
    let monitor: BackendMonitor
    /// Makes what asks backends, for an event loop.
    let makeClient: @Sendable (EventLoop) -> BackendClient

    /// Prepares everything; nothing is asked before the monitor starts.
    /// - Parameters:
    ///   - configuration: the backends that are always there.
    ///   - temporaryFolder: where bodies are collected when the cache directory cannot be used.
    ///   - blockingPool: where host names are looked up.
    ///   - log: where changes are told.
    /// - Throws: ``StartupError`` when the certificate authorities cannot be used, or the system lacks something.
    init(
        _ configuration: Configuration,
        temporaryFolder: String,
        blockingPool: BlockingPool,
        log: Log
    ) throws(StartupError) {
        let tls = try Self.tls(configuration, log)
        let table = BackendTable(Self.specifications(configuration))
        let monitor: BackendMonitor
        do throws(SystemError) {
            monitor = try BackendMonitor(table: table, log: log)
        } catch {
            throw StartupError(.startupFailed, "cannot make an event loop: \(error)")
        }
        self.table = table
        self.monitor = monitor
        var timeouts = UpstreamTimeouts()
        let milliseconds = Int64(configuration.upstreams.answerSeconds) * 1000
        timeouts.connectMilliseconds = min(timeouts.connectMilliseconds, milliseconds)
        timeouts.tlsMilliseconds = min(timeouts.tlsMilliseconds, milliseconds)
        timeouts.headMilliseconds = milliseconds
        timeouts.stallMilliseconds = milliseconds
        let sharedTimeouts = timeouts
        let spoolFolders = [configuration.cacheDirectory + "/spool", temporaryFolder]
        let via = GatewayPseudonym.make()
        makeClient = { loop in
            BackendClient(
                context: UpstreamContext(
                    loop: loop,
                    resolver: Resolver(loop: loop, pool: blockingPool),
                    tls: tls,
                    timeouts: sharedTimeouts,
                    log: log
                ),
                queueMilliseconds: milliseconds,
                via: via,
                spoolFolders: spoolFolders,
                noteNews: { monitor.noteNews() }
            )
        }
    }

    /// What the configuration says of its backends.
    static func specifications(_ configuration: Configuration) -> [Backend.Specification] {
        configuration.upstreams.servers.compactMap { option in
            guard let origin = try? Origin(upstream: option.url) else { return nil }
            return Backend.Specification(
                mount: option.mount,
                origin: origin,
                name: option.name,
                generation: option.generation,
                webApp: option.webApp,
                isConfigured: true
            )
        }
    }

    private static func tls(_ configuration: Configuration, _ log: Log) throws(StartupError)
        -> TLSClientContext?
    {
        let authorities = configuration.upstreams.certificateAuthorities
        do throws(TLSContextError) {
            return try TLSClientContext(trust: authorities.map { .systemAnd(path: $0) } ?? .system)
        } catch {
            guard authorities == nil else { throw StartupError(.startupFailed, "--upstream-ca: \(error)") }
            log.debug("https upstreams cannot be reached: \(error)")
            return nil
        }
    }
}

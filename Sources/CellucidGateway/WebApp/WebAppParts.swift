import Reactor
import Telemetry
import Transport
import Upstream
import WebApp

/// Making the parts of the web apps from the configuration.
enum WebAppParts {
    /// A web app of the configuration.
    struct Named {
        let name: String
        let origin: Origin?
    }

    /// All web apps of the configuration, the usual one first.
    static func all(_ configuration: Configuration) -> [Named] {
        let usual = NamedWebApp(name: Configuration.WebApp.usualName, origin: configuration.webApp.origin)
        return ([usual] + configuration.webApp.others).map { app in
            Named(name: app.name, origin: app.origin.flatMap { try? Origin($0) })
        }
    }

    /// The folder of a web app's builds.
    static func directory(_ name: String, _ configuration: Configuration) -> String {
        let base =
            configuration.webApp.cacheDirectory.map { $0 + "/cellucid-gateway" }
            ?? configuration.cacheDirectory + "/web-app"
        return "\(base)/\(name)"
    }

    /// What connections to origins share.
    /// - Parameters:
    ///   - configuration: names the trusted certificates.
    ///   - environment: the variables of the process, for proxies.
    ///   - log: where repeated attempts are noted.
    /// - Returns: makes it for an event loop.
    /// - Throws: when a file or variable cannot be used.
    static func upstream(
        _ configuration: Configuration,
        _ environment: [String: String],
        _ log: Log?
    ) throws(StartupError) -> @Sendable (EventLoop) -> UpstreamContext {
        let tls: TLSClientContext
        do throws(TLSContextError) {
            tls = try TLSClientContext(
                trust: configuration.webApp.certificateAuthorities.map { .only(path: $0) } ?? .system
            )
        } catch {
            throw StartupError(.startupFailed, "--web-app-ca: \(error)")
        }
        let proxies: ProxySettings
        do throws(UpstreamError) {
            proxies = try ProxySettings(environment: environment)
        } catch {
            throw StartupError(.usage, "\(error)")
        }
        let names: BlockingPool
        do throws(SystemError) {
            // Look-ups that hang must not keep others from the disk.
            names = try BlockingPool(threadCount: 2)
        } catch {
            throw StartupError(.startupFailed, "cannot start threads: \(error)")
        }
        return { loop in
            UpstreamContext(
                loop: loop,
                resolver: Resolver(loop: loop, pool: names),
                tls: tls,
                proxies: proxies,
                log: log
            )
        }
    }
}

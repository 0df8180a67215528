import Glibc
import Reactor
import Server
import Transport

/// Listening on the address that was asked for, or near it.
enum PortChoice {
    /// How many ports after the default one are tried.
    private static let furtherPorts = 100

    /// Makes the server, which listens but does not accept connections yet.
    ///
    /// A busy default port gives way to the next free one; a port that was asked for does not.
    /// - Throws: exit code 1 with the address and the reason.
    static func listen(
        _ configuration: Configuration,
        tls: TLSContext?,
        settings: HTTPServer.Settings
    ) throws(StartupError) -> HTTPServer {
        let wanted = UInt16(clamping: configuration.port)
        let last = configuration.portIsExplicit ? wanted : wanted + UInt16(furtherPorts)
        for port in wanted...last {
            let found = SocketAddress.resolve(host: configuration.host, port: port)
            guard let address = found.first(where: { !$0.isIPv6 }) ?? found.first else {
                throw StartupError(.startupFailed, "cannot find the address of --host \(configuration.host)")
            }
            do throws(SystemError) {
                return try HTTPServer(address: address, tls: tls, settings: settings)
            } catch {
                if error.code == EADDRINUSE, port < last { continue }
                throw StartupError(.startupFailed, explanation(error, address))
            }
        }
        preconditionFailure("the last port either listens or throws")
    }

    private static func explanation(_ error: SystemError, _ address: SocketAddress) -> String {
        switch error.code {
        case EADDRINUSE:
            "port \(address.port) on \(address.host) is in use by another program; give another --port"
        case EACCES: "port \(address.port) needs more rights than this user has; give a --port above 1023"
        case EADDRNOTAVAIL: "this machine does not have the address \(address.host); see --host"
        default: "cannot listen on \(address): \(error)\(StartupParts.hint(error))"
        }
    }
}

import Glibc

/// Everything a user can set, merged from defaults, configuration file, environment and command line.
struct Configuration: Sendable, Equatable {
    /// The folders to look for datasets in, in the order of the listing.
    var roots: [RootOption] = []
    /// Whether datasets are looked for below the first level of the roots too.
    var recursive = false
    /// Seconds between two scans of the roots that do not wait for a notification of the file system.
    var rescanSeconds = 30
    /// The folder for everything that is made once and kept, as an absolute path.
    var cacheDirectory: String
    /// The folder for what viewers and scripts have entrusted to the gateway and that must survive a restart, as an
    /// absolute path.
    var stateDirectory: String
    /// Whether that folder was asked for, so that the gateway must not go on without it.
    var stateDirectoryIsExplicit = false

    /// The address or host name to listen on, IPv6 addresses without brackets.
    var host = "127.0.0.1"
    /// The TCP port to listen on; 0 lets the system choose a free one.
    var port = Self.defaultPort
    /// Whether the port was asked for, so that another one must not take its place.
    var portIsExplicit = false
    /// The path that everything is served under; begins and ends with `/`.
    var basePath = "/"
    /// Host names to answer to besides the loopback names and the bound addresses: lower case, no port, IPv6
    /// addresses without brackets; `*` stands for all, a leading `*.` for all names below a domain.
    var allowedHosts: [String] = []
    /// The addresses and networks (`10.0.0.0/8`) of proxies whose forwarding headers are believed.
    var trustedProxies: [String] = []
    /// Who may make backends and viewers known.
    var admin = Admin()
    /// The certificates for TLS, chosen by the name a client asks for; plain HTTP if empty.
    var tls: [TLSCertificateOption] = []
    /// Where HTTP/2 is spoken, and the limits of its connections.
    var http2 = HTTP2()
    /// The viewer's web app.
    var webApp = WebApp()
    /// The running servers behind the gateway.
    var upstreams = Upstreams()

    /// The number of event-loop threads; nil for one a core available to the process.
    var workers: Int?
    /// The most connections of the whole process at one time.
    var maxConnections = 100_000
    /// How long the gateway waits for peers.
    var timeouts = Timeouts()

    /// The least severe entries that are logged.
    var logLevel = LogLevel.info
    /// The form of the log.
    var logFormat = LogFormat.text
    /// Where a line for each request goes.
    var accessLog = AccessLogOption.off

    /// The port if none is asked for; a busy one gives way to the next free one.
    static let defaultPort = 8765

    /// The defaults.
    ///
    /// - Parameter environment: the variables of the process, of which the places of the cache and of the state depend.
    init(environment: [String: String]) {
        cacheDirectory = Self.defaultDirectory(
            variable: "XDG_CACHE_HOME",
            home: ".cache",
            environment: environment
        )
        stateDirectory = Self.defaultDirectory(
            variable: "XDG_STATE_HOME",
            home: ".local/state",
            environment: environment
        )
        if let directory = environment[WebApp.cacheVariable], directory.hasPrefix("/") {
            webApp.cacheDirectory = directory
        }
    }

    /// The port that was asked for, or nil for the default port or the next free one.
    var requestedPort: Int? {
        get { portIsExplicit ? port : nil }
        set {
            port = newValue ?? Self.defaultPort
            portIsExplicit = newValue != nil
        }
    }

    /// The state folder that was asked for, or the usual one.
    var requestedStateDirectory: String {
        get { stateDirectory }
        set {
            stateDirectory = newValue
            stateDirectoryIsExplicit = true
        }
    }

    /// A place of the XDG Base Directory Specification, where relative values of the variable count as not set; without
    /// a home, as many service accounts are, a place of the user's in `/var/tmp`.
    private static func defaultDirectory(
        variable: String,
        home: String,
        environment: [String: String]
    ) -> String {
        let name = "cellucid-gateway"
        let base = PathBase(directory: "/", environment: environment)
        if let directory = environment[variable], directory.hasPrefix("/"),
            let path = base.resolve(directory + "/" + name)
        {
            return path
        }
        return base.resolve("~/\(home)/\(name)") ?? "/var/tmp/\(name)-\(getuid())"
    }
}

/// A folder to serve.
struct RootOption: Sendable, Equatable {
    /// The name for the folder in URLs, if it is not to be the folder's own.
    var name: String?
    /// The absolute path of the folder.
    var path: String
    /// The name of the web app that its datasets need, if it is not the usual one.
    var webApp: String?
}

/// A certificate for TLS.
struct TLSCertificateOption: Sendable, Equatable {
    /// The absolute path of the certificate chain in PEM.
    var certificate: String
    /// The absolute path of the private key in PEM; nil if it is in the certificate's file.
    var key: String?
}

/// Where a line for each request goes.
enum AccessLogOption: Sendable, Equatable {
    case off
    case stderr
    /// The absolute path of the file that the lines are appended to.
    case file(String)
}

extension Configuration {
    /// Who may make backends and viewers known, list them and close them.
    struct Admin: Sendable, Equatable {
        /// The absolute path of the file whose first line is the token that they give; `nil` if there is none.
        var tokenFile: String?
        /// Whether clients on this machine need the token too.
        var needsTokenFromLoopback = false
    }

    /// How long the gateway waits for peers, in seconds.
    struct Timeouts: Sendable, Equatable {
        /// For the whole head of a request.
        var headerSeconds = 20
        /// For the next request on a connection.
        var idleSeconds = 75
        /// For progress of a body in either direction.
        var stallSeconds = 30
        /// For requests in flight when the gateway is told to stop.
        var shutdownSeconds = 30
    }

    /// The least severe entries that are logged.
    enum LogLevel: String, Sendable, CaseIterable {
        case error
        case warning
        case info
        case debug
    }

    /// The form of the log.
    enum LogFormat: String, Sendable, CaseIterable {
        case text
        /// One JSON object a line.
        case json
    }
}

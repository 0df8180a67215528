/// The options of the gateway, the only list of them.
extension ConfigurationOption {
    /// Every option, in the order of the help text, the configuration file and the report.
    static let all: [ConfigurationOption] = data + upstreams + network + webApp + limits + logging + general

    /// The option for folders, which arguments without a flag mean too.
    static let root = ConfigurationOption(
        "root",
        .required(placeholder: "DIR"),
        in: .data,
        .setting(.list(\.roots, "roots", of: .root, default: "none; this or an upstream is needed")),
        "Folder of datasets, or one dataset, to serve; repeatable. name=DIR gives the folder another name in"
            + " URLs. A DIR without --root means the same."
    )

    private static let data = [
        root,
        ConfigurationOption(
            "recursive",
            .optional(placeholder: "BOOLEAN", bare: "true"),
            in: .data,
            .setting(.value(\.recursive, "recursive", .boolean)),
            "Look for datasets below the first level of the roots too."
        ),
        ConfigurationOption(
            "rescan-seconds",
            .required(placeholder: "N"),
            in: .data,
            .setting(.value(\.rescanSeconds, "rescanSeconds", .integer(in: 1...86_400))),
            "Seconds between two scans of the roots; changes that the system reports are seen at once."
        ),
        ConfigurationOption(
            "cache-dir",
            .required(placeholder: "DIR"),
            in: .data,
            .setting(
                .value(\.cacheDirectory, "cacheDirectory", .path, default: "~/.cache/cellucid-gateway")
            ),
            "Folder for what is made once and kept."
        ),
        ConfigurationOption(
            "state-dir",
            .required(placeholder: "DIR"),
            in: .data,
            .setting(
                .value(
                    \.requestedStateDirectory,
                    "stateDirectory",
                    .path,
                    default: "~/.local/state/cellucid-gateway"
                )
            ),
            "Folder for what must survive a restart: events and session bundles of viewers."
        ),
    ]

    private static let upstreams = [
        ConfigurationOption(
            "upstream",
            .required(placeholder: "MOUNT=URL"),
            in: .data,
            .setting(.list(\.upstreams.servers, "datasets", of: .upstream, default: "none")),
            "Running Cellucid server to serve as a dataset under the URL segment MOUNT: http://host:port,"
                + " https://host:port or unix:/path; repeatable."
        ),
        ConfigurationOption(
            "upstream-ca",
            .required(placeholder: "FILE"),
            in: .data,
            .setting(
                .value(
                    \.upstreams.certificateAuthorities,
                    "upstreams.certificateAuthorities",
                    .optionalPath,
                    default: "the system's"
                )
            ),
            "Certificate authorities (PEM) to trust for https upstreams, besides the system's."
        ),
        ConfigurationOption(
            "upstream-seconds",
            .required(placeholder: "N"),
            in: .data,
            .setting(.value(\.upstreams.answerSeconds, "upstreams.answerSeconds", .integer(in: 1...86_400))),
            "Seconds that an upstream may take until its answer begins, and that a request may wait for its turn."
        ),
    ]

    private static let network = [
        ConfigurationOption(
            "host",
            .required(placeholder: "ADDRESS"),
            in: .network,
            .setting(.value(\.host, "host", .listenHost)),
            "Address to listen on; 0.0.0.0 or :: for all."
        ),
        ConfigurationOption(
            "port",
            letter: "p",
            .required(placeholder: "PORT"),
            in: .network,
            .setting(.value(\.requestedPort, "port", .automatic(orIn: 0...65_535))),
            "Port to listen on; 0 for any free one. auto is \(Configuration.defaultPort), or the next free one"
                + " if that is busy."
        ),
        ConfigurationOption(
            "base-path",
            .required(placeholder: "PATH"),
            in: .network,
            .setting(.value(\.basePath, "basePath", .basePath)),
            "URL path that everything is served under."
        ),
        ConfigurationOption(
            "allowed-host",
            .required(placeholder: "NAME"),
            in: .network,
            .setting(.list(\.allowedHosts, "allowedHosts", of: .allowedHost, default: "none")),
            "Host name to answer to besides the loopback names and the addresses listened on; repeatable."
                + " *.example.org is every name below a domain, * every name."
        ),
        ConfigurationOption(
            "trusted-proxy",
            .required(placeholder: "ADDRESS"),
            in: .network,
            .setting(.list(\.trustedProxies, "trustedProxies", of: .proxyAddress, default: "none")),
            "Address or network (10.0.0.0/8) of a proxy whose forwarding headers are believed; repeatable."
        ),
        ConfigurationOption(
            "admin-token-file",
            .required(placeholder: "FILE"),
            in: .network,
            .setting(.value(\.admin.tokenFile, "admin.tokenFile", .optionalPath, default: "none")),
            "File whose first line is the token for making backends and viewers known from other machines."
        ),
        ConfigurationOption(
            "no-loopback-admin",
            .optional(placeholder: "BOOLEAN", bare: "true"),
            in: .network,
            .setting(.value(\.admin.needsTokenFromLoopback, "admin.noLoopback", .boolean)),
            "Ask clients on this machine for the token too, as is needed behind a proxy that does not say where a request"
                + " comes from."
        ),
        ConfigurationOption(
            "tls",
            .required(placeholder: "FILE"),
            in: .network,
            .setting(.list(\.tls, "tls", of: .certificate, default: "none, plain HTTP")),
            "Serve HTTPS with this certificate chain (PEM, with the private key unless --tls-key is given);"
                + " repeatable, the client's server name chooses."
        ),
        ConfigurationOption(
            "tls-key",
            .required(placeholder: "FILE"),
            in: .network,
            .setting(tlsKeys),
            "Private key (PEM) of a certificate; once for each --tls, in the same order."
        ),
        ConfigurationOption(
            "http2",
            .required(placeholder: "BOOLEAN"),
            in: .network,
            .setting(.value(\.http2.isEnabled, "http2.enabled", .boolean)),
            "Offer HTTP/2 to clients over TLS (ALPN), beside HTTP/1.1."
        ),
        ConfigurationOption(
            "h2c",
            .optional(placeholder: "BOOLEAN", bare: "true"),
            in: .network,
            .setting(.value(\.http2.isCleartextAllowed, "http2.cleartext", .boolean)),
            "Take HTTP/2 without TLS too, from clients that begin with it (prior knowledge), such as a proxy; not"
                + " together with --tls."
        ),
    ]

    private static let webApp = [
        ConfigurationOption(
            "web-app-origin",
            .required(placeholder: "URL"),
            in: .webApp,
            .setting(.value(\.webApp.origin, "webApp.origin", .origin)),
            "Where the viewer comes from; it is fetched once and kept in the cache folder."
        ),
        ConfigurationOption(
            "no-web-app",
            .optional(placeholder: "BOOLEAN", bare: "true"),
            in: .webApp,
            .setting(.value(\.webApp.isDisabled, "webApp.disabled", .boolean)),
            "Serve no viewer."
        ),
        ConfigurationOption(
            "web-app-ca",
            .required(placeholder: "FILE"),
            in: .webApp,
            .setting(
                .value(\.webApp.certificateAuthorities, "webApp.ca", .optionalPath, default: "the system's")
            ),
            "Certificate authorities (PEM) to trust instead of the system's when the viewer is fetched."
        ),
        ConfigurationOption(
            "web-app-check-hours",
            .required(placeholder: "N"),
            in: .webApp,
            .setting(.value(\.webApp.checkHours, "webApp.checkHours", .integer(in: 1...8_760))),
            "Hours between two looks for a newer build of the viewer."
        ),
        ConfigurationOption(
            "web-app-demo-data",
            .required(placeholder: "WORD"),
            in: .webApp,
            .setting(.value(\.webApp.demoData, "webApp.demoData", .choice)),
            "Whether the viewer may load the public demo datasets: on, off, or auto: as long as the viewer's origin can be"
                + " reached."
        ),
        ConfigurationOption(
            "web-app",
            .required(placeholder: "NAME=URL"),
            in: .webApp,
            .setting(.webApps),
            "Another viewer, for datasets that need an older or newer one; repeatable. NAME alone is one that is only"
                + " imported."
        ),
        ConfigurationOption(
            "dataset-web-app",
            .required(placeholder: "DATASET=NAME"),
            in: .webApp,
            .setting(.datasetWebApps),
            "The viewer of one dataset, by its folder's name in URLs; repeatable. In the configuration file a root can name"
                + " the viewer of all its datasets (webApp)."
        ),
    ]

    private static let limits = [
        ConfigurationOption(
            "workers",
            .required(placeholder: "N"),
            in: .limits,
            .setting(.value(\.workers, "workers", .automatic(orIn: 1...256))),
            "Event-loop threads; auto is one for each core available."
        ),
        ConfigurationOption(
            "max-connections",
            .required(placeholder: "N"),
            in: .limits,
            .setting(.value(\.maxConnections, "maxConnections", .integer(in: 1...10_000_000))),
            "Most connections at one time."
        ),
        ConfigurationOption(
            "header-seconds",
            .required(placeholder: "N"),
            in: .limits,
            .setting(.value(\.timeouts.headerSeconds, "timeouts.headerSeconds", .integer(in: 1...3_600))),
            "Seconds a client has for the head of a request."
        ),
        ConfigurationOption(
            "idle-seconds",
            .required(placeholder: "N"),
            in: .limits,
            .setting(.value(\.timeouts.idleSeconds, "timeouts.idleSeconds", .integer(in: 1...86_400))),
            "Seconds a connection is kept open between requests."
        ),
        ConfigurationOption(
            "stall-seconds",
            .required(placeholder: "N"),
            in: .limits,
            .setting(.value(\.timeouts.stallSeconds, "timeouts.stallSeconds", .integer(in: 1...3_600))),
            "Seconds without progress of a body after which a connection is closed."
        ),
        ConfigurationOption(
            "shutdown-seconds",
            .required(placeholder: "N"),
            in: .limits,
            .setting(.value(\.timeouts.shutdownSeconds, "timeouts.shutdownSeconds", .integer(in: 0...3_600))),
            "Seconds that requests in flight have to end when the gateway is told to stop."
        ),
        ConfigurationOption(
            "http2-streams",
            .required(placeholder: "N"),
            in: .limits,
            .setting(.value(\.http2.maxStreams, "http2.maxStreams", .integer(in: 1...1_000))),
            "Most requests of an HTTP/2 connection at one time."
        ),
        ConfigurationOption(
            "http2-header-bytes",
            .required(placeholder: "N"),
            in: .limits,
            .setting(.value(\.http2.maxHeaderBytes, "http2.maxHeaderBytes", .integer(in: 1_024...1_048_576))),
            "Most bytes of the header fields of an HTTP/2 request, counted with 32 more for each; 431 above."
        ),
        ConfigurationOption(
            "http2-continuations",
            .required(placeholder: "N"),
            in: .limits,
            .setting(.value(\.http2.maxContinuations, "http2.maxContinuations", .integer(in: 1...8))),
            "Most CONTINUATION frames of the head of an HTTP/2 request."
        ),
        ConfigurationOption(
            "http2-resets",
            .required(placeholder: "N"),
            in: .limits,
            .setting(.value(\.http2.resetsPerSecond, "http2.resetsPerSecond", .integer(in: 1...10_000))),
            "Streams a second that an HTTP/2 client may reset or make the gateway reset, averaged over 10 seconds."
        ),
        ConfigurationOption(
            "http2-control-frames",
            .required(placeholder: "N"),
            in: .limits,
            .setting(
                .value(
                    \.http2.controlFramesPerSecond,
                    "http2.controlFramesPerSecond",
                    .integer(in: 1...100_000)
                )
            ),
            "Frames a second that an HTTP/2 client may send without carrying anything, such as PING and SETTINGS,"
                + " averaged over 10 seconds."
        ),
    ]

    private static let logging = [
        ConfigurationOption(
            "log-level",
            .required(placeholder: "LEVEL"),
            in: .logging,
            .setting(.value(\.logLevel, "logLevel", .choice)),
            "Least severe entries to log: error, warning, info or debug."
        ),
        ConfigurationOption(
            "log-format",
            .required(placeholder: "FORMAT"),
            in: .logging,
            .setting(.value(\.logFormat, "logFormat", .choice)),
            "Form of the log on stderr: text, or json for one JSON object a line."
        ),
        ConfigurationOption(
            "access-log",
            .optional(placeholder: "FILE", bare: "stderr"),
            in: .logging,
            .setting(.value(\.accessLog, "accessLog", .accessLog)),
            "Log a line for each request to stderr, or append it to FILE; off for none."
        ),
    ]

    private static let general = [
        ConfigurationOption(
            "config",
            .required(placeholder: "FILE"),
            in: .general,
            .configurationFile,
            "Read a configuration file (JSON5); its keys are those that `gateway check` prints."
        ),
        ConfigurationOption("version", letter: "V", .none, in: .general, .version, "Print the version."),
        ConfigurationOption("help", letter: "h", .none, in: .general, .help, "Print this text."),
    ]

    /// The keys for the certificates given so far; in a file they stand beside the certificates.
    private static let tlsKeys = Setting(
        fileKey: nil,
        isList: true,
        defaultText: "in the certificate's file",
        store: { values, base, configuration throws(ValueRejection) in
            let keys = try ValueKind<String>.path.readList(values, base)
            let needed = configuration.tls.count
            guard keys.count == needed else {
                throw ValueRejection(
                    problem: "expected one key for each certificate (\(needed)), got \(keys.count)"
                )
            }
            for (index, key) in keys.enumerated() { configuration.tls[index].key = key }
        },
        report: { _ in nil },
        expected: "a private key file"
    )
}

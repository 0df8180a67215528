/// What the user asked the gateway to do.
enum Invocation: Sendable, Equatable {
    /// Serve the datasets.
    case serve(Configuration)
    /// Check the configuration and print it.
    case check(Configuration)
    /// Do something about the builds of the viewer.
    case webApp(WebAppAction, Configuration)
    /// Print the help text.
    case help
    /// Print the version.
    case version

    /// Understands a command line: flags count more than the environment, that more than the configuration
    /// file, and that more than the defaults.
    ///
    /// - Parameters:
    ///   - arguments: the arguments without the name of the program.
    ///   - environment: the variables of the process.
    ///   - currentDirectory: the absolute path that relative paths continue.
    /// - Returns: what to do, with the merged configuration, in which all paths are absolute.
    /// - Throws: ``StartupError`` with ``ExitCode/usage`` for whatever is wrong in one of the sources.
    static func parse(
        arguments: [String],
        environment: [String: String],
        currentDirectory: String
    ) throws(StartupError) -> Invocation {
        let commandLine = try CommandLineArguments(arguments)
        switch commandLine.command {
        case .help: return .help
        case .version: return .version
        case .serve, .check, .webApp: break
        }
        let configuration = try merge(commandLine, environment, currentDirectory)
        if commandLine.command == .webApp {
            let base = PathBase(directory: currentDirectory, environment: environment)
            return .webApp(try WebAppAction(commandLine.operands, base: base), configuration)
        }
        guard !configuration.roots.isEmpty || !configuration.upstreams.servers.isEmpty else {
            throw StartupError(.usage, "no --root given; try gateway --root DIR (see gateway --help)")
        }
        let mounts = configuration.upstreams.servers.map(\.mount)
        for (index, mount) in mounts.enumerated() where mounts[..<index].contains(mount) {
            throw StartupError(.usage, "--upstream: two servers have the mount \"\(mount)\"")
        }
        guard !configuration.http2.isCleartextAllowed || configuration.tls.isEmpty else {
            throw StartupError(
                .usage,
                "--h2c (http2.cleartext) and --tls (tls) exclude each other: TLS clients choose HTTP/2 by ALPN"
                    + " without --h2c"
            )
        }
        let known = configuration.webAppNames
        let ofUpstreams = configuration.upstreams.servers.compactMap(\.webApp)
            .filter { $0 != Backend.Specification.ownWebApp }
        for name in configuration.roots.compactMap(\.webApp) + configuration.webApp.ofDatasets.values.sorted()
            + ofUpstreams
        where !known.contains(name) {
            throw StartupError(
                .usage,
                "no web app is called \"\(name)\"; name it with --web-app \(name)=URL (webApps in the configuration file)"
            )
        }
        return commandLine.command == .check ? .check(configuration) : .serve(configuration)
    }

    private static func merge(
        _ commandLine: CommandLineArguments,
        _ variables: [String: String],
        _ currentDirectory: String
    ) throws(StartupError) -> Configuration {
        let base = PathBase(directory: currentDirectory, environment: variables)
        let environment = try ConfigurationEnvironment(variables, base: base)
        var configuration = Configuration(environment: variables)
        if let file = commandLine.configurationFile ?? environment.configurationFile {
            try ConfigurationFile.read(file, base: base, environment: variables).apply(to: &configuration)
        }
        try environment.layer.apply(to: &configuration)
        try commandLine.layer(base: base).apply(to: &configuration)
        if commandLine.values["cache-dir"] != nil { configuration.webApp.cacheDirectory = nil }
        return configuration
    }
}

extension CommandLineArguments {
    /// The configuration file that was named, the last one of several.
    fileprivate var configurationFile: String? { values["config"]?.last }

    /// What the arguments say about the configuration.
    fileprivate func layer(base: PathBase) -> ConfigurationLayer {
        ConfigurationLayer(
            source: .commandLine,
            base: base,
            values: values.mapValues { $0.map(OptionValue.text) }
        )
    }
}

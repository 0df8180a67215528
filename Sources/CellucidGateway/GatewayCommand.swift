import Catalog
import Glibc
import Reactor

/// The `gateway` command: arguments in, exit code out.
public enum GatewayCommand {
    /// Runs the command until it is done or told to stop.
    /// - Parameters:
    ///   - arguments: the command line without the program's name.
    ///   - environment: the variables of the process.
    /// - Returns: the exit code; see ``ExitCode``.
    public static func main(arguments: [String], environment: [String: String]) -> Int32 {
        StandardStreams.open()
        // Blocked before the first thread starts, so that every thread inherits it.
        let signals = Signals(blocking: [SIGTERM, SIGINT, SIGHUP])
        let readInvocation: @Sendable () throws(StartupError) -> Invocation = { () throws(StartupError) in
            try Invocation.parse(
                arguments: arguments,
                environment: environment,
                currentDirectory: workingDirectory()
            )
        }
        do throws(StartupError) {
            switch try readInvocation() {
            case .help:
                Terminal.write(HelpText.text, to: .output)
            case .version:
                Terminal.write("gateway \(Version.current)\n", to: .output)
            case .check(let configuration):
                try ConfigurationCheck.run(configuration, environment: environment)
            case .webApp(let action, let configuration):
                signals.unblock()
                try WebAppCommand.run(action, configuration, environment: environment)
            case .serve(let configuration):
                let process = try GatewayProcess(
                    configuration: configuration,
                    environment: environment,
                    readInvocation: readInvocation
                )
                process.run(signals)
            }
            return ExitCode.ok.rawValue
        } catch {
            Terminal.write("gateway: \(error.message)\n", to: .error)
            return error.exitCode.rawValue
        }
    }

    private static func workingDirectory() -> String {
        guard let path = unsafe getcwd(nil, 0) else { return "/" }
        defer { unsafe free(path) }
        return unsafe String(cString: path)
    }
}

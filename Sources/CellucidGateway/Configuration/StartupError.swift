/// Why the gateway did not start: one line for the user and the exit code that goes with it.
struct StartupError: Error, Equatable {
    /// The code the process ends with.
    let exitCode: ExitCode
    /// What is wrong and where, on one line, without the leading `gateway: `.
    let message: String

    /// Makes an error of a message.
    ///
    /// - Parameters:
    ///   - exitCode: the code the process ends with.
    ///   - message: what is wrong; control characters, which can come from file names and arguments, are
    ///     escaped so that the message stays on one line.
    init(_ exitCode: ExitCode, _ message: String) {
        self.exitCode = exitCode
        var line = ""
        for scalar in message.unicodeScalars {
            switch scalar.properties.generalCategory {
            case .control, .lineSeparator, .paragraphSeparator: line += scalar.escaped(asASCII: true)
            default: line.unicodeScalars.append(scalar)
            }
        }
        self.message = line
    }
}

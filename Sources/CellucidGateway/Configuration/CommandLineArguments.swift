/// The arguments of the command, taken apart but not yet understood.
struct CommandLineArguments {
    /// What the gateway is to do.
    private(set) var command = Command.serve
    /// The values by the name of the option, in the order given.
    private(set) var values: [String: [String]] = [:]
    /// What follows the command `web-app`.
    private(set) var operands: [String] = []

    /// What the gateway is to do.
    enum Command: String {
        case serve
        case check
        case webApp = "web-app"
        case help
        case version
    }

    /// The sub-commands; the other commands are options.
    private static let subcommands = [Command.serve, .check, .webApp]

    /// Takes arguments apart.
    ///
    /// - Parameter arguments: the arguments without the name of the program.
    /// - Throws: ``StartupError`` for an unknown option, a missing value and a value where none belongs.
    init(_ arguments: [String]) throws(StartupError) {
        var rest = arguments[...]
        var canTakeCommand = true
        while let argument = rest.popFirst() {
            if argument == "--" {
                if command == .webApp {
                    operands += rest
                } else {
                    for folder in rest { add(folder, to: .root) }
                }
                return
            }
            guard argument.hasPrefix("-"), argument != "-" else {
                if canTakeCommand, let command = Command(rawValue: argument),
                    Self.subcommands.contains(command)
                {
                    self.command = command
                } else if self.command == .webApp {
                    operands.append(argument)
                } else {
                    add(argument, to: .root)
                }
                canTakeCommand = false
                continue
            }
            try take(argument, rest: &rest)
            if command == .help || command == .version { return }
        }
    }

    /// Takes one option with its value.
    private mutating func take(_ argument: String, rest: inout ArraySlice<String>) throws(StartupError) {
        let parts = argument.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
        let option = try Self.option(String(parts[0]))
        let attached = parts.count == 2 ? String(parts[1]) : nil
        switch option.argument {
        case .none:
            if attached != nil { throw StartupError(.usage, "\(option.flag): takes no value") }
            command = if case .help = option.role { .help } else { .version }
        case .optional(_, let bare):
            add(attached ?? bare, to: option)
        case .required(let placeholder):
            if let attached {
                add(attached, to: option)
            } else if let next = rest.first, next == "-" || !next.hasPrefix("-") {
                rest.removeFirst()
                add(next, to: option)
            } else {
                let expected = option.setting?.expected ?? "a file"
                throw StartupError(
                    .usage,
                    "\(option.flag) \(placeholder): value missing, expected \(expected)"
                )
            }
        }
    }

    private mutating func add(_ value: String, to option: ConfigurationOption) {
        values[option.name, default: []].append(value)
    }

    /// The option that is spelled like this.
    private static func option(_ spelling: String) throws(StartupError) -> ConfigurationOption {
        for option in ConfigurationOption.all {
            if spelling == option.flag { return option }
            if let letter = option.letter, spelling == "-\(letter)" { return option }
        }
        let suggestion = NearestMatch.suggestion(for: spelling, in: ConfigurationOption.all.map(\.flag))
        throw StartupError(
            .usage,
            "unknown option \(spelling)" + (suggestion.isEmpty ? "; see gateway --help" : suggestion)
        )
    }
}

/// The text of `gateway --help`.
enum HelpText {
    /// The whole text, at most 80 columns wide.
    static let text = [
        introduction,
        ConfigurationOption.Section.allCases.map(section).joined(separator: "\n"),
        explanations,
        "Exit codes:\n" + ExitCode.allCases.map { "  \($0.rawValue)  \($0.summary)\n" }.joined(),
    ].joined(separator: "\n")

    private static let columns = 80
    /// Where the explanations of options begin.
    private static let margin = 30

    private static let introduction = """
        Usage: gateway [serve] [OPTION]... [DIR]...
               gateway check [OPTION]... [DIR]...
               gateway web-app update [NAME] | export FILE [NAME] | import FILE [NAME]

        Serves folders of single-cell datasets to the Cellucid web viewer.

        Commands:
          serve   serve the datasets; what is done without a command
          check   check the configuration, print it merged as JSON, and exit
          web-app fetch the newest build of the viewer; or write it into a tar file,
                  or take it from one, for a machine without Internet

        """

    private static let explanations = """
        Flags count more than the environment, that more than the configuration file,
        and that more than the defaults. Every option but --help and --version is an
        environment variable too: \(ConfigurationOption.environmentPrefix)BASE_PATH for --base-path, with
        commas between the values of a repeatable one. Relative paths in a configuration
        file are relative to its folder.

        Examples:
          gateway /data/exports
          gateway --root pbmc=/data/pbmc3k --root /data/atlas --port 9000
          gateway --host 0.0.0.0 --tls cells.pem --allowed-host cells.example.org
          gateway check --config /etc/cellucid-gateway.json5

        """

    private static func section(_ section: ConfigurationOption.Section) -> String {
        let options = ConfigurationOption.all.filter { $0.section == section }
        return section.rawValue + ":\n" + options.map(entry).joined()
    }

    /// The lines of one option: what to write on the left, what it does on the right.
    private static func entry(_ option: ConfigurationOption) -> String {
        let letter = option.letter.map { "-\($0), " } ?? "    "
        let synopsis = "  " + letter + option.flag + argumentText(option.argument)
        let lines = wrapped(option.summary + defaultText(option), width: columns - margin)
        let indentation = String(repeating: " ", count: margin)
        let padding = margin - synopsis.count
        let first =
            padding >= 2 ? synopsis + String(repeating: " ", count: padding) : synopsis + "\n" + indentation
        return first + lines.joined(separator: "\n" + indentation) + "\n"
    }

    private static func argumentText(_ argument: ConfigurationOption.Argument) -> String {
        switch argument {
        case .none: ""
        case .required(let placeholder): " " + placeholder
        case .optional(let placeholder, _): "[=" + placeholder + "]"
        }
    }

    /// The default of an option in parentheses, taken from the configuration unless the table words it.
    private static func defaultText(_ option: ConfigurationOption) -> String {
        guard let setting = option.setting else { return "" }
        if let text = setting.defaultText { return " (default: \(text))" }
        let value = setting.report(Configuration(environment: [:]))
        if case .string(let text) = value { return " (default: \(text))" }
        return value.map { " (default: \($0.compactText))" } ?? ""
    }

    private static func wrapped(_ text: String, width: Int) -> [String] {
        var lines: [String] = []
        var line = ""
        for word in text.split(separator: " ") {
            if !line.isEmpty, line.count + 1 + word.count > width {
                lines.append(line)
                line = ""
            }
            line += (line.isEmpty ? "" : " ") + word
        }
        return lines + [line]
    }
}

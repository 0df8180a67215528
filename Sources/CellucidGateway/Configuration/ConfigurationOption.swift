/// One option, from which follow its flag, its environment variable, its key in the configuration file and
/// its lines in the help text.
struct ConfigurationOption: Sendable {
    /// The long flag without the leading `--`.
    let name: String
    /// The letter of the short flag, if it has one.
    let letter: Character?
    /// What the flag takes.
    let argument: Argument
    /// Where in the help text the option stands.
    let section: Section
    /// What it is for, with units, in the words of the help text.
    let summary: String
    /// What giving the option does.
    let role: Role

    /// What follows a flag.
    enum Argument: Sendable, Equatable {
        case none
        /// A value, in the next argument or after `=`.
        case required(placeholder: String)
        /// A value after `=`, or the value meant by the flag alone.
        case optional(placeholder: String, bare: String)
    }

    /// The sections of the help text, in order.
    enum Section: String, Sendable, CaseIterable {
        case data = "Data"
        case network = "Network"
        case webApp = "Web app"
        case limits = "Limits"
        case logging = "Logging"
        case general = "General"
    }

    /// What giving an option does.
    enum Role: Sendable {
        case setting(Setting)
        case configurationFile
        case help
        case version
    }

    /// How an option changes the configuration.
    struct Setting: Sendable {
        /// The key in the configuration file, with a dot between the levels; nil if it has none.
        let fileKey: String?
        /// Whether the option takes several values.
        let isList: Bool
        /// The default in the words of the help text; nil to show the value itself.
        let defaultText: String?
        /// Sets the values given by one source, of which only the last counts unless the option is a list.
        let store: @Sendable ([OptionValue], PathBase, inout Configuration) throws(ValueRejection) -> Void
        /// The value in the form of a configuration file; nil if another option shows it.
        let report: @Sendable (Configuration) -> JSONValue?
        /// What a value has to be, as the end of a sentence that begins with "expected".
        let expected: String
    }

    /// Makes an option; the parameters are the properties.
    init(
        _ name: String,
        letter: Character? = nil,
        _ argument: Argument,
        in section: Section,
        _ role: Role,
        _ summary: String
    ) {
        self.name = name
        self.letter = letter
        self.argument = argument
        self.section = section
        self.summary = summary
        self.role = role
    }

    /// The prefix of all environment variables of the gateway.
    static let environmentPrefix = "CELLUCID_GATEWAY_"

    /// The long flag: `--base-path`.
    var flag: String { "--" + name }

    /// The environment variable: `CELLUCID_GATEWAY_BASE_PATH`; nil for options that are questions.
    var environmentName: String? {
        switch role {
        case .setting, .configurationFile:
            Self.environmentPrefix + name.uppercased().map { $0 == "-" ? "_" : String($0) }.joined()
        case .help, .version: nil
        }
    }

    /// How the option changes the configuration, if it does.
    var setting: Setting? {
        if case .setting(let setting) = role { setting } else { nil }
    }
}

extension ConfigurationOption.Setting {
    /// A setting with one value.
    static func value<Value>(
        _ field: any WritableKeyPath<Configuration, Value> & Sendable,
        _ fileKey: String,
        _ kind: ValueKind<Value>,
        default defaultText: String? = nil
    ) -> Self {
        Self(
            fileKey: fileKey,
            isList: false,
            defaultText: defaultText,
            store: { values, base, configuration throws(ValueRejection) in
                guard let last = values.last else { return }
                configuration[keyPath: field] = try kind.read(last, base)
            },
            report: { kind.write($0[keyPath: field]) },
            expected: kind.expected
        )
    }

    /// A setting with several values, which replace the values of a source that counts less.
    static func list<Element>(
        _ field: any WritableKeyPath<Configuration, [Element]> & Sendable,
        _ fileKey: String,
        of kind: ValueKind<Element>,
        default defaultText: String
    ) -> Self {
        Self(
            fileKey: fileKey,
            isList: true,
            defaultText: defaultText,
            store: { values, base, configuration throws(ValueRejection) in
                configuration[keyPath: field] = try kind.readList(values, base)
            },
            report: { .array($0[keyPath: field].map(kind.write)) },
            expected: kind.expected
        )
    }
}

extension ValueKind {
    /// Reads all values of a list, of which each may be a JSON array of several.
    func readList(_ values: [OptionValue], _ base: PathBase) throws(ValueRejection) -> [Value] {
        var result: [Value] = []
        for value in values {
            guard case .json(.array(let elements)) = value else {
                result.append(try read(value, base))
                continue
            }
            for (index, element) in elements.enumerated() {
                do throws(ValueRejection) {
                    result.append(try read(.json(element), base))
                } catch {
                    throw ValueRejection(error, atElement: index)
                }
            }
        }
        return result
    }
}

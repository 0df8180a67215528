/// What one source of configuration says.
struct ConfigurationLayer: Sendable {
    /// Where the values come from, for messages.
    let source: Source
    /// What relative paths in them are relative to.
    let base: PathBase
    /// The values by the name of the option.
    var values: [String: [OptionValue]] = [:]

    /// A source of configuration.
    enum Source: Sendable {
        /// The file with this path.
        case file(String)
        case environment
        case commandLine
    }

    /// Sets what this source gives, over what sources that count less have set.
    ///
    /// - Throws: ``StartupError`` that names the option as it is called in this source.
    func apply(to configuration: inout Configuration) throws(StartupError) {
        for option in ConfigurationOption.all {
            guard let setting = option.setting, let given = values[option.name] else { continue }
            do throws(ValueRejection) {
                try setting.store(given, base, &configuration)
            } catch {
                throw StartupError(.usage, "\(label(of: option))\(error.path): \(error.problem)")
            }
        }
    }

    private func label(of option: ConfigurationOption) -> String {
        switch source {
        case .file(let path): path + ": " + (option.setting?.fileKey ?? option.name)
        case .environment: option.environmentName ?? option.name
        case .commandLine: option.flag
        }
    }
}

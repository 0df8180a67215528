/// Reads the environment variables of the gateway.
struct ConfigurationEnvironment {
    /// What the variables say.
    let layer: ConfigurationLayer
    /// The configuration file they name, if they do.
    let configurationFile: String?

    /// Reads the variables; an empty one counts as not set, and lists have commas between their values.
    ///
    /// - Parameters:
    ///   - environment: the variables of the process.
    ///   - base: what relative paths are relative to.
    /// - Throws: ``StartupError`` for a variable that has the gateway's prefix but belongs to no option.
    init(_ environment: [String: String], base: PathBase) throws(StartupError) {
        var layer = ConfigurationLayer(source: .environment, base: base)
        var configurationFile: String?
        let known = ConfigurationOption.all.compactMap(\.environmentName)
        for (name, value) in environment.sorted(by: { $0.key < $1.key }) {
            guard name.hasPrefix(ConfigurationOption.environmentPrefix) else { continue }
            guard let option = ConfigurationOption.all.first(where: { $0.environmentName == name }) else {
                let nearest =
                    NearestMatch.find(name, in: known).map { "; the nearest known one is " + $0 } ?? ""
                throw StartupError(.usage, "unknown environment variable \(name)" + nearest)
            }
            if value.isEmpty { continue }
            switch option.role {
            case .configurationFile: configurationFile = value
            case .setting(let setting):
                layer.values[option.name] =
                    setting.isList ? value.split(separator: ",").map { .text(String($0)) } : [.text(value)]
            case .help, .version: break
            }
        }
        self.layer = layer
        self.configurationFile = configurationFile
    }
}

import FoundationEssentials

/// Reads a configuration file: JSON5 with the keys of the table of options.
struct ConfigurationFile {
    /// The path as it is shown in messages.
    private let path: String
    private var values: [String: [OptionValue]] = [:]

    /// Far more than any configuration, and little enough to read at once.
    private static let maximumBytes = 1 << 20

    /// Reads a file.
    ///
    /// - Parameters:
    ///   - path: the file.
    ///   - base: what a relative path of the file is relative to.
    ///   - environment: the variables of the process, for paths of the home folder.
    /// - Returns: what the file says, with paths relative to the folder of the file.
    /// - Throws: ``StartupError`` that names the file, and the key at fault if there is one.
    static func read(
        _ path: String,
        base: PathBase,
        environment: [String: String]
    ) throws(StartupError) -> ConfigurationLayer {
        guard let absolutePath = base.resolve(path) else {
            throw StartupError(.usage, "--config: expected a file, got \(OptionValue.text(path).excerpt)")
        }
        var file = ConfigurationFile(path: absolutePath)
        guard case .object(let members) = try file.decode() else {
            throw file.error("expected an object { ... }")
        }
        try file.collect(members, prefix: "")
        return ConfigurationLayer(
            source: .file(absolutePath),
            base: PathBase(directory: PathBase.parent(of: absolutePath), environment: environment),
            values: file.values
        )
    }

    private init(path: String) {
        self.path = path
    }

    private func error(_ problem: String) -> StartupError {
        StartupError(.usage, path + ": " + problem)
    }

    private func decode() throws(StartupError) -> JSONValue {
        let data = try contents()
        let decoder = JSONDecoder()
        decoder.allowsJSON5 = true
        do {
            return try decoder.decode(JSONValue.self, from: data)
        } catch {
            let line = JSON5Syntax.lineOfMistake(in: Array(data)).map { ", see line \($0)" } ?? ""
            throw self.error("not valid JSON5" + line)
        }
    }

    private func contents() throws(StartupError) -> Data {
        var isDirectory = false
        guard FileManager.default.fileExists(atPath: path, isDirectory: &isDirectory) else {
            throw error("no such configuration file")
        }
        if isDirectory { throw error("expected a configuration file, got a folder") }
        guard let data = FileManager.default.contents(atPath: path) else {
            throw error("the configuration file cannot be read")
        }
        guard data.count <= Self.maximumBytes else {
            throw error("a configuration file has at most \(Self.maximumBytes) bytes, this one \(data.count)")
        }
        return data
    }

    /// Takes the values of an object, and of the objects in it that are groups of options.
    private mutating func collect(_ members: [JSONValue.Member], prefix: String) throws(StartupError) {
        for member in members {
            let key = prefix + member.key
            if let option = ConfigurationOption.all.first(where: { $0.setting?.fileKey == key }) {
                values[option.name] = [.json(member.value)]
                continue
            }
            let known = Self.keys(prefix: prefix)
            guard known.contains(member.key) else {
                throw error("\(key): unknown key" + NearestMatch.suggestion(for: member.key, in: known))
            }
            guard case .object(let group) = member.value else {
                throw error(
                    "\(key): expected an object { ... }, got \(OptionValue.json(member.value).excerpt)"
                )
            }
            try collect(group, prefix: key + ".")
        }
    }

    /// The keys that an object may have: of options, and of groups of them.
    private static func keys(prefix: String) -> [String] {
        ConfigurationOption.all.compactMap { option in
            guard let key = option.setting?.fileKey, key.hasPrefix(prefix) else { return nil }
            return key.dropFirst(prefix.count).split(separator: ".").first.map(String.init)
        }
    }
}

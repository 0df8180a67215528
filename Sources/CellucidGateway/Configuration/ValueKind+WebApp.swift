import Upstream

extension ValueKind where Value == String {
    /// The address of a server: scheme, host and port, kept in its usual form.
    static let origin = text(expected: "a URL without a path, such as https://www.cellucid.com") { text in
        (try? Origin(text))?.description
    }
}

extension ValueKind where Value == String? {
    /// A file, kept as an absolute path, or nothing.
    static let optionalPath = Self(expected: "a path") { value, base in
        if case .json(.null) = value { return .some(nil) }
        return value.string.flatMap { base.resolve($0) }.map { .some($0) }
    } write: {
        $0.map { .string($0) } ?? .null
    }
}

extension ConfigurationOption.Setting {
    /// Web apps by name: `NAME=URL` or `NAME` as text, `{ NAME: { origin: URL } }` in JSON.
    static let webApps = Self(
        fileKey: "webApps",
        isList: true,
        defaultText: "none",
        store: { values, _, configuration throws(ValueRejection) in
            configuration.webApp.others = []
            for value in values {
                if case .json(.object(let members)) = value {
                    for member in members {
                        let given = OptionValue.json(member.value)
                        guard let origin = try given.members(["origin"]) else {
                            throw ValueRejection(
                                given,
                                expected: "an object { origin: URL }",
                                path: "." + member.key
                            )
                        }
                        try add(member.key, origin["origin"], value, to: &configuration)
                    }
                } else if let parts = value.string?.split(separator: "=", maxSplits: 1),
                    let name = parts.first
                {
                    try add(
                        String(name),
                        parts.count == 2 ? String(parts[1]) : nil,
                        value,
                        to: &configuration
                    )
                } else {
                    throw ValueRejection(value, expected: webAppExpectation)
                }
            }
        },
        report: { configuration in
            .object(
                configuration.webApp.others.map { app in
                    let origin =
                        app.origin.map { [JSONValue.Member(key: "origin", value: .string($0))] } ?? []
                    return JSONValue.Member(key: app.name, value: .object(origin))
                }
            )
        },
        expected: webAppExpectation
    )

    /// The web apps of single datasets: `MOUNT=NAME` as text, `{ MOUNT: NAME }` in JSON.
    static let datasetWebApps = Self(
        fileKey: "datasetWebApps",
        isList: true,
        defaultText: "none",
        store: { values, _, configuration throws(ValueRejection) in
            configuration.webApp.ofDatasets = [:]
            for value in values {
                if case .json(.object(let members)) = value {
                    for member in members {
                        guard let name = OptionValue.json(member.value).string else {
                            throw ValueRejection(
                                .json(member.value),
                                expected: "a name",
                                path: "." + member.key
                            )
                        }
                        configuration.webApp.ofDatasets[member.key] = name
                    }
                } else if let parts = value.string?.split(separator: "=", maxSplits: 1), parts.count == 2 {
                    configuration.webApp.ofDatasets[String(parts[0])] = String(parts[1])
                } else {
                    throw ValueRejection(value, expected: "a dataset and a name, MOUNT=NAME")
                }
            }
        },
        report: { configuration in
            .object(
                configuration.webApp.ofDatasets.sorted { $0.key < $1.key }.map {
                    JSONValue.Member(key: $0.key, value: .string($0.value))
                }
            )
        },
        expected: "a dataset and a name, MOUNT=NAME"
    )

    private static let webAppExpectation =
        "a name of letters, digits, \"_\" and \"-\" other than \"default\" and \"upstream\", and perhaps a URL, "
        + "NAME=https://viewer.example.org"

    private static func add(
        _ name: String,
        _ url: String?,
        _ value: OptionValue,
        to configuration: inout Configuration
    ) throws(ValueRejection) {
        guard isWebAppName(name) else { throw ValueRejection(.text(name), expected: webAppExpectation) }
        var origin: String?
        if let url {
            guard let parsed = try? Origin(url) else {
                throw ValueRejection(.text(url), expected: ValueKind<String>.origin.expected)
            }
            origin = parsed.description
        }
        guard !configuration.webApp.others.contains(where: { $0.name == name }) else {
            throw ValueRejection(value, expected: "each name once")
        }
        configuration.webApp.others.append(NamedWebApp(name: name, origin: origin))
    }

    /// Whether a folder of the cache can have this name; the usual web app has its own, and the pages of an upstream's
    /// own have theirs.
    private static func isWebAppName(_ name: String) -> Bool {
        (1...64).contains(name.utf8.count) && name != Configuration.WebApp.usualName
            && name != Backend.Specification.ownWebApp
            && name.unicodeScalars.allSatisfy { $0.isASCIILetterOrDigit || $0 == "_" || $0 == "-" }
    }
}

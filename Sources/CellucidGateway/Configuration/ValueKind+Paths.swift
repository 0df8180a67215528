import FoundationEssentials

extension ValueKind where Value == String {
    /// A file or folder, kept as an absolute path.
    static let path = Self(expected: "a path") { value, base in
        value.string.flatMap { base.resolve($0) }
    } write: {
        .string($0)
    }
}

extension ValueKind where Value == RootOption {
    /// A folder to serve: `DIR` or `name=DIR` as text, a path or `{name, path, webApp}` in JSON.
    static let root = Self(expected: "a folder, or a name and a folder") {
        value,
        base throws(ValueRejection) in
        if let members = try value.members(["name", "path", "webApp"]) {
            if let name = members["name"], !isRootName(name) {
                let expected = "a name of letters, digits, \".\", \"_\" and \"-\""
                throw ValueRejection(.text(name), expected: expected, path: ".name")
            }
            return RootOption(
                name: members["name"],
                path: try requiredPath("path", of: members, value, base),
                webApp: members["webApp"]
            )
        }
        if case .text(let text) = value, let root = try namedRoot(text, base) { return root }
        return value.string.flatMap { base.resolve($0) }.map { RootOption(name: nil, path: $0) }
    } write: { root in
        if root.name == nil && root.webApp == nil { return .string(root.path) }
        let members = [("name", root.name), ("path", root.path), ("webApp", root.webApp)]
        return .object(
            members.compactMap { key, text in text.map { JSONValue.Member(key: key, value: .string($0)) } }
        )
    }

    /// Reads `name=DIR`, which an existing folder with such a name is not.
    private static func namedRoot(_ text: String, _ base: PathBase) throws(ValueRejection) -> RootOption? {
        guard let equals = text.firstIndex(of: "="), isRootName(text[..<equals]) else { return nil }
        if let whole = base.resolve(text), FileManager.default.fileExists(atPath: whole) { return nil }
        guard let path = base.resolve(String(text[text.index(after: equals)...])) else {
            throw ValueRejection(.text(text), expected: "a folder after \"=\"")
        }
        return RootOption(name: String(text[..<equals]), path: path)
    }

    private static func isRootName(_ name: some StringProtocol) -> Bool {
        guard let first = name.unicodeScalars.first, first.isASCIILetterOrDigit else { return false }
        return name.unicodeScalars.allSatisfy { $0.isASCIILetterOrDigit || "._-".unicodeScalars.contains($0) }
    }
}

extension ValueKind where Value == TLSCertificateOption {
    /// A certificate: a path, or `{certificate, key}` in JSON.
    static let certificate = Self(expected: "a certificate file") { value, base throws(ValueRejection) in
        guard let members = try value.members(["certificate", "key"]) else {
            let path = value.string.flatMap { base.resolve($0) }
            return path.map { TLSCertificateOption(certificate: $0, key: nil) }
        }
        return TLSCertificateOption(
            certificate: try requiredPath("certificate", of: members, value, base),
            key: members["key"] == nil ? nil : try requiredPath("key", of: members, value, base)
        )
    } write: { certificate in
        guard let key = certificate.key else { return .string(certificate.certificate) }
        return .object([
            JSONValue.Member(key: "certificate", value: .string(certificate.certificate)),
            JSONValue.Member(key: "key", value: .string(key)),
        ])
    }
}

extension ValueKind where Value == AccessLogOption {
    /// Where the access log goes: `off`, `stderr` or a file.
    static let accessLog = Self(expected: "off, stderr or a file") { value, base in
        switch value.string {
        case "off": .off
        case "stderr": .stderr
        case let path?: base.resolve(path).map { .file($0) }
        case nil: nil
        }
    } write: { log in
        switch log {
        case .off: .string("off")
        case .stderr: .string("stderr")
        case .file(let path): .string(path)
        }
    }
}

/// The member of an object that is a path and must be there.
private func requiredPath(
    _ key: String,
    of members: [String: String],
    _ object: OptionValue,
    _ base: PathBase
) throws(ValueRejection) -> String {
    guard let text = members[key] else { throw ValueRejection(object, expected: "an object with \"\(key)\"") }
    guard let path = base.resolve(text) else {
        throw ValueRejection(.text(text), expected: "a path", path: "." + key)
    }
    return path
}

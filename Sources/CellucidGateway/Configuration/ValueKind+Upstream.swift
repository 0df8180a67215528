import Catalog
import Upstream

extension ValueKind where Value == UpstreamOption {
    /// A running server: `MOUNT=URL` as text, `{ mount, kind: "upstream", url, name, generation, webApp }` in JSON.
    static let upstream = Self(expected: expectation) { value, _ throws(ValueRejection) in
        let keys = ["mount", "kind", "url", "name", "generation", "webApp"]
        if let members = try value.members(keys) {
            guard let mount = members["mount"], let url = members["url"] else {
                throw ValueRejection(value, expected: "an object with mount and url")
            }
            guard members["kind"] ?? "upstream" == "upstream" else {
                throw ValueRejection(.text(members["kind"] ?? ""), expected: "\"upstream\"", path: ".kind")
            }
            var generation: ServerGeneration?
            if let name = members["generation"], name != "auto" {
                generation = ServerGeneration(rawValue: name)
                guard generation != nil else {
                    let known = ServerGeneration.allCases.map(\.rawValue).joined(separator: ", ")
                    throw ValueRejection(.text(name), expected: "one of auto, \(known)", path: ".generation")
                }
            }
            return try option(mount, url, members["name"], generation, members["webApp"])
        }
        guard let parts = value.string?.split(separator: "=", maxSplits: 1), parts.count == 2 else {
            return nil
        }
        return try option(String(parts[0]), String(parts[1]), nil, nil, nil)
    } write: { option in
        let members = [
            ("mount", option.mount), ("kind", "upstream"), ("url", option.url), ("name", option.name),
            ("generation", option.generation?.rawValue), ("webApp", option.webApp),
        ]
        return .object(
            members.compactMap { key, text in text.map { JSONValue.Member(key: key, value: .string($0)) } }
        )
    }

    private static let expectation = "a mount and the URL of a running server, MOUNT=http://127.0.0.1:8766"

    private static func option(
        _ mount: String,
        _ url: String,
        _ name: String?,
        _ generation: ServerGeneration?,
        _ webApp: String?
    ) throws(ValueRejection) -> UpstreamOption {
        guard MountName.isValid(mount) else {
            throw ValueRejection(
                .text(mount),
                expected:
                    "a mount of letters, digits, \".\", \"_\" and \"-\" that is none of the gateway's own paths"
            )
        }
        do throws(UpstreamError) {
            let origin = try Origin(upstream: url)
            return UpstreamOption(
                mount: mount,
                url: origin.description,
                name: name,
                generation: generation,
                webApp: webApp
            )
        } catch {
            throw ValueRejection(.text(url), expected: "http://host:port, https://host:port or unix:/path")
        }
    }
}

extension Origin {
    /// Reads where a running server listens: `http://host:port`, `https://host:port` or `unix:/path`.
    /// - Throws: `UpstreamError` with the cause `.invalidURL`.
    init(upstream text: String) throws(UpstreamError) {
        let prefix = "unix:"
        if text.hasPrefix(prefix) {
            try self.init(socketPath: String(text.dropFirst(prefix.count)))
        } else {
            try self.init(text)
        }
    }
}

import Bytes
import Reactor
import Upstream

/// `/_gateway/backends`: the running servers, for programs.
enum BackendDocuments {
    /// All of them.
    static func list(_ backends: [Backend]) -> String {
        JSONText.object(["backends": JSONText.array(backends.map(document))])
    }

    /// One of them.
    static func document(_ backend: Backend) -> String {
        let specification = backend.specification
        let current = backend.current
        var state = "unknown"
        var reason = "null"
        switch current.condition {
        case .unknown: break
        case .healthy: state = "healthy"
        case .unavailable(let text):
            state = "unavailable"
            reason = JSONText.string(text)
        }
        let expiresIn = current.expires.map { "\(max(0, $0 - Clock.monotonicMilliseconds()) / 1000)" }
        let datasets = current.datasets.map { dataset in
            JSONText.object([
                "id": JSONText.string(dataset.id), "name": JSONText.string(dataset.name),
                "path": JSONText.string(dataset.path),
            ])
        }
        return JSONText.object([
            "mount": JSONText.string(specification.mount),
            "url": JSONText.string(specification.origin.description),
            "name": JSONText.string(specification.name ?? specification.mount),
            "source": specification.isConfigured ? "\"configured\"" : "\"registered\"",
            "generation": current.generation.map { JSONText.string($0.rawValue) } ?? "null",
            "state": JSONText.string(state),
            "reason": reason,
            "waiting": "\(backend.turns.waitingCount)",
            "expiresIn": expiresIn ?? "null",
            "datasets": JSONText.array(datasets),
        ])
    }

    /// The entries of `/_gateway/datasets` that a backend has.
    static func catalogEntries(_ backend: Backend) -> [String] {
        let specification = backend.specification
        let current = backend.current
        var members: KeyValuePairs<String, String> = [:]
        switch current.condition {
        case .healthy:
            members = ["state": "\"ready\""]
        case .unknown:
            members = ["state": "\"unavailable\"", "reason": "\"It has not answered yet.\""]
        case .unavailable(let reason):
            members = ["state": "\"unavailable\"", "reason": JSONText.string(reason)]
        }
        let more = members.map { ",\"\($0.key)\":\($0.value)" }.joined()
        let url = JSONText.string(specification.origin.description)
        func entry(_ id: String?, _ name: String, _ path: String) -> String {
            "{\"mount\":\(JSONText.string(specification.mount)),\"id\":\(id.map(JSONText.string) ?? "null"),"
                + "\"name\":\(JSONText.string(name)),\"kind\":\"upstream\",\"url\":\(url),"
                + "\"path\":\(JSONText.string(path))\(more)}"
        }
        guard !current.datasets.isEmpty else {
            return [entry(nil, specification.name ?? specification.mount, "/")]
        }
        return current.datasets.map { entry($0.id, $0.name, $0.path) }
    }
}

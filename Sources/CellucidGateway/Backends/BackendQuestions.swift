import Bytes
import FoundationEssentials
import HTTP

/// What the gateway asks a backend to know it (contract of the Cellucid servers, 7.4.1).
enum BackendQuestions {
    /// What a backend has said.
    struct Findings {
        let generation: ServerGeneration
        /// Whether it is another gateway.
        let isGateway: Bool
        let datasets: [Backend.ListedDataset]
        /// How many more datasets it lists than are taken.
        let surplus: Int
        /// The document about its health.
        let health: [UInt8]
    }

    /// The most datasets that are taken of one listing.
    static let mostDatasets = 10_000

    /// Asks for dialect, health and datasets; within a turn.
    /// - Parameters:
    ///   - backend: whom.
    ///   - client: asks on its loop.
    ///   - milliseconds: how long each answer may take.
    /// - Returns: what it said.
    /// - Throws: ``BackendFailure`` when it does not answer as a Cellucid server does.
    static func ask(
        _ backend: Backend,
        _ client: BackendClient,
        milliseconds: Int64
    ) async throws(BackendFailure) -> Findings {
        let health = try await ask(backend, client, "/_cellucid/health", milliseconds)
        guard health.status == .ok, let document = object(health.body),
            case .string("ok") = document["status"]
        else { throw unexpected("/_cellucid/health", health) }
        var generation = backend.specification.generation
        if generation == nil {
            let answer = try await ask(backend, client, "/_cellucid/protocol", milliseconds)
            generation = dialect(answer)
        }
        let listing = try await ask(backend, client, "/_cellucid/datasets", milliseconds)
        guard listing.status == .ok, let document = object(listing.body),
            case .array(let entries) = document["datasets"]
        else { throw unexpected("/_cellucid/datasets", listing) }
        return Findings(
            generation: generation ?? .first,
            isGateway: listing.isGateways,
            datasets: entries.prefix(mostDatasets).compactMap(dataset),
            surplus: max(0, entries.count - mostDatasets),
            health: health.body
        )
    }

    /// One question; whether the backend is well depends on all answers together.
    private static func ask(
        _ backend: Backend,
        _ client: BackendClient,
        _ target: String,
        _ milliseconds: Int64
    ) async throws(BackendFailure) -> BackendAnswer {
        try await client.ask(backend, target, milliseconds: milliseconds, countsAsHealth: false)
    }

    private static func dialect(_ answer: BackendAnswer) -> ServerGeneration {
        guard answer.status == .ok, let document = object(answer.body) else { return .first }
        return document["channel"] == nil ? .second : .third
    }

    /// An entry of the listing; `nil` for one that no page could open.
    private static func dataset(_ entry: JSONValue) -> Backend.ListedDataset? {
        guard case .object(let members) = entry else { return nil }
        let values = Dictionary(members.map { ($0.key, $0.value) }, uniquingKeysWith: { $1 })
        guard case .string(let id) = values["id"], !id.isEmpty else { return nil }
        var name = id
        if case .string(let given) = values["name"], !given.isEmpty { name = given }
        var path = "/"
        if case .string(let given) = values["path"] { path = given }
        guard path == "/" || path.hasPrefix("/") && path.hasSuffix("/") && !path.contains("//") else {
            return nil
        }
        let encoded = path.split(separator: "/").map { PercentCoding.encode(String($0)) }
        return Backend.ListedDataset(
            id: id,
            name: name,
            path: encoded.isEmpty ? "/" : "/" + encoded.joined(separator: "/") + "/"
        )
    }

    private static func object(_ body: [UInt8]) -> [String: JSONValue]? {
        guard case .object(let members) = try? JSONDecoder().decode(JSONValue.self, from: Data(body)) else {
            return nil
        }
        return Dictionary(members.map { ($0.key, $0.value) }, uniquingKeysWith: { $1 })
    }

    private static func unexpected(_ target: String, _ answer: BackendAnswer) -> BackendFailure {
        guard answer.status != .loopDetected else {
            return BackendFailure(status: .loopDetected, reason: "it leads back to this gateway")
        }
        return BackendFailure(
            status: .badGateway,
            reason: "it answers \(target) with status \(answer.status.code) and not as a Cellucid server does"
        )
    }
}

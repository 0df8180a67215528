import HTTP
import Upstream

@testable import CellucidGateway

/// Backends and heads for tests.
enum BackendFixture {
    /// What a configuration or a registration says.
    static func specification(
        _ mount: String,
        url: String = "http://127.0.0.1:8766",
        name: String? = nil,
        generation: ServerGeneration? = nil,
        webApp: String? = nil,
        isConfigured: Bool = false
    ) throws -> Backend.Specification {
        Backend.Specification(
            mount: mount,
            origin: try Origin(upstream: url),
            name: name,
            generation: generation,
            webApp: webApp,
            isConfigured: isConfigured
        )
    }

    /// A backend that answers and lists these datasets, each with its path as name and id.
    static func backend(_ mount: String, url: String = "http://127.0.0.1:8766", paths: [String] = []) throws
        -> Backend
    {
        let backend = Backend(try specification(mount, url: url))
        backend.update { state in
            state.condition = .healthy
            state.datasets = paths.map { Backend.ListedDataset(id: "id \($0)", name: "name \($0)", path: $0) }
        }
        return backend
    }

    /// The head of an answer.
    static func head(_ status: Int, _ fields: [String] = []) throws -> ResponseHead {
        var parser = ResponseParser()
        let head = ResponseHead()
        let text = (["HTTP/1.1 \(status) Reason"] + fields).joined(separator: "\r\n") + "\r\n\r\n"
        _ = try parser.parse(Array(text.utf8).span, into: head)
        return head
    }

    /// A whole answer.
    static func answer(_ status: Int, _ fields: [String] = [], _ body: String) throws -> BackendAnswer {
        BackendAnswer(try head(status, fields), body: Array(body.utf8))
    }
}

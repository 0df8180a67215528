import Bytes
import Catalog
import FoundationEssentials
import HTTP
import Reactor
import Server
import Telemetry
import Upstream

/// Answers `/_gateway/backends…`: running servers make themselves known, and go away.
///
/// One object for each event loop.
final class BackendResponder {
    /// What a registration says.
    private struct Wish {
        var url: String?
        var name: String?
        var seconds: Int64 = 60
        var generation: ServerGeneration?
        var webApp: String?
    }

    /// A registration that cannot be used; the text is a sentence.
    private struct Mistake: Error {
        let text: String
    }

    /// How long a registration may last without being renewed, seconds.
    private static let seconds: ClosedRange<Int64> = 5...86_400
    private static let mostBodyBytes: UInt64 = 16 * 1024

    private let table: BackendTable
    private let monitor: BackendMonitor
    /// What a registration may name.
    private let webAppNames: [String]
    private let log: Log
    private let removed: @Sendable (Backend) -> Void

    /// - Parameters:
    ///   - host: the backends.
    ///   - webAppNames: the web apps of the gateway.
    ///   - log: where registrations are told.
    ///   - removed: called with a backend that is no more.
    init(
        _ host: BackendHost,
        webAppNames: [String],
        log: Log,
        removed: @escaping @Sendable (Backend) -> Void
    ) {
        table = host.table
        monitor = host.monitor
        self.webAppNames = webAppNames + [Backend.Specification.ownWebApp]
        self.log = log
        self.removed = removed
    }

    /// Answers a request of somebody who may administer.
    /// - Parameters:
    ///   - exchange: the request.
    ///   - rest: the part of its path behind `/_gateway/backends`.
    ///   - isTaken: whether a mount is that of a dataset, of the roots or of another backend.
    func respond(to exchange: Exchange, _ rest: Range<Int>, isTaken: (String) -> Bool) async {
        let method = exchange.request.method
        let isRead = method == .get || method == .head
        let path = exchange.request.path
        let name = path.span.extracting(rest).text()
        guard name.hasPrefix("/"), name.utf8.count > 1 else {
            guard isRead, name.utf8.count <= 1 else { return exchange.answerMethodNotAllowed() }
            return exchange.answer(json: Array(BackendDocuments.list(table.all).utf8))
        }
        let mount = String(name.dropFirst())
        switch method {
        case .put: await register(mount, exchange, isTaken)
        case .delete: remove(mount, exchange)
        case .get, .head:
            guard let backend = table.backend(mount) else { return answerUnknown(mount, exchange) }
            exchange.answer(json: Array(BackendDocuments.document(backend).utf8))
        default: exchange.answerMethodNotAllowed("GET, HEAD, PUT, DELETE, OPTIONS")
        }
    }

    private func answerUnknown(_ mount: String, _ exchange: Exchange) {
        exchange.answer(.notFound, "There is no backend of the mount \"\(mount)\".")
    }

    // MARK: Registering

    private func register(_ mount: String, _ exchange: Exchange, _ isTaken: (String) -> Bool) async {
        do {
            guard MountName.isValid(mount) else {
                throw Mistake(
                    text:
                        "\"\(mount)\" cannot be a mount: letters, digits, \".\", \"_\" and \"-\", none of the gateway's own paths."
                )
            }
            let wish = try Self.wish(try await body(of: exchange))
            guard !isTaken(mount) else {
                return exchange.answer(.conflict, "A dataset of the gateway has the mount \"\(mount)\".")
            }
            try register(mount, wish, exchange)
        } catch let mistake as Mistake {
            exchange.answer(.badRequest, mistake.text)
        } catch RequestBodyError.refused(let error) {
            exchange.response.setError(error)
        } catch {
            exchange.answer(.badRequest, "The request is incomplete.")
        }
    }

    private func register(_ mount: String, _ wish: Wish, _ exchange: Exchange) throws {
        guard let url = wish.url else {
            throw Mistake(text: "The URL of the server is missing: {\"url\": …}")
        }
        let origin: Origin
        do throws(UpstreamError) { origin = try Origin(upstream: url) } catch {
            throw Mistake(text: "The URL cannot be used: \(error.reason).")
        }
        if let webApp = wish.webApp, !webAppNames.contains(webApp) {
            throw Mistake(text: "\"webApp\" is one of \(webAppNames.joined(separator: ", ")).")
        }
        let specification = Backend.Specification(
            mount: mount,
            origin: origin,
            name: wish.name,
            generation: wish.generation,
            webApp: wish.webApp,
            isConfigured: false
        )
        let expires = Clock.monotonicMilliseconds() + wish.seconds * 1000
        do throws(BackendTable.RegistrationError) {
            switch try table.register(specification, expires: expires) {
            case .added(let backend):
                log.info("upstream \(mount) (\(origin)) has registered")
                monitor.publishNow()
                exchange.answer(json: Array(BackendDocuments.document(backend).utf8), status: .created)
            case .renewed(let backend):
                exchange.answer(json: Array(BackendDocuments.document(backend).utf8))
            case .replaced(let backend, let old):
                log.info("upstream \(mount) is now \(origin)")
                end(old)
                exchange.answer(json: Array(BackendDocuments.document(backend).utf8))
            }
        } catch {
            switch error {
            case .configured:
                exchange.answer(.conflict, "The configuration has a server of the mount \"\(mount)\".")
            case .full: exchange.answer(.serviceUnavailable, "Too many servers have registered.")
            }
        }
    }

    private func end(_ backend: Backend) {
        backend.turns.close()
        removed(backend)
        monitor.publishNow()
    }

    private func remove(_ mount: String, _ exchange: Exchange) {
        guard let backend = table.remove(mount) else {
            guard table.backend(mount) != nil else { return answerUnknown(mount, exchange) }
            return exchange.answer(.conflict, "The server of the mount \"\(mount)\" is in the configuration.")
        }
        log.info("upstream \(mount) (\(backend.specification.origin)) has gone")
        end(backend)
        exchange.response.status = .noContent
        exchange.addOwnFields()
    }

    private func body(of exchange: Exchange) async throws -> [UInt8] {
        exchange.body.limit = Self.mostBodyBytes
        let buffer = ByteBuffer(capacity: 1024)
        while try await exchange.body.read(into: buffer) > 0 {}
        return buffer.unread.copied()
    }

    private static func wish(_ body: [UInt8]) throws(Mistake) -> Wish {
        guard case .object(let members) = try? JSONDecoder().decode(JSONValue.self, from: Data(body)) else {
            throw Mistake(
                text: "The body is no JSON object such as {\"url\": \"http://127.0.0.1:8766\", \"ttl\": 60}."
            )
        }
        var wish = Wish()
        for member in members {
            switch (member.key, member.value) {
            case ("url", .string(let text)): wish.url = text
            case ("name", .string(let text)): wish.name = text.isEmpty ? nil : text
            case ("webApp", .string(let text)): wish.webApp = text
            case ("ttl", .integer(let number)) where seconds.contains(Int64(number)):
                wish.seconds = Int64(number)
            case ("ttl", _):
                throw Mistake(
                    text:
                        "\"ttl\" is a number of seconds from \(seconds.lowerBound) to \(seconds.upperBound)."
                )
            case ("generation", .string("auto")), ("generation", .null): wish.generation = nil
            case ("generation", .string(let text)):
                guard let generation = ServerGeneration(rawValue: text) else {
                    throw Mistake(text: "\"generation\" is one of auto, \(known).")
                }
                wish.generation = generation
            case ("url", _), ("name", _), ("webApp", _), ("generation", _):
                throw Mistake(text: "\"\(member.key)\" is not a string.")
            default:
                throw Mistake(text: "\"\(member.key)\" is not known: url, name, ttl, generation, webApp.")
            }
        }
        return wish
    }

    private static let known = ServerGeneration.allCases.map(\.rawValue).joined(separator: ", ")
}

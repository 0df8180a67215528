import Bytes
import HTTP
import Server
import Viewers

/// What events are answered, in the dialects of the Cellucid servers (contract 1.7 and 7.2), and what such answers say.
enum EventAnswers {
    /// What an answer to an event says about who owns its viewer.
    enum Ownership {
        case owner
        case stranger
        case undecided
    }

    /// Reads the answer of a backend of any dialect.
    static func ownership(_ answer: BackendAnswer) -> Ownership {
        switch answer.status.code {
        case 200:
            if isDelivered(answer.body.span) { return .owner }
            return answer.body.span.contains("\"not_found\"") ? .stranger : .undecided
        // A wrong token, or a callback that failed: both come after the viewer was found.
        case 403, 500: return .owner
        case 404: return .stranger
        default: return .undecided
        }
    }

    private static func isDelivered(_ json: Span<UInt8>) -> Bool {
        let name: StaticString = "\"delivered\":"
        guard let offset = json.firstOffset(of: name) else { return false }
        // With and without the space that Python's serialiser writes.
        return json.extracting((offset + name.utf8CodeUnitCount)...).trimmed().startsWith("true")
    }

    /// What a backend has answered.
    static func answer(_ answer: BackendAnswer, _ exchange: Exchange) {
        exchange.response.status = answer.status
        if !answer.contentType.isEmpty {
            exchange.response.fields.add("Content-Type", answer.contentType.span)
        }
        finish(exchange, answer.body)
    }

    /// What became of an event for a subscriber.
    static func answer(_ outcome: Subscriber.Appended, _ exchange: Exchange) {
        switch outcome {
        case .kept: exchange.answer(json: Array("{\"status\":\"ok\",\"delivered\":true}".utf8))
        case .closed: exchange.answer(json: Array("{\"status\":\"not_found\",\"delivered\":false}".utf8))
        case .busy:
            exchange.response.fields.add("Retry-After", "1")
            answerText(.serviceUnavailable, "Too many events wait to be kept", exchange)
        case .failed: answerText(.serviceUnavailable, "The event cannot be kept", exchange)
        }
    }

    /// The event is none.
    static func answer(_ error: EventSyntaxError, _ exchange: Exchange) {
        guard error.kind == .syntax else {
            return answerText(.internalServerError, "Internal server error", exchange)
        }
        exchange.answer(json: self.error("Invalid JSON: \(error.description)"))
    }

    /// The event does not say whose it is.
    static func answerWithoutViewer(_ envelope: EventEnvelope, _ exchange: Exchange) {
        if isLater(envelope) { return answerText(.badRequest, "Missing viewerId", exchange) }
        guard envelope.isObject, envelope.viewerID != .container else {
            return answerText(.internalServerError, "Internal server error", exchange)
        }
        switch envelope.viewerID {
        case .missing, .empty: exchange.answer(json: missing("viewerId"))
        case .text, .other, .container: answerUnknownViewer(envelope, exchange)
        }
    }

    /// Nobody knows the viewer.
    static func answerUnknownViewer(_ envelope: EventEnvelope, _ exchange: Exchange) {
        if isLater(envelope) { return answerText(.notFound, "Viewer is not registered", exchange) }
        exchange.answer(json: Array("{\"status\":\"not_found\",\"delivered\":false}".utf8))
    }

    /// The JSON that says what is missing.
    static func missing(_ what: String) -> [UInt8] { error("Missing \(what)") }

    /// Plain text as the Cellucid servers write it: without a line feed.
    static func answerText(_ status: Status, _ text: String, _ exchange: Exchange) {
        exchange.response.status = status
        exchange.response.fields.add("Content-Type", "text/plain")
        exchange.response.fields.add("X-Content-Type-Options", "nosniff")
        finish(exchange, Array(text.utf8))
    }

    /// Whether a page of a later generation has sent the event: those of 0.0.9 send no token.
    private static func isLater(_ envelope: EventEnvelope) -> Bool { envelope.hasViewerToken }

    private static func error(_ message: String) -> [UInt8] {
        Array("{\"status\":\"error\",\"message\":\(JSONText.string(message))}".utf8)
    }

    private static func finish(_ exchange: Exchange, _ body: [UInt8]) {
        exchange.response.fields.add("Cache-Control", "no-store")
        exchange.addOwnFields()
        exchange.response.body = .bytes(body)
    }
}

public import Bytes
public import HTTP

/// An answer: status, fields and a body that is one of a few kinds.
///
/// Reused from request to request.
public final class Response {
    /// The status.
    public var status = Status.ok
    /// The fields, without those about length and connection, which the connection adds.
    public let fields = ResponseFields()
    /// The body.
    public var body = ResponseBody.empty
    /// The bytes of an ``ResponseBody/inline`` body: memory that is reused from answer to answer.
    public let inlineBytes = ByteBuffer(capacity: 1024)
    /// What takes the connection over after this answer, whose ``status`` must be 101 and whose fields must be those of
    /// the new protocol, Connection and Upgrade among them.
    ///
    /// Only for requests of which ``ProtocolUpgrade/isAsked(by:)`` is true; to any other the answer becomes a 500.
    public var upgrade: (any ConnectionUpgrade)?
    /// Whether the connection must end after this answer.
    public var closesConnection = false

    /// Makes an empty 200.
    public init() {}

    /// Forgets the last answer and keeps the memory; an upgrade that has not been begun is abandoned.
    public func reset() {
        status = .ok
        fields.removeAll()
        body = .empty
        inlineBytes.removeAll()
        closesConnection = false
        if let upgrade {
            self.upgrade = nil
            upgrade.abandon()
        }
    }
}

extension Response {
    /// Makes it a short plain-text answer that says what was wrong.
    public func setError(_ error: HTTPError) {
        status = error.status
        setText("\(error.message)\n")
        if error.breaksFraming { closesConnection = true }
    }

    /// Makes it a plain-text answer.
    public func setText(_ text: String) {
        fields.add("Content-Type", "text/plain; charset=utf-8")
        fields.add("X-Content-Type-Options", "nosniff")
        body = .bytes(Array(text.utf8))
    }
}

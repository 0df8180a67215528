/// Why an uploaded session bundle is not taken, with the answer that the page gets (contract 1.8).
public enum SessionUploadError: Error, Equatable, CustomStringConvertible {
    /// There is no open request for a bundle of that viewer and number, or no more: it is unknown, expired, has
    /// been answered, or is being answered.
    case notPending
    /// The length was not announced, or is none.
    case lengthRequired
    /// More was announced than a bundle may have.
    case tooLarge
    /// It does not begin as a session bundle does.
    case wrongMagic
    /// It ends before the beginning that a session bundle has.
    case noMagic
    /// It ended early.
    case short(received: Int, announced: Int)
    /// There is more than was announced.
    case long(announced: Int)
    /// It could not be kept.
    case store(ViewerStoreError)

    /// The status code of the answer.
    public var status: Int {
        switch self {
        case .notPending: 404
        case .lengthRequired: 411
        case .tooLarge: 413
        case .wrongMagic, .noMagic, .short, .long, .store: 500
        }
    }

    /// The plain text of the answer; it tells the page nothing of the gateway's files.
    public var text: String {
        switch self {
        case .notPending: "No pending session bundle request (viewerId/requestId)"
        case .lengthRequired: "Missing Content-Length"
        case .tooLarge: "Session bundle too large (>\(SessionSpool.mostBundleBytes) bytes)"
        case .wrongMagic, .noMagic, .short, .long, .store: "Failed to receive session bundle: \(reason)"
        }
    }

    /// What the owner of the viewer is told, in the `error` member of a `session_bundle` event (contract 3.3).
    public var reason: String {
        switch self {
        case .wrongMagic: "Invalid session bundle MAGIC header"
        case .noMagic: "Session bundle truncated (missing MAGIC header)"
        case .short(let received, let announced):
            "Session bundle truncated (\(received) of \(announced) bytes)"
        case .long(let announced): "Session bundle longer than announced (\(announced) bytes)"
        case .store(let error) where error.kind == .diskFull: "The server has no room for it"
        case .store: "The server cannot store it"
        case .notPending, .lengthRequired, .tooLarge: text
        }
    }

    /// What the log is told, with the file at fault if there is one.
    public var description: String {
        if case .store(let error) = self { return error.description }
        return reason
    }
}

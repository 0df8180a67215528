import Bytes
import HTTP
import Reactor
import Server
import Viewers

/// Who may make backends and viewers known, list them and close them: clients on this machine, and whoever has the
/// token.
struct AdminGuard: Sendable {
    /// What a request may do.
    enum Verdict: Equatable {
        /// It may administer.
        case admitted
        /// It needs the token, and has none or a wrong one.
        case needsToken
        /// It would need a token, and none is configured.
        case forbidden
    }

    private let token: SecretHash?
    private let needsTokenFromLoopback: Bool

    /// Makes a guard.
    /// - Parameters:
    ///   - token: what clients give; `nil` when there is none.
    ///   - needsTokenFromLoopback: whether clients on this machine need it too.
    init(token: String? = nil, needsTokenFromLoopback: Bool = false) {
        self.token = token.map { SecretHash(of: $0) }
        self.needsTokenFromLoopback = needsTokenFromLoopback
    }

    /// Makes a guard of the configuration, and reads the token.
    /// - Throws: ``StartupError`` when the file cannot be read or has no token.
    init(_ configuration: Configuration.Admin) throws(StartupError) {
        self.init(
            token: try configuration.tokenFile.map { path throws(StartupError) in try AdminToken.read(path) },
            needsTokenFromLoopback: configuration.needsTokenFromLoopback
        )
    }

    /// Answers a request that may not administer.
    /// - Returns: whether it has been answered.
    func refuses(_ exchange: Exchange) -> Bool {
        switch verdict(exchange) {
        case .admitted: return false
        case .needsToken:
            exchange.answerUnauthorized("This needs the administrator's token: Authorization: Bearer TOKEN")
        case .forbidden:
            exchange.answer(
                .forbidden,
                "This is allowed from the gateway's own machine only, as it was started without --admin-token-file."
            )
        }
        return true
    }

    /// Whether a request may administer.
    func verdict(_ exchange: Exchange) -> Verdict {
        if !needsTokenFromLoopback, Self.comesFromLoopback(exchange) { return .admitted }
        guard let token else { return .forbidden }
        return exchange.request.bearerToken().map { token.matches($0) } == true ? .admitted : .needsToken
    }

    /// Whether a program on this machine has sent the request, and no page in a browser.
    ///
    /// A proxy on this machine has sent it for somebody else. One that is trusted says for whom.
    private static func comesFromLoopback(_ exchange: Exchange) -> Bool {
        let request = exchange.request
        guard request.count(of: .origin) == 0, let peer = exchange.peerAddress, isLoopback(peer) else {
            return false
        }
        let fields: [FieldName] = [.xForwardedFor, .forwarded, .xRealIP, .via]
        guard fields.contains(where: { request.count(of: $0) > 0 }) else { return true }
        return exchange.forwardedClientAddress.map(isLoopback) ?? false
    }

    /// Whether a numeric address is one of this machine's own loopback (RFC 1122 section 3.2.1.3, RFC 4291 section 2.5.3).
    static func isLoopback(_ address: String) -> Bool {
        loopback.contains { $0.contains(address) }
    }

    private static let loopback = ["127.0.0.0/8", "::1"].compactMap { IPNetwork($0) }
}

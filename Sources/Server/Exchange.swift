import Bytes
public import HTTP
import Reactor
import Transport

/// One request and its answer, whichever version of HTTP carries them.
///
/// Reused from request to request.
public final class Exchange {
    /// The request's head.
    public private(set) var request = RequestHead()
    /// The request's body.
    public let body = RequestBody()
    /// The answer.
    public let response = Response()
    /// What this exchange's event loop provides.
    public let worker: WorkerContext

    var parser: RequestParser
    /// The connection that brought the request.
    var stream: ByteStream?
    private var clientGone: (() -> Void)?
    /// When the first byte of the request was there, in monotonic microseconds; 0 when nobody asks.
    var startedMicroseconds: Int64 = 0

    /// Makes an exchange of `worker`'s loop.
    public init(worker: WorkerContext) {
        self.worker = worker
        parser = RequestParser(limits: worker.limits.requestHead)
    }

    /// Takes over a head that was read elsewhere, and gives its own for it.
    func exchangeHead(for head: RequestHead) -> RequestHead {
        defer { request = head }
        return request
    }

    /// Where the request came from, by the word of nobody but this machine: the numeric address at the other end of the
    /// connection; `nil` when the system no longer knows it, as after a reset.
    public var peerAddress: String? {
        guard let stream else { return nil }
        if stream.peerName == nil { stream.notePeer() }
        return stream.peerName
    }

    /// Whether a trusted proxy has passed the request on, found out once for each connection.
    public var isFromTrustedProxy: Bool {
        guard let stream else { return false }
        if let known = stream.isPeerTrusted { return known }
        let isTrusted = peerAddress.map { worker.trustedProxies.isTrusted($0) } ?? false
        stream.isPeerTrusted = isTrusted
        return isTrusted
    }

    /// Where the request came from when proxies have added to it: the client's address, if each proxy on the way is one of
    /// ours and has named the one before; `nil` otherwise.
    public var forwardedClientAddress: String? {
        guard let peer = peerAddress else { return nil }
        let request = request
        request.combineLines(of: .xForwardedFor)
        guard let list = request.value(.xForwardedFor)?.text() else { return nil }
        return worker.trustedProxies.clientBehindProxies(peer: peer, forwardedFor: list)
    }

    /// Bytes that were written to the connection, of whichever answer, and that the client has not acknowledged yet; `nil`
    /// when the connection is over, so that nobody will.
    public var unacknowledgedBytes: Int? {
        guard let channel = stream?.channel, !channel.isClosed, !channel.isBroken else { return nil }
        return channel.sendQueueBytes
    }

    /// Calls `action` on the loop when the client goes away before it has its whole answer, or at once if it has gone.
    ///
    /// A client of HTTP/1.1 that ends its side counts as gone, as with other proxies.
    public func whenClientGoes(_ action: @escaping () -> Void) {
        if request.version == .http2 {
            clientGone = action
        } else {
            stream?.channel.whenPeerEnds(action)
        }
    }

    /// Takes ``whenClientGoes(_:)`` back.
    public func forgetClientGoing() {
        clientGone = nil
        stream?.channel.whenPeerEnds(nil)
    }

    /// Ends a wait for more of the request's body, which counts as lost then; a connection of HTTP/1.1 ends after the answer.
    public func stopReceiving() {
        if request.version == .http2 { body.stopWaiting() } else { stream?.channel.interrupt() }
    }

    /// The stream of HTTP/2 has ended.
    func clientHasGone() {
        guard let action = clientGone else { return }
        clientGone = nil
        action()
    }

    /// Puts a 500 in the place of an upgrade that the client has not asked for or that its version of HTTP does not have.
    func refuseUnaskedUpgrade() {
        let isUpgrade = response.upgrade != nil && response.status == .switchingProtocols
        if isUpgrade, ProtocolUpgrade.isAsked(by: request) { return }
        response.reset()
        response.setError(HTTPError(.internalServerError, "the answer switches protocols unasked"))
    }

    func reset() {
        forgetClientGoing()
        stream = nil
        request.reset()
        response.reset()
        body.reset()
        parser.reset()
    }
}

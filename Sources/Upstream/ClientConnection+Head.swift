import Bytes
public import HTTP
import Reactor
import Transport

/// Reading the head of an answer, and noticing one that does not wait for the request's end.
extension ClientConnection {
    /// Interim answers (RFC 9110 section 15.2) that are skipped before a server is thought broken.
    private static let maximumInterimAnswers = 16

    /// Waits for the head of the answer; interim answers other than 101 are skipped.
    /// - Throws: `UpstreamError`; with ``isReused`` and not ``hasReceived`` the server had closed the connection
    ///   before the request came.
    public func readHead(into head: ResponseHead) async throws(UpstreamError) {
        guard case .awaitingHead(let method) = state else { preconditionFailure("no request was sent") }
        let limit = context.loop.now + context.timeouts.headMilliseconds
        while true {
            if let length = try receivedHead(head) {
                input.consume(length)
                return try begin(head, method)
            }
            switch try receiveAtOnce(into: makeRoom(), most: .max) {
            case .bytes: continue
            case .endOfStream: throw error(hasReceived ? .truncated(received: 0) : .connectionLost)
            case .wouldBlock: break
            }
            let readiness = await stream.channel.waitReadable(until: min(limit, deadline))
            if let cause = cause(of: readiness, .head, until: limit) { throw error(cause) }
        }
    }

    /// Looks for the beginning of the answer while the request is being sent.
    ///
    /// Interim answers other than 101 are skipped, as they may come unasked (RFC 9110 section 15.2).
    /// - Parameter head: the one that ``readHead(into:)`` will get.
    /// - Returns: whether the server has begun to answer, or has ended its side.
    func hasAnswerBegun(_ head: ResponseHead) -> Bool {
        let channel = stream.channel
        while true {
            if channel.isPeerClosed || hasReceivedHead(head) { return true }
            guard channel.isReadReady else { return false }
            switch try? stream.read(into: makeRoom()) {
            case .wouldBlock: return false
            case .bytes: hasReceived = true
            case .endOfStream, nil: return true
            }
        }
    }

    /// Calls `action` when the server begins to answer, or ends its side, while nobody reads.
    func watchForAnswer(_ head: ResponseHead, _ action: @escaping () -> Void) {
        stream.channel.park(until: .max) { [self] readiness in
            if readiness == .interrupted || hasAnswerBegun(head) { return action() }
            watchForAnswer(head, action)
        }
    }

    /// Takes ``watchForAnswer(_:_:)`` back.
    func endWatchForAnswer() { stream.channel.unpark() }

    // MARK: Parts

    /// Reads the answer's head, and skips the interim answers before it.
    /// - Returns: the head's length, to be consumed; `nil` when more must be received first.
    private func receivedHead(_ head: ResponseHead) throws(UpstreamError) -> Int? {
        do throws(ResponseError) {
            return try parseHead(into: head)
        } catch {
            throw malformed(error)
        }
    }

    /// Whether ``receivedHead(_:)`` has something to say, which it still has to say afterwards.
    private func hasReceivedHead(_ head: ResponseHead) -> Bool {
        do throws(ResponseError) {
            return try parseHead(into: head) != nil
        } catch {
            parser.reset()
            return true
        }
    }

    /// Does what ``receivedHead(_:)`` does; after an error the parser must be reset or never be used again.
    private func parseHead(into head: ResponseHead) throws(ResponseError) -> Int? {
        let input = input
        while let length = try parser.parse(input.unread, into: head) {
            let code = head.status.code
            if code >= 200 || code == 101 { return length }
            guard interimAnswers < Self.maximumInterimAnswers else {
                throw ResponseError("there are too many interim answers")
            }
            interimAnswers += 1
            input.consume(length)
        }
        return nil
    }

    private func begin(_ head: ResponseHead, _ method: Method) throws(UpstreamError) {
        do throws(ResponseError) {
            let framing = try ResponseFraming(head, to: method)
            let isHTTP = head.status.code != 101 && method != .connect
            keepsAlive = isHTTP && head.isKeptAlive && framing != .untilClose
            if head.status == .switchingProtocols {
                state = .switched
            } else {
                noteBody(ResponseBodyDecoder(framing))
            }
        } catch {
            throw malformed(error)
        }
    }
}

public import Reactor

/// Looks host names up on the threads of a blocking pool, for one event loop.
///
/// Equal questions under way at the same time are asked once, and answers are believed for a while. A question that
/// the system's resolver takes minutes for costs a thread and not the loop, so the pool should not be one that
/// anything urgent waits for.
public final class Resolver {
    /// Milliseconds for which an answer is believed.
    private static let answerMilliseconds: Int64 = 10_000
    private static let maximumAnswers = 256

    private typealias Answer = Result<[SocketAddress], NameLookupError>

    private let loop: EventLoop
    private let pool: BlockingPool
    private var answers: [String: (addresses: [SocketAddress], until: Int64)] = [:]
    private var questions: [String: [Question]] = [:]

    private final class Question {
        let notice: Notice
        var answer: Answer?

        init(_ loop: EventLoop) { notice = Notice(loop: loop) }
    }

    /// Makes a resolver that knows nothing yet.
    public init(loop: EventLoop, pool: BlockingPool) {
        self.loop = loop
        self.pool = pool
    }

    /// The addresses of a host, those to be tried first first.
    /// - Parameters:
    ///   - host: a host name, or a numeric address, which stands for itself.
    ///   - port: the port of the addresses.
    ///   - deadline: the loop's milliseconds by which the answer must be there.
    /// - Returns: at least one address.
    /// - Throws: `UpstreamError` with the cause `.unknownHost` or `.timedOut`.
    public func addresses(
        of host: String,
        port: UInt16,
        until deadline: Int64
    ) async throws(UpstreamError) -> [SocketAddress] {
        if let numeric = SocketAddress(host: host, port: port) { return [numeric] }
        let key = "\(host):\(port)"
        if let answer = answers[key], answer.until > loop.now { return answer.addresses }
        let question = Question(loop)
        questions[key, default: []].append(question)
        if questions[key]?.count == 1 { ask(host, port, key) }
        _ = await question.notice.wait(until: deadline)
        switch question.answer {
        case .success(let addresses): return addresses
        case .failure(let error):
            throw UpstreamError(
                .unknownHost(reason: error.description, isTemporary: error.isTemporary),
                at: host
            )
        case nil: throw UpstreamError(.timedOut(.lookUp), at: host)
        }
    }

    private func ask(_ host: String, _ port: UInt16, _ key: String) {
        let bound = LoopBound(self, loop: loop)
        let pool = pool
        Task(executorPreference: loop) {
            let answer = await pool.run {
                Answer { () throws(NameLookupError) in try SocketAddress.lookUp(host: host, port: port) }
            }
            bound.value.take(answer, key)
        }
    }

    private func take(_ answer: Answer, _ key: String) {
        let ordered = answer.map(Self.alternatingFamilies)
        if case .success(let addresses) = ordered {
            if answers.count >= Self.maximumAnswers { answers.removeAll() }
            answers[key] = (addresses, loop.now + Self.answerMilliseconds)
        }
        for question in questions.removeValue(forKey: key) ?? [] {
            question.answer = ordered
            question.notice.post()
        }
    }

    /// IPv6 and IPv4 in turns, each in the order it had, beginning with the family of the first (RFC 8305 section 4).
    static func alternatingFamilies(_ addresses: [SocketAddress]) -> [SocketAddress] {
        guard let first = addresses.first else { return [] }
        let preferred = addresses.filter { $0.isIPv6 == first.isIPv6 }
        let others = addresses.filter { $0.isIPv6 != first.isIPv6 }
        var result: [SocketAddress] = []
        for index in 0..<max(preferred.count, others.count) {
            if index < preferred.count { result.append(preferred[index]) }
            if index < others.count { result.append(others[index]) }
        }
        return result
    }
}

import Bytes
import Reactor

@testable import Upstream

/// A request's body in given pieces, after which it ends, fails, or waits until it is stopped.
final class PieceFeed: BodyFeed {
    enum Ending: Sendable {
        case end
        case failure
        case waiting
    }

    enum Failure: Error, Equatable {
        case broken
        case stopped
    }

    private(set) var stops = 0
    private(set) var pulls = 0
    private var pieces: [String]
    private let ending: Ending
    private let pauseMilliseconds: Int64
    private let loop: EventLoop
    private let notice: Notice

    /// - Parameters:
    ///   - pieces: what the body has.
    ///   - ending: what comes after them.
    ///   - pauseMilliseconds: how long each piece but the first is waited for.
    ///   - loop: the loop it is used on.
    init(_ pieces: [String], _ ending: Ending = .end, pauseMilliseconds: Int64 = 0, loop: EventLoop) {
        self.pieces = pieces
        self.ending = ending
        self.pauseMilliseconds = pauseMilliseconds
        self.loop = loop
        notice = Notice(loop: loop)
    }

    func next(into buffer: ByteBuffer) async throws -> Int {
        pulls += 1
        let pauses = pulls > 1 && !pieces.isEmpty && pauseMilliseconds > 0
        if pauses, await notice.wait(until: loop.now + pauseMilliseconds) { throw Failure.stopped }
        if !pieces.isEmpty {
            let piece = pieces.removeFirst()
            buffer.append(piece)
            return piece.utf8.count
        }
        switch ending {
        case .end: return 0
        case .failure: throw Failure.broken
        case .waiting:
            _ = await notice.wait(until: .max)
            throw Failure.stopped
        }
    }

    func stop() {
        stops += 1
        notice.post()
    }
}

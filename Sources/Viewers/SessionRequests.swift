/// Open requests of subscribers for session bundles of their viewers, each answered by one upload.
///
/// A plain value: whoever owns it feeds it with what happens and with a clock, milliseconds that never go back,
/// and calls ``expire(now:)`` every few seconds. Unlike with servers of 0.0.9, an upload that fails can be
/// repeated: a request is spent when a complete bundle is stored (contract 3.3).
public struct SessionRequests: Sendable {
    /// How many there may be, and for how long.
    public struct Limits: Sendable, Equatable {
        /// The most requests that are not over: fetched, or expired.
        public var mostRequests = 4096
        /// The most of them of one viewer.
        public var mostPerViewer = 64
        /// The most requests that are over and still known; the oldest are forgotten first.
        public var mostRemembered = 4096
        /// How long a request can be open at least, milliseconds (contract 1.9).
        public var leastMilliseconds: Int64 = 1000
        /// How long a request can be open at most, milliseconds (contract 1.9).
        public var mostMilliseconds: Int64 = 3_600_000
        /// How long it stays known what became of a request, milliseconds.
        public var memoryMilliseconds: Int64 = 600_000

        /// The defaults, to be changed.
        public init() {}
    }

    /// How far a request is.
    public enum Phase: String, Sendable, Equatable {
        /// It waits for an upload.
        case pending
        /// An upload is arriving, however long that takes.
        case receiving
        /// The bundle can be fetched.
        case stored
        /// The bundle was fetched.
        case delivered
        /// Nothing was uploaded, or fetched, in time.
        case expired
    }

    /// Why a request cannot be opened.
    public enum OpeningError: Error, Equatable {
        /// There is one of that number.
        case exists
        /// There are too many, of this viewer or of all.
        case full
    }

    private struct Request {
        var phase: Phase
        /// When the phase ends by itself.
        var ends: Int64
        /// When waiting for an upload ends.
        let deadline: Int64

        /// Whether nothing more comes of it: it is only known still.
        var isOver: Bool { phase == .delivered || phase == .expired }
    }

    private let limits: Limits
    private var requests: [SessionKey: Request] = [:]
    /// Numbers of the requests of viewers that are not over.
    private var countsOfViewers: [ViewerID: Int] = [:]
    /// The requests that are over, those that were over first to begin with.
    private var remembered: [SessionKey] = []

    /// Begins with none.
    public init(limits: Limits = Limits()) { self.limits = limits }

    /// Number of requests, those that are over and still known included.
    public var count: Int { requests.count }

    /// Opens a request.
    /// - Parameters:
    ///   - key: the viewer, and a number that no other request of it has.
    ///   - milliseconds: how long it waits for an upload; brought within the limits.
    ///   - now: the time.
    /// - Throws: `OpeningError`.
    public mutating func open(_ key: SessionKey, milliseconds: Int64, now: Int64) throws(OpeningError) {
        try resume(key, milliseconds: max(milliseconds, limits.leastMilliseconds), now: now)
    }

    /// Opens a request again that was open when the last gateway ended.
    /// - Parameters:
    ///   - key: which.
    ///   - milliseconds: what is left of its time; no more than the limit counts.
    ///   - now: the time.
    /// - Throws: `OpeningError`.
    public mutating func resume(_ key: SessionKey, milliseconds: Int64, now: Int64) throws(OpeningError) {
        guard requests[key] == nil else { throw .exists }
        guard requests.count - remembered.count < limits.mostRequests,
            countsOfViewers[key.viewerID, default: 0] < limits.mostPerViewer
        else { throw .full }
        let deadline = now + min(milliseconds, limits.mostMilliseconds)
        requests[key] = Request(phase: .pending, ends: deadline, deadline: deadline)
        countsOfViewers[key.viewerID, default: 0] += 1
    }

    /// How far a request is; `nil` when it is unknown.
    public func phase(of key: SessionKey, now: Int64) -> Phase? {
        guard let request = requests[key] else { return nil }
        return request.phase != .delivered && request.ends <= now ? .expired : request.phase
    }

    /// Lets an upload begin.
    /// - Throws: `SessionUploadError.notPending` when there is no open request, or another upload is arriving.
    public mutating func beginUpload(_ key: SessionKey, now: Int64) throws(SessionUploadError) {
        guard phase(of: key, now: now) == .pending else { throw .notPending }
        requests[key]?.phase = .receiving
        requests[key]?.ends = .max
    }

    /// Notes that an upload failed: another one may be tried until the request's time is over.
    public mutating func uploadFailed(_ key: SessionKey, now: Int64) {
        guard let request = requests[key], request.phase == .receiving else { return }
        requests[key]?.phase = .pending
        requests[key]?.ends = request.deadline
    }

    /// Notes that a complete bundle is on the disk.
    /// - Parameters:
    ///   - key: which.
    ///   - milliseconds: how long it can be fetched from now on.
    ///   - now: the time.
    /// - Returns: `false` when the request was closed meanwhile, so that nobody will fetch the bundle.
    public mutating func stored(_ key: SessionKey, milliseconds: Int64, now: Int64) -> Bool {
        guard requests[key]?.phase == .receiving else { return false }
        requests[key]?.phase = .stored
        requests[key]?.ends = now + milliseconds
        return true
    }

    /// Notes that a bundle was removed again before anybody was told of it: another upload may be tried.
    public mutating func removed(_ key: SessionKey) {
        guard let request = requests[key], request.phase == .stored else { return }
        requests[key]?.phase = .pending
        requests[key]?.ends = request.deadline
    }

    /// Notes that the subscriber has all of a bundle.
    public mutating func delivered(_ key: SessionKey, now: Int64) {
        if requests[key]?.phase == .stored { end(key, .delivered, now) }
    }

    /// Forgets a request that nobody was told of.
    public mutating func withdraw(_ key: SessionKey) {
        guard let request = requests.removeValue(forKey: key) else { return }
        if request.isOver { remembered.removeAll { $0 == key } } else { release(key) }
    }

    /// Forgets all requests of a viewer.
    public mutating func close(_ id: ViewerID) {
        for key in requests.keys where key.viewerID == id { requests[key] = nil }
        remembered.removeAll { $0.viewerID == id }
        countsOfViewers[id] = nil
    }

    /// Ends what takes too long, and forgets what was over long ago.
    /// - Returns: the requests that expired since the last call, for whoever tells their owners.
    public mutating func expire(now: Int64) -> [SessionKey] {
        // They were over in this order, and all are remembered for the same time.
        let old = remembered.prefix { key in requests[key].map { $0.ends <= now } ?? true }
        for key in old { requests[key] = nil }
        remembered.removeFirst(old.count)
        let expired = requests.filter { !$0.value.isOver && $0.value.ends <= now }.map(\.key)
        for key in expired { end(key, .expired, now) }
        return expired
    }

    /// Remembers a request that is over, instead of the oldest such if there are too many.
    private mutating func end(_ key: SessionKey, _ phase: Phase, _ now: Int64) {
        requests[key]?.phase = phase
        requests[key]?.ends = now + limits.memoryMilliseconds
        release(key)
        remembered.append(key)
        guard remembered.count > limits.mostRemembered else { return }
        requests[remembered.removeFirst()] = nil
    }

    /// Makes room for another request of the same viewer.
    private mutating func release(_ key: SessionKey) {
        let left = countsOfViewers[key.viewerID, default: 1] - 1
        countsOfViewers[key.viewerID] = left > 0 ? left : nil
    }
}

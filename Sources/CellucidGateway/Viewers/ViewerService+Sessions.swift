import Bytes
import Reactor
import Synchronization
import Telemetry
import Viewers

/// Session bundles of subscribers.
extension ViewerService {
    /// What a subscriber gets that asks for a bundle.
    enum Bundle {
        /// The bundle; ``endFetch(_:isDelivered:)`` must be called at the end.
        case found(SessionFetch)
        /// It is being sent already.
        case busy
        /// There is none; the phase of its request when that is known.
        case missing(SessionRequests.Phase?)
        /// It cannot be read.
        case unreadable
    }

    /// What became of a wish for a bundle.
    enum Opening {
        /// A request is open that is known by this.
        case opened(ViewerID)
        /// Too many are open.
        case full
        /// The viewer has been closed.
        case closed
        /// Nothing can be kept at the moment; a sentence for people.
        case unavailable(String)
    }

    /// Opens a request for a bundle of a viewer; returns when it is on the disk.
    func openRequest(_ id: ViewerID, seconds: Int64) async -> Opening {
        let milliseconds = seconds * 1000
        let record = SessionRequestRecord(expires: Clock.unixMilliseconds() + milliseconds)
        let key = SessionKey(viewerID: id, requestID: record.requestID)
        let (opened, expired): (Void?, [SessionKey]) = state.withLock { state in
            let now = Self.now
            if let opened: Void = try? state.requests.open(key, milliseconds: milliseconds, now: now) {
                return (opened, [])
            }
            // Those whose time is over count until they are looked at.
            let expired = state.requests.expire(now: now)
            return (try? state.requests.open(key, milliseconds: milliseconds, now: now), expired)
        }
        return await pool.run { [self] in
            for key in expired { drop(key) }
            guard opened != nil else { return .full }
            let refusal: Opening
            do throws(ViewerStoreError) {
                let store = state.withLock { $0.store?.subscribers }
                if try store?.keep(record, of: id) == true { return .opened(record.requestID) }
                refusal = .closed
            } catch {
                log.error("a request for a session bundle cannot be kept: \(error)")
                refusal = .unavailable("Requests for session bundles cannot be kept here: \(error.reason).")
            }
            state.withLock { $0.requests.withdraw(key) }
            return refusal
        }
    }

    /// Removes from the disk a request that was answered or is over; waits for the disk.
    func drop(_ key: SessionKey) {
        do throws(ViewerStoreError) {
            try state.withLock { $0.store }?.subscribers.drop(key)
        } catch {
            log.warning("a request for a session bundle that is over cannot be removed: \(error)")
        }
    }

    /// Begins to receive a bundle.
    func beginUpload(_ key: SessionKey, announced: Int?) async -> Result<SessionUpload, SessionUploadError> {
        await pool.run { [self] in
            do throws(SessionUploadError) {
                let spool = try state.withLock { state throws(SessionUploadError) in
                    try state.requests.beginUpload(key, now: Self.now)
                    return state.store?.spool
                }
                guard let spool else { throw .notPending }
                return .success(try spool.begin(key, announced: announced))
            } catch {
                if error != .notPending {
                    state.withLock { $0.requests.uploadFailed(key, now: Self.now) }
                }
                return .failure(error)
            }
        }
    }

    /// Ends an upload of which all bytes have arrived, and tells the subscriber.
    /// - Returns: its bytes, or why it is not taken; the subscriber has been told of that as well.
    func finishUpload(_ upload: SessionUpload, _ key: SessionKey) async -> Result<Int, SessionUploadError> {
        let stored: Result<StoredSession, SessionUploadError> = await pool.run { [self] in
            do throws(SessionUploadError) {
                let session = try upload.finish(unixMilliseconds: Clock.unixMilliseconds())
                let isWanted = state.withLock {
                    $0.requests.stored(key, milliseconds: Self.spoolLimits.mostMilliseconds, now: Self.now)
                }
                guard isWanted else {
                    state.withLock { $0.store?.spool }?.remove(key)
                    throw .notPending
                }
                return .success(session)
            } catch {
                return .failure(error)
            }
        }
        switch stored {
        case .success(let session):
            let url = path(key.viewerID, "sessions/" + PercentCoding.encode(key.requestID.text))
            let event = SessionEvent.stored(key, session, url: url)
            switch await append(event, to: key.viewerID) {
            case .kept:
                // Not before: a page that was not answered can send it again to the next gateway.
                await pool.run { [self] in drop(key) }
                return .success(session.count)
            case .closed: return .failure(.notPending)
            case .busy:
                let error = ViewerStoreError(directory, "too many events wait", kind: .diskFull)
                return .failure(await takeBack(key, error))
            case .failed(let error): return .failure(await takeBack(key, error))
            }
        case .failure(let error):
            await failUpload(key, error)
            return .failure(error)
        }
    }

    /// Removes a bundle that the subscriber cannot be told of, so that the page can send it again.
    private func takeBack(_ key: SessionKey, _ error: ViewerStoreError) async -> SessionUploadError {
        await pool.run { [self] in
            let spool = state.withLock { $0.store?.spool }
            spool?.remove(key)
            state.withLock { $0.requests.removed(key) }
        }
        await reportFailure(key, .store(error))
        return .store(error)
    }

    /// Lets another upload take the place of one that failed, and tells the subscriber.
    func failUpload(_ key: SessionKey, _ error: SessionUploadError) async {
        state.withLock { $0.requests.uploadFailed(key, now: Self.now) }
        await reportFailure(key, error)
    }

    /// Tells the subscriber, if it is one that waits, that an upload failed.
    func reportFailure(_ key: SessionKey, _ error: SessionUploadError) async {
        if case .store(let reason) = error { log.error("a session bundle cannot be kept: \(reason)") }
        guard error != .notPending else { return }
        _ = await append(SessionEvent.failed(key, reason: error.reason), to: key.viewerID)
    }

    // MARK: Fetching

    /// Opens a bundle to be sent.
    func fetch(_ key: SessionKey) async -> Bundle {
        let isFirst = state.withLock { $0.fetching.insert(key).inserted }
        guard isFirst else { return .busy }
        return await pool.run { [self] in
            do throws(ViewerStoreError) {
                let spool = state.withLock { $0.store?.spool }
                if let fetch = try spool?.fetch(key, unixMilliseconds: Clock.unixMilliseconds()) {
                    return .found(fetch)
                }
            } catch {
                log.error("a session bundle cannot be read: \(error)")
                endFetch(key, isDelivered: false)
                return .unreadable
            }
            endFetch(key, isDelivered: false)
            return .missing(state.withLock { $0.requests.phase(of: key, now: Self.now) })
        }
    }

    /// Notes that a bundle is not being sent any more.
    func endFetch(_ key: SessionKey, isDelivered: Bool) {
        state.withLock { state in
            state.fetching.remove(key)
            if isDelivered { state.requests.delivered(key, now: Self.now) }
        }
    }
}

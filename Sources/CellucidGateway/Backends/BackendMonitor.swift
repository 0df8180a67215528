import HTTP
import Reactor
import Synchronization
import Telemetry

/// Finds out what backends are and whether they answer, on a thread and an event loop of its own.
final class BackendMonitor: Sendable {
    /// How often one is asked that answers, milliseconds.
    private static let healthyMilliseconds: Int64 = 10_000
    /// How often one is asked that does not.
    private static let unavailableMilliseconds: Int64 = 1_000
    /// How long an answer may take before a server that takes connections counts as not answering.
    private static let answerMilliseconds: Int64 = 30_000
    /// How often to look what is due.
    private static let tickMilliseconds: Int64 = 100

    private let table: BackendTable
    private let log: Log
    private let loop: EventLoop
    private let hasNews = Atomic<Bool>(false)
    private let isStopping = Atomic<Bool>(false)
    private let thread = Mutex<Thread?>(nil)
    private let publishing = Mutex<(@Sendable () -> Void)?>(nil)

    /// What belongs to the monitor's loop.
    private final class Checks {
        let client: BackendClient
        let removed: @Sendable (Backend) -> Void
        /// When each backend is due, by serial; `.max` while it is being asked.
        var due: [UInt64: Int64] = [:]

        init(
            _ client: BackendClient,
            removed: @escaping @Sendable (Backend) -> Void
        ) {
            self.client = client
            self.removed = removed
        }
    }

    /// - Parameters:
    ///   - table: whom to watch.
    ///   - log: gets a line when something changes.
    /// - Throws: `SystemError` when the system gives no event loop.
    init(table: BackendTable, log: Log) throws(SystemError) {
        self.table = table
        self.log = log
        loop = try EventLoop()
    }

    /// Begins to watch.
    /// - Parameters:
    ///   - makeClient: makes what asks, on the monitor's loop.
    ///   - publish: called on any thread when requests should see another state.
    ///   - removed: called there with a backend whose registration has ended.
    /// - Throws: `SystemError` when the system gives no thread.
    func start(
        makeClient: @escaping @Sendable (EventLoop) -> BackendClient,
        publish: @escaping @Sendable () -> Void,
        removed: @escaping @Sendable (Backend) -> Void
    ) throws(SystemError) {
        let loop = loop
        publishing.withLock { $0 = publish }
        Task(executorPreference: loop) { [self] in
            let checks = Checks(makeClient(loop), removed: removed)
            while !isStopping.load(ordering: .relaxed) {
                tick(checks)
                await loop.sleep(milliseconds: Self.tickMilliseconds)
            }
        }
        let thread = try Thread(name: "backends") { loop.run() }
        self.thread.withLock { $0 = thread }
    }

    /// Notes that a backend has begun or ceased to answer, or is new.
    func noteNews() { hasNews.store(true, ordering: .relaxed) }

    /// Lets requests see at once what there is now.
    func publishNow() { publishing.withLock { $0 }?() }

    /// Ends watching.
    func stop() {
        isStopping.store(true, ordering: .relaxed)
        for backend in table.all { backend.turns.close() }
        let running = thread.withLock { thread in
            defer { thread = nil }
            return thread
        }
        loop.stop()
        running?.join()
    }

    // MARK: On the loop

    private func tick(_ checks: Checks) {
        let now = Clock.monotonicMilliseconds()
        for backend in table.expire(now: now) {
            log.info("\(Self.title(backend)) has not renewed its registration and was taken away")
            backend.turns.close()
            checks.removed(backend)
            noteNews()
        }
        let all = table.all
        for backend in all {
            backend.turns.expire(now: now)
            if backend.isDoubtful.exchange(false, ordering: .relaxed) { hurry(backend, checks, now) }
            guard checks.due[backend.serial, default: 0] <= now else { continue }
            checks.due[backend.serial] = .max
            let bound = LoopBound(checks, loop: loop)
            Task(executorPreference: loop) { [self] in
                let checks = bound.value
                await check(backend, checks.client)
                let isHealthy = backend.current.condition == .healthy
                let pause = isHealthy ? Self.healthyMilliseconds : Self.unavailableMilliseconds
                checks.due[backend.serial] = Clock.monotonicMilliseconds() + pause
            }
        }
        if checks.due.count > all.count {
            let serials = Set(all.map(\.serial))
            checks.due = checks.due.filter { serials.contains($0.key) }
            checks.client.keepOnly(all)
        }
        if hasNews.exchange(false, ordering: .relaxed) { publishNow() }
    }

    private func hurry(_ backend: Backend, _ checks: Checks, _ now: Int64) {
        if let due = checks.due[backend.serial], due != .max { checks.due[backend.serial] = now }
    }

    /// Asks a backend what it is, how it is and what it has.
    private func check(_ backend: Backend, _ client: BackendClient) async {
        let before = backend.current
        var surplus = 0
        do throws(BackendFailure) {
            let found = try await client.withTurn(at: backend, key: nil, .soon) {
                () async throws(BackendFailure) in
                try await BackendQuestions.ask(backend, client, milliseconds: Self.answerMilliseconds)
            }
            surplus = found.surplus
            let isNews = backend.update {
                $0.generation = found.generation
                $0.isGateway = found.isGateway
                $0.datasets = found.datasets
                $0.condition = .healthy
            }
            if isNews { noteNews() }
            backend.isDoubtful.store(false, ordering: .relaxed)
            backend.keepHealth(found.health, now: Clock.monotonicMilliseconds())
        } catch {
            // One that is busy, or was not asked, is not for that reason dead.
            if error.status != .serviceUnavailable, backend.noteFailure(error.reason) { noteNews() }
        }
        let after = backend.current
        if after != before { report(backend, before, after, surplus: surplus) }
    }

    private func report(
        _ backend: Backend,
        _ before: Backend.State,
        _ after: Backend.State,
        surplus: Int
    ) {
        switch after.condition {
        case .healthy:
            guard before.condition != .healthy || before.generation != after.generation else { return }
            let count = after.datasets.count
            let version = after.generation?.rawValue ?? "unknown"
            log.info(
                "\(Self.title(backend)) answers: dialect of Cellucid \(version), \(count) \(count == 1 ? "dataset" : "datasets")"
            )
            if surplus > 0 { log.warning("\(Self.title(backend)) lists \(surplus) more, which are left out") }
        case .unavailable(let reason):
            if case .unavailable = before.condition { return }
            log.warning("\(Self.title(backend)) does not answer: \(reason)")
        case .unknown: return
        }
    }

    private static func title(_ backend: Backend) -> String {
        "upstream \(backend.specification.mount) (\(backend.specification.origin))"
    }
}

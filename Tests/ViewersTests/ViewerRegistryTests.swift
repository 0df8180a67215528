import Testing

@testable import Viewers

/// Who owns a viewer, step by step.
@Suite struct ViewerRegistryTests {
    private static func id(_ text: String) -> ViewerID {
        guard let id = ViewerID(text) else { preconditionFailure("no identifier: \(text)") }
        return id
    }

    private let viewer = Self.id("v")
    private let secret = SecretHash(of: "secret")

    /// One thing that happens to the viewer `v`.
    enum Step: Sendable {
        case seen(String?)
        case delivered(String)
        case denied(String)
        case lost(String)
        case registeredBy(String)
        case subscribed(String)
        case closed
        case refused(ViewerRegistry.RegistrationError, by: String)
        case waits(Int64)
    }

    struct History: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let steps: [Step]
        let route: ViewerRoute
        var evidence: ViewerEvidence?
    }

    static let hour: Int64 = 3_600_000

    static let histories = [
        History(testDescription: "nothing is known", steps: [], route: .probe(["a", "b"])),
        History(
            testDescription: "page",
            steps: [.seen("a")],
            route: .upstream("a", isConfirmed: false),
            evidence: .seen
        ),
        History(testDescription: "a page of a dataset", steps: [.seen(nil)], route: .probe(["a", "b"])),
        History(
            testDescription: "the last page counts",
            steps: [.seen("a"), .seen("b")],
            route: .upstream("b", isConfirmed: false),
            evidence: .seen
        ),
        History(
            testDescription: "an event is better than a page",
            steps: [.delivered("a"), .seen("b")],
            route: .upstream("a", isConfirmed: true),
            evidence: .probed
        ),
        History(
            testDescription: "an event after a page",
            steps: [.seen("b"), .delivered("a")],
            route: .upstream("a", isConfirmed: true),
            evidence: .probed
        ),
        History(
            testDescription: "an owner is better than both",
            steps: [.registeredBy("a"), .delivered("b"), .seen("b")],
            route: .upstream("a", isConfirmed: true),
            evidence: .registered
        ),
        History(
            testDescription: "the owner says so later",
            steps: [.seen("b"), .delivered("b"), .registeredBy("a")],
            route: .upstream("a", isConfirmed: true),
            evidence: .registered
        ),
        History(
            testDescription: "a subscriber",
            steps: [.subscribed("secret")],
            route: .subscriber,
            evidence: .registered
        ),
        History(
            testDescription: "a subscriber takes what was believed",
            steps: [.delivered("a"), .subscribed("secret"), .delivered("a")],
            route: .subscriber,
            evidence: .registered
        ),
        History(
            testDescription: "a subscriber renews",
            steps: [.subscribed("secret"), .waits(23 * hour), .subscribed("secret"), .waits(23 * hour)],
            route: .subscriber,
            evidence: .registered
        ),
        History(
            testDescription: "somebody else's",
            steps: [.subscribed("secret"), .refused(.taken, by: "other"), .waits(23 * hour)],
            route: .subscriber,
            evidence: .registered
        ),
        History(
            testDescription: "somebody else's that was not used any more",
            steps: [.subscribed("other"), .waits(24 * hour), .subscribed("secret")],
            route: .subscriber,
            evidence: .registered
        ),
        History(
            testDescription: "denied",
            steps: [.delivered("a"), .denied("a")],
            route: .probe(["a", "b"])
        ),
        History(
            testDescription: "denied by another",
            steps: [.delivered("a"), .denied("b")],
            route: .upstream("a", isConfirmed: true),
            evidence: .probed
        ),
        History(testDescription: "lost", steps: [.seen("a"), .lost("a")], route: .probe(["a", "b"])),
        History(
            testDescription: "another is lost",
            steps: [.seen("a"), .lost("b")],
            route: .upstream("a", isConfirmed: false),
            evidence: .seen
        ),
        History(
            testDescription: "closed",
            steps: [.subscribed("secret"), .closed],
            route: .probe(["a", "b"])
        ),
        History(
            testDescription: "idle",
            steps: [.seen("a"), .waits(4 * hour)],
            route: .probe(["a", "b"]),
            evidence: .seen
        ),
        History(
            testDescription: "not yet idle",
            steps: [.seen("a"), .waits(4 * hour - 1)],
            route: .upstream("a", isConfirmed: false),
            evidence: .seen
        ),
        History(
            testDescription: "another owner after being idle",
            steps: [.delivered("a"), .waits(4 * hour), .seen("b")],
            route: .upstream("b", isConfirmed: false),
            evidence: .seen
        ),
    ]

    @Test(arguments: histories) func owner(history: History) throws {
        var registry = ViewerRegistry()
        var now: Int64 = 0
        for step in history.steps {
            switch step {
            case .seen(let upstream): registry.see(viewer, mount: "m", upstream: upstream, now: now)
            case .delivered(let upstream): registry.delivered(viewer, by: upstream, now: now)
            case .denied(let upstream): registry.denied(viewer, by: upstream)
            case .lost(let upstream): registry.lost(upstream: upstream)
            case .registeredBy(let upstream): try registry.register(viewer, upstream: upstream, now: now)
            case .subscribed(let secret):
                try registry.register(viewer, secret: SecretHash(of: secret), now: now)
            case .closed: registry.close(viewer)
            case .refused(let reason, let secret):
                let error = #expect(throws: ViewerRegistry.RegistrationError.self) {
                    try registry.register(viewer, secret: SecretHash(of: secret), now: now)
                }
                #expect(error == reason)
            case .waits(let milliseconds): now += milliseconds
            }
        }
        #expect(registry.route(viewer, candidates: ["a", "b"], now: now) == history.route)
        #expect(registry[viewer]?.evidence == history.evidence)
        if registry[viewer] != nil,
            history.steps.contains(where: { if case .seen = $0 { true } else { false } })
        {
            #expect(registry[viewer]?.mount == "m" || registry[viewer]?.evidence == .registered)
        }
    }

    // MARK: Secrets

    @Test func onlyTheSecretOpens() throws {
        var registry = ViewerRegistry()
        try registry.register(viewer, secret: secret, now: 0)
        try registry.register(Self.id("u"), upstream: "a", now: 0)
        for wrong in ["", "Secret", "secret ", secret.hexDigest] {
            #expect(registry.authenticate(viewer, secret: wrong, now: 1) == false)
        }
        #expect(registry.authenticate(Self.id("u"), secret: "secret", now: 1) == false)
        #expect(registry.authenticate(Self.id("none"), secret: "secret", now: 1) == false)
        #expect(registry.authenticate(viewer, secret: "secret", now: 23 * Self.hour) == true)
        // That was a use of it.
        #expect(registry.authenticate(viewer, secret: "secret", now: 46 * Self.hour) == true)
        #expect(registry.authenticate(viewer, secret: "secret", now: 70 * Self.hour) == false)
    }

    // MARK: Limits

    @Test func registeredViewersAreLimitedAndNotDisplaced() throws {
        var limits = ViewerRegistry.Limits()
        limits.mostViewers = 4
        limits.mostRegistered = 3
        var registry = ViewerRegistry(limits: limits)
        for number in 0..<3 { try registry.register(Self.id("r\(number)"), secret: secret, now: 0) }
        let error = #expect(throws: ViewerRegistry.RegistrationError.self) {
            try registry.register(Self.id("r3"), secret: secret, now: 0)
        }
        #expect(error == .full)
        try registry.register(Self.id("r2"), secret: secret, now: 1)
        for number in 0..<9 { registry.see(Self.id("s\(number)"), mount: "m", upstream: "a", now: 2) }
        #expect(registry.count == 4)
        #expect(registry.all.filter { $0.evidence == .registered }.map(\.id.text) == ["r0", "r1", "r2"])
        // A place that is given back can be used again.
        registry.close(Self.id("r0"))
        try registry.register(Self.id("r3"), secret: secret, now: 3)
        #expect(registry.count == 4)
    }

    @Test func theLeastUsedIsForgotten() {
        var limits = ViewerRegistry.Limits()
        limits.mostViewers = 3
        var registry = ViewerRegistry(limits: limits)
        for (number, name) in ["x", "y", "z"].enumerated() {
            registry.delivered(Self.id(name), by: "a", now: Int64(number))
        }
        #expect(registry.route(Self.id("x"), candidates: [], now: 5) == .upstream("a", isConfirmed: true))
        registry.delivered(Self.id("w"), by: "b", now: 6)
        #expect(registry.all.map(\.id.text) == ["x", "z", "w"])
    }

    @Test func expiring() throws {
        var registry = ViewerRegistry()
        registry.see(Self.id("s"), mount: "m", upstream: "a", now: 0)
        try registry.register(Self.id("r"), secret: secret, now: 0)
        #expect(registry.expire(now: 4 * Self.hour - 1).isEmpty)
        #expect(registry.expire(now: 4 * Self.hour).map(\.id.text) == ["s"])
        #expect(registry.expire(now: 24 * Self.hour - 1).isEmpty)
        #expect(registry.expire(now: 24 * Self.hour).map(\.owner) == [.subscriber(secret)])
        #expect(registry.count == 0)
    }

    // MARK: Offers

    @Test func offersAreLimited() {
        var limits = ViewerRegistry.Limits()
        limits.mostProbesPerSecond = 5
        limits.mostUnknownPerSecond = 2
        var registry = ViewerRegistry(limits: limits)
        let upstreams = ["a", "b"]
        for now: Int64 in [0, 10] {
            #expect(registry.route(viewer, candidates: upstreams, now: now) == .probe(["a", "b"]))
        }
        #expect(registry.route(viewer, candidates: upstreams, now: 20) == .unknown)
        #expect(registry.route(Self.id("w"), candidates: upstreams, now: 30) == .probe(["a", "b"]))
        #expect(registry.route(Self.id("x"), candidates: upstreams, now: 40) == .unknown)
        #expect(registry.route(viewer, candidates: upstreams, now: 1000) == .probe(["a", "b"]))
        #expect(registry.route(viewer, candidates: [], now: 1000) == .unknown)
        #expect(registry.route(Self.id("x"), candidates: upstreams, now: 3000) == .probe(["a", "b"]))
        // Nothing was learned from offers alone.
        #expect(registry.count == 0)
    }

    @Test func allAreAskedHoweverManyThereAre() {
        var registry = ViewerRegistry()
        let upstreams = (0..<20).map { "u\($0)" }
        for now: Int64 in [0, 1000] {
            #expect(registry.route(viewer, candidates: upstreams, now: now) == .probe(upstreams))
            #expect(registry.route(viewer, candidates: upstreams, now: now + 1) == .unknown)
            #expect(registry.route(viewer, candidates: ["a"], now: now + 2) == .unknown)
        }
    }
}

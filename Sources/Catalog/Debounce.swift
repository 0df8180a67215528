/// Decides when a burst of changes is over.
///
/// A burst ends when nothing has happened for `quiet`, or `longest` after its first event.
struct Debounce {
    typealias Instant = ContinuousClock.Instant

    let quiet: Duration
    let longest: Duration
    private var burst: (first: Instant, last: Instant)?

    init(quiet: Duration = .milliseconds(100), longest: Duration = .seconds(1)) {
        self.quiet = quiet
        self.longest = longest
    }

    /// Takes note of an event.
    mutating func note(at now: Instant) {
        burst = (burst?.first ?? now, now)
    }

    /// When to act on the burst; `nil` without one.
    var deadline: Instant? {
        burst.map { min($0.last + quiet, $0.first + longest) }
    }

    /// Ends the burst.
    mutating func clear() {
        burst = nil
    }
}

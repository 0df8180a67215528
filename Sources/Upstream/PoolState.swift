/// Which connections of a pool there are and what a new request gets; pure, it opens and closes nothing.
struct PoolState<Connection: AnyObject> {
    /// What a request for which no connection is idle is to do.
    enum Turn {
        /// Open a new connection; after closing this one, where one is given.
        case open(closing: Connection?)
        /// Wait until a connection is given back or has ended.
        case wait
    }

    private let maximum: Int
    /// The one that was used last comes last.
    private var idle: [Connection] = []
    /// Connections that are idle, in use, or being opened.
    private(set) var count = 0

    /// - Parameter maximum: how many connections there may be; at least 1.
    init(maximum: Int) {
        precondition(maximum > 0)
        self.maximum = maximum
    }

    /// Takes the connection that was used last, if one is idle.
    mutating func takeIdle() -> Connection? { idle.popLast() }

    /// Makes room for a new connection.
    /// - Returns: what to do.
    mutating func open() -> Turn {
        if count < maximum {
            count += 1
            return .open(closing: nil)
        }
        return idle.isEmpty ? .wait : .open(closing: idle.removeFirst())
    }

    /// Takes a connection back that can be used again.
    mutating func give(_ connection: Connection) { idle.append(connection) }

    /// Notes that a connection that was in use or being opened is no more.
    mutating func lose() { count -= 1 }

    /// Notes that an idle connection has ended.
    mutating func loseIdle(_ connection: Connection) {
        guard let index = idle.firstIndex(where: { $0 === connection }) else { return }
        idle.remove(at: index)
        count -= 1
    }

    /// Forgets all idle connections.
    /// - Returns: them, to be closed.
    mutating func loseAllIdle() -> [Connection] {
        defer { idle = [] }
        count -= idle.count
        return idle
    }
}

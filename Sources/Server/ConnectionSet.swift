/// The open connections of one event loop.
struct ConnectionSet {
    private var slots: [Connection?] = []
    private var free: [Int] = []

    /// Number of open connections.
    var count: Int { slots.count - free.count }

    /// Adds a connection and returns its place.
    mutating func insert(_ connection: Connection) -> Int {
        if let place = free.popLast() {
            slots[place] = connection
            return place
        }
        slots.append(connection)
        return slots.count - 1
    }

    /// Frees a place.
    mutating func remove(at place: Int) {
        slots[place] = nil
        free.append(place)
    }

    /// All connections.
    var all: [Connection] { slots.compactMap { $0 } }
}

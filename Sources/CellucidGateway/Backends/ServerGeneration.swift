/// A dialect of the released Cellucid Python servers (contract of the Cellucid servers, part 7).
enum ServerGeneration: String, Sendable, CaseIterable {
    /// 0.0.9: events without credentials, `not_found` with status 200.
    case first = "0.0.9"
    /// 0.9.1 to 0.9.3: events with a token, checked strictly.
    case second = "0.9.1"
    /// 0.9.5: events on a WebSocket, raw data by range.
    case third = "0.9.5"

    /// Whether a server handles one connection at a time, so that any other one that is open, even idle, blocks it.
    var isSerial: Bool { self != .third }

    /// Whether it takes events and session bundles by POST.
    var takesPosts: Bool { self != .third }
}

import Bytes

/// The web app as requests see it: immutable, replaced whole.
final class WebAppView: Sendable {
    /// Why there is no build.
    enum Absence: Sendable {
        /// The first build is being fetched.
        case fetching(files: Int, bytes: UInt64)
        /// It could not be fetched; the text says why.
        case failed(String)
    }

    /// The address that builds come from.
    let origin: String
    /// The build that new pages get.
    let current: ServedBuild?
    /// The build before, for pages that are still open.
    let previous: ServedBuild?
    /// Why there is no current build.
    let absence: Absence

    /// Puts the parts together.
    init(
        origin: String,
        current: ServedBuild? = nil,
        previous: ServedBuild? = nil,
        absence: Absence = .fetching(files: 0, bytes: 0)
    ) {
        self.origin = origin
        self.current = current
        self.previous = previous
        self.absence = absence
    }

    /// The build of that identifier.
    func build(_ id: Span<UInt8>) -> ServedBuild? {
        if let current, current.hasID(id) { return current }
        if let previous, previous.hasID(id) { return previous }
        return nil
    }
}

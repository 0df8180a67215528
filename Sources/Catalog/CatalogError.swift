/// Why no catalogue can be made at all.
public enum CatalogError: Error, Sendable, Hashable, CustomStringConvertible {
    /// A root directory cannot be opened or listed; `path` is as configured.
    case rootUnreadable(path: String, reason: String)
    /// The value of a `--root` option makes no sense.
    case invalidRoot(argument: String, reason: String)
    /// The watcher's thread or its wake-up channel cannot be created.
    case watcherUnavailable(reason: String)

    /// One English line for the operator.
    public var description: String {
        switch self {
        case .rootUnreadable(let path, let reason): "the root folder \(path) cannot be read: \(reason)"
        case .invalidRoot(let argument, let reason): "--root \(argument): \(reason)"
        case .watcherUnavailable(let reason): "the folders cannot be watched: \(reason)"
        }
    }
}

/// The exit codes of the `gateway` command.
enum ExitCode: Int32, Sendable, CaseIterable {
    /// Everything went well, a stop asked for by a signal included.
    case ok = 0
    /// The configuration is sound but the gateway could not start: a busy port, an unusable certificate or folder.
    case startupFailed = 1
    /// The command line, the environment or the configuration file is wrong.
    case usage = 2
    /// A root does not exist, or no root holds a dataset that can be served.
    case noDataset = 3

    /// What the code means, in the words of `gateway --help`.
    var summary: String {
        switch self {
        case .ok: "success"
        case .startupFailed: "startup failed (port in use, certificate unusable, ...)"
        case .usage: "usage or configuration error"
        case .noDataset: "no dataset found (missing root or nothing to serve)"
        }
    }
}

import Glibc
import WebApp

/// How far the first build has come, in one line of a terminal that is written over again and again.
enum WebAppProgress {
    /// Shows it, if somebody looks; `nil` at the end.
    static func show(_ progress: BuildFetcher.Progress?) {
        guard isatty(Terminal.Stream.error.rawValue) == 1 else { return }
        guard let progress else {
            Terminal.write("\r\u{1b}[K", to: .error)
            return
        }
        let total = progress.total.map { " of \($0)" } ?? ""
        Terminal.write(
            "\r\u{1b}[K  Fetching the viewer: \(progress.files)\(total) files, \(progress.bytes / 1000) kB",
            to: .error
        )
    }
}

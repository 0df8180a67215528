import Glibc
import TestSupport

/// What the system tells about a running process.
struct LifecycleProcess {
    /// Its id.
    let processID: pid_t

    /// Number of its open descriptors.
    var descriptorCount: Int { Repository.names(in: "/proc/\(processID)/fd").count }

    /// Number of its threads.
    var threadCount: Int { Repository.names(in: "/proc/\(processID)/task").count }

    /// Kilobytes of memory that are resident and its own, shared pages of files left out.
    var residentKilobytes: Int {
        let status = String(decoding: readFile("/proc/\(processID)/status") ?? [], as: UTF8.self)
        let match = status.firstMatch(of: /RssAnon:\s+(\d+) kB/)
        return match.flatMap { Int($0.output.1) } ?? 0
    }
}

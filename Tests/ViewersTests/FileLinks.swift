import Glibc

/// Symbolic links.
enum FileLinks {
    /// Where a link leads; empty when it is none.
    static func target(of path: String) -> String {
        var buffer = [CChar](repeating: 0, count: 4096)
        let count = readlink(path, &buffer, buffer.count)
        return String(decoding: buffer.prefix(max(0, count)).map(UInt8.init(bitPattern:)), as: UTF8.self)
    }
}

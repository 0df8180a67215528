import Reactor

/// Writes a tar archive: ustar, with pax records where a name does not fit (POSIX.1-2017).
///
/// The same entries always give the same bytes.
struct TarWriter: ~Copyable {
    /// Archives are padded to a multiple of this, as tapes had it.
    private static let recordBytes = 10_240

    private let file: Descriptor
    private let path: String
    private let modifiedSeconds: Int64
    private var count = 0

    /// Writes into an empty file.
    /// - Parameters:
    ///   - file: open for writing.
    ///   - path: of the file, for messages.
    ///   - modifiedSeconds: the time of all entries, Unix time.
    init(_ file: consuming Descriptor, path: String, modifiedSeconds: Int64) {
        self.file = file
        self.path = path
        self.modifiedSeconds = modifiedSeconds
    }

    /// Adds a folder.
    mutating func addFolder(_ name: String) throws(BuildStoreError) {
        try write(header(name + "/", type: "5", mode: 0o755, size: 0))
    }

    /// Adds a file.
    mutating func addFile(_ name: String, _ content: [UInt8]) throws(BuildStoreError) {
        try write(header(name, type: "0", mode: 0o644, size: content.count) + Self.padded(content))
    }

    /// Ends the archive and waits until it is on the disk.
    consuming func finish() throws(BuildStoreError) {
        let end = count + 2 * TarHeader.blockBytes
        let total = (end + Self.recordBytes - 1) / Self.recordBytes * Self.recordBytes
        try write([UInt8](repeating: 0, count: total - count))
        do throws(SystemError) { try file.synchronize() } catch { throw BuildStoreError(path, error) }
    }

    private mutating func write(_ bytes: [UInt8]) throws(BuildStoreError) {
        do throws(SystemError) {
            try file.write(bytes.span, at: count)
        } catch {
            throw BuildStoreError(path, error)
        }
        count += bytes.count
    }

    private func header(_ name: String, type: Character, mode: Int, size: Int) -> [UInt8] {
        let bytes = Array(name.utf8)
        if bytes.allSatisfy({ $0 < 0x80 }), let (prefix, name) = Self.split(bytes) {
            return block(name, prefix, type, mode, size)
        }
        let records = Self.padded(Self.record("path", name))
        let short = Array(bytes.suffix(90).map { $0 < 0x80 ? $0 : UInt8(ascii: "_") })
        return block(Array("PaxHeaders/path".utf8), [], "x", 0o644, Self.record("path", name).count)
            + records + block(short, [], type, mode, size)
    }

    private func block(
        _ name: [UInt8],
        _ prefix: [UInt8],
        _ type: Character,
        _ mode: Int,
        _ size: Int
    ) -> [UInt8] {
        TarHeader.block(
            name: name,
            prefix: prefix,
            type: type,
            mode: mode,
            size: size,
            modifiedSeconds: modifiedSeconds
        )
    }

    /// Prefix and name that fit into a header, or `nil` when there are none.
    private static func split(_ name: [UInt8]) -> (prefix: [UInt8], name: [UInt8])? {
        if name.count <= TarHeader.Field.name.count { return ([], name) }
        // The slash of a folder's end is part of its name.
        for slash in name.indices.dropLast() where name[slash] == UInt8(ascii: "/") {
            guard slash <= TarHeader.Field.prefix.count else { return nil }
            let rest = name.count - slash - 1
            if rest <= TarHeader.Field.name.count {
                return (Array(name[..<slash]), Array(name[(slash + 1)...]))
            }
        }
        return nil
    }

    /// A pax record: its length in digits, these included, a space, the key, "=", the value and a newline.
    private static func record(_ key: String, _ value: String) -> [UInt8] {
        let rest = " \(key)=\(value)\n"
        var length = rest.utf8.count
        while "\(length)".utf8.count + rest.utf8.count != length {
            length = "\(length)".utf8.count + rest.utf8.count
        }
        return Array("\(length)\(rest)".utf8)
    }

    private static func padded(_ content: [UInt8]) -> [UInt8] {
        let over = content.count % TarHeader.blockBytes
        return over == 0 ? content : content + [UInt8](repeating: 0, count: TarHeader.blockBytes - over)
    }
}

import Glibc

/// One record of a directory listing.
public struct DirectoryEntry: Sendable {
    /// What the listing itself knows of the entry; some file systems say nothing.
    public enum Kind: Sendable { case directory, symbolicLink, unknown, other }

    /// Its name in the directory.
    public let name: FileName
    /// What it is.
    public let kind: Kind

    /// Copies a record of `readdir`, which is valid only until the next call.
    @unsafe init(_ record: UnsafeMutablePointer<dirent>) {
        kind =
            switch unsafe Int(record.pointee.d_type) {
            case Int(DT_DIR): .directory
            case Int(DT_LNK): .symbolicLink
            case Int(DT_UNKNOWN): .unknown
            default: .other
            }
        // The record ends with its name, so it can be shorter than a `dirent`: `d_name` must not be copied
        // whole.
        let offset = MemoryLayout<dirent>.offset(of: \.d_name) ?? 0
        let start = unsafe UnsafeRawPointer(record).advanced(by: offset).assumingMemoryBound(to: CChar.self)
        let characters = unsafe UnsafeBufferPointer(start: start, count: strlen(start) + 1)
        name = unsafe FileName(characters: Array(characters))
    }

    /// Whether this is `.` or `..`.
    var isSelfOrParent: Bool {
        let dot = CChar(bitPattern: UInt8(ascii: "."))
        return name.characters == [dot, 0] || name.characters == [dot, dot, 0]
    }
}

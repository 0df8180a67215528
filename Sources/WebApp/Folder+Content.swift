import Codecs
import Glibc
import Reactor

/// Reading and writing whole files.
extension Folder {
    /// Writes a new file in the place of what is under `name`, with the directories above it.
    ///
    /// It is not on the disk until it or the file system is synchronised.
    func write(_ bytes: [UInt8], to name: String) throws(BuildStoreError) {
        if let slash = name.lastIndex(of: "/") { try makeFolders(String(name[..<slash])) }
        // Never into a file that is there: it may be part of another build too.
        try removeFile(name)
        _ = try create(bytes, name)
    }

    /// Puts a file in the place of another at once, so that whatever happens the one or the other is there.
    ///
    /// Only one caller at a time may do this in a directory.
    func replace(_ name: String, with bytes: [UInt8]) throws(BuildStoreError) {
        let slash = name.lastIndex(of: "/")
        if let slash { try makeFolders(String(name[..<slash])) }
        let temporary = ".part"
        try removeFile(temporary)
        let file = try create(bytes, temporary)
        try BuildStoreError.naming(path(name)) { () throws(SystemError) in try file.synchronize() }
        try rename(temporary, to: name, in: self)
        try synchronize()
        // A directory that was just made is a name in the one above it.
        var above = name[..<(slash ?? name.startIndex)]
        while !above.isEmpty {
            try folder(String(above))?.synchronize()
            above = above[..<(above.lastIndex(of: "/") ?? above.startIndex)]
        }
    }

    private func create(_ bytes: [UInt8], _ name: String) throws(BuildStoreError) -> Descriptor {
        let file = try openFile(name, O_WRONLY | O_CREAT | O_EXCL)
        try BuildStoreError.naming(path(name)) { () throws(SystemError) in try file.write(bytes.span, at: 0) }
        return file
    }

    /// All bytes of a regular file.
    /// - Parameters:
    ///   - name: the file.
    ///   - limit: the most bytes it may have.
    /// - Returns: its content.
    /// - Throws: `BuildStoreError`, of kind `.damaged` when it is missing, no regular file or too large.
    func read(_ name: String, limit: UInt64) throws(BuildStoreError) -> [UInt8] {
        guard let status = try status(of: name) else {
            throw BuildStoreError(path(name), "the file is missing", kind: .damaged)
        }
        guard status.kind == .regular else {
            throw BuildStoreError(path(name), "it is no regular file", kind: .damaged)
        }
        let file = try openFile(name, O_RDONLY)
        guard let size = FileVersion.of(descriptor: file.raw)?.size else {
            throw .last(path(name), "fstat")
        }
        guard size <= limit else {
            throw BuildStoreError(path(name), "it has \(size) bytes, more than \(limit)", kind: .damaged)
        }
        return try file.read(Int(size), at: 0, path(name))
    }

    /// All bytes of a file that must be what it was.
    /// - Parameters:
    ///   - name: the file.
    ///   - bytes: its size.
    ///   - sha256: of its content, lower-case hexadecimal.
    /// - Returns: its content.
    /// - Throws: `BuildStoreError`, of kind `.damaged` when it is missing, no regular file, or not of that size
    ///   and SHA-256.
    func read(_ name: String, bytes: UInt64, sha256: String) throws(BuildStoreError) -> [UInt8] {
        let content = try read(name, limit: bytes)
        guard UInt64(content.count) == bytes else {
            throw BuildStoreError(
                path(name),
                "it has \(content.count) bytes instead of \(bytes)",
                kind: .damaged
            )
        }
        guard SHA256.hexDigest(of: content) == sha256 else {
            throw BuildStoreError(path(name), "its content has changed (SHA-256)", kind: .damaged)
        }
        return content
    }
}

extension Descriptor {
    /// Bytes of a file from a place on.
    /// - Parameters:
    ///   - count: how many; the caller has seen that the file is so large.
    ///   - offset: of the first, from the file's begin.
    ///   - path: for messages.
    /// - Returns: exactly so many.
    /// - Throws: `BuildStoreError`, of kind `.damaged` when the file is shorter or the disk cannot read it.
    borrowing func read(_ count: Int, at offset: Int, _ path: String) throws(BuildStoreError) -> [UInt8] {
        let bytes: [UInt8]
        do throws(SystemError) {
            bytes = try read(atMost: count, at: offset)
        } catch {
            guard error.code != EIO else {
                throw BuildStoreError(path, "the disk cannot read it", kind: .damaged)
            }
            throw BuildStoreError(path, error)
        }
        guard bytes.count == count else {
            throw BuildStoreError(path, "the file was cut short", kind: .damaged)
        }
        return bytes
    }
}

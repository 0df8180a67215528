import Glibc
import Reactor

/// Reads a tar archive: ustar, pax and GNU's format, nothing but files and folders in it.
///
/// Everything in it is untrusted: links, devices, names that lead out and names that come twice are refused.
final class TarReader {
    /// The most bytes of an archive.
    static let mostBytes: UInt64 = 1 << 30
    /// The most entries of an archive.
    static let mostEntries = 100_000
    /// The most bytes of a name or of the records of an entry.
    private static let longestRecords = 1 << 16

    /// Where the content of a file is.
    private struct Place {
        let offset: Int
        let count: Int
    }

    private let file: Descriptor
    private let size: Int
    private let path: String
    private var places: [String: Place] = [:]

    /// The names of all files, sorted.
    var names: [String] { places.keys.sorted() }

    /// Reads the headers of an archive.
    /// - Throws: `BuildStoreError`, of kind `.invalid` when it is no archive or has something in it that is refused,
    ///   of kind `.damaged` when it was cut short.
    convenience init(_ path: String) throws(BuildStoreError) {
        let file = try Self.open(path)
        let status = try BuildStoreError.naming(path) { () throws(SystemError) in try file.status() }
        guard status.kind == .regular else {
            throw BuildStoreError(path, "it is no regular file", kind: .invalid)
        }
        let size = status.version.size
        guard size <= Self.mostBytes else {
            throw BuildStoreError(path, "it is larger than \(Self.mostBytes) bytes", kind: .invalid)
        }
        self.init(file, size: Int(size), path: path)
        try readHeaders()
    }

    private init(_ file: consuming Descriptor, size: Int, path: String) {
        self.file = file
        self.size = size
        self.path = path
    }

    private static func open(_ path: String) throws(BuildStoreError) -> Descriptor {
        try BuildStoreError.naming(path) { () throws(SystemError) in
            try Descriptor.open(FileName(path), O_RDONLY | O_NONBLOCK | O_NOCTTY)
        }
    }

    /// The content of a file.
    /// - Parameters:
    ///   - name: one of `names`.
    ///   - limit: the most bytes it may have.
    /// - Returns: `nil` when there is no such file.
    /// - Throws: `BuildStoreError` when it cannot be read.
    func read(_ name: String, limit: UInt64) throws(BuildStoreError) -> [UInt8]? {
        guard let place = places[name] else { return nil }
        guard UInt64(place.count) <= limit else {
            throw refused(name, "it has \(place.count) bytes, more than \(limit)", .damaged)
        }
        return try file.read(place.count, at: place.offset, path)
    }

    private func readHeaders() throws(BuildStoreError) {
        var offset = 0
        var folders: Set<String> = []
        var records = TarRecords()
        while true {
            guard offset + TarHeader.blockBytes <= size else { throw cutShort(offset) }
            let block = try file.read(TarHeader.blockBytes, at: offset, path)
            if block.allSatisfy({ $0 == 0 }) { break }
            guard let header = TarHeader(block) else { throw notAnArchive(block, offset) }
            offset += TarHeader.blockBytes
            let count = header.kind == .file ? records.size ?? header.size : header.size
            let (padded, isTooLarge) = count.addingReportingOverflow(TarHeader.blockBytes - 1)
            let end = padded / TarHeader.blockBytes * TarHeader.blockBytes
            guard !isTooLarge, count >= 0, end <= size - offset else { throw cutShort(offset) }
            switch header.kind {
            case .extended, .longName:
                try read(header.kind, Place(offset: offset, count: count), into: &records)
            case .globalExtended, .longLink: break
            case .file:
                let name = try safeName(records.name ?? header.name)
                guard !records.isSparse else { throw refused(name, "sparse files are not supported") }
                guard places[name] == nil, !folders.contains(name) else {
                    throw refused(name, "it is there twice")
                }
                guard places.count < Self.mostEntries else { throw refused(name, "there are too many files") }
                places[name] = Place(offset: offset, count: count)
                records = TarRecords()
            case .folder:
                let name = try safeName(records.name ?? header.name)
                guard places[name] == nil else { throw refused(name, "it is there twice") }
                folders.insert(name)
                records = TarRecords()
            case .symbolicLink, .hardLink:
                throw refused(records.name ?? header.name, "links are not allowed")
            case .device: throw refused(records.name ?? header.name, "devices and pipes are not allowed")
            case .unknown(let type):
                throw refused(
                    records.name ?? header.name,
                    "entries of the type \(type) are not supported"
                )
            }
            offset += end
        }
    }

    private func read(
        _ kind: TarHeader.Kind,
        _ place: Place,
        into records: inout TarRecords
    ) throws(BuildStoreError) {
        guard place.count <= Self.longestRecords else {
            throw BuildStoreError(path, "the records of an entry are too long", kind: .invalid)
        }
        let bytes = try file.read(place.count, at: place.offset, path)
        guard kind == .extended else {
            records.name = String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
            return
        }
        guard records.read(bytes) else {
            throw BuildStoreError(path, "the pax records of an entry are not valid", kind: .invalid)
        }
    }

    /// The name without `./` at its begin and a slash at its end.
    private func safeName(_ text: String) throws(BuildStoreError) -> String {
        var name = text[...]
        while name.hasPrefix("./") { name = name.dropFirst(2) }
        if name.hasSuffix("/") { name = name.dropLast() }
        if name == "." || name.isEmpty && text.hasPrefix("./") { return "" }
        let isSafe = name.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
            .allSatisfy { !$0.isEmpty && !$0.elementsEqual(".".utf8) && !$0.elementsEqual("..".utf8) }
        guard isSafe, !name.utf8.contains(0) else { throw refused(text, "the name leads out of the archive") }
        return String(name)
    }

    private func refused(
        _ name: String,
        _ reason: String,
        _ kind: BuildStoreError.Kind = .invalid
    ) -> BuildStoreError {
        BuildStoreError("\(path): \(name)", reason, kind: kind)
    }

    private func cutShort(_ offset: Int) -> BuildStoreError {
        let reason = offset == 0 ? "it is no tar archive" : "the archive was cut short"
        return BuildStoreError(path, reason, kind: offset == 0 ? .invalid : .damaged)
    }

    private func notAnArchive(_ block: [UInt8], _ offset: Int) -> BuildStoreError {
        guard offset == 0 else {
            return BuildStoreError(path, "the archive is damaged at byte \(offset)", kind: .damaged)
        }
        let isGzip = block.starts(with: [0x1f, 0x8b])
        let reason =
            isGzip ? "the archive is compressed; unpack it with gunzip first" : "it is no tar archive"
        return BuildStoreError(path, reason, kind: .invalid)
    }
}

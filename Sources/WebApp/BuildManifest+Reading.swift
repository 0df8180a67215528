import Bytes
internal import FoundationEssentials

/// Reading `build.json`, which is believed only when all of it makes sense.
extension BuildManifest {
    /// The most files of a build.
    static let mostFiles = 20_000
    /// The most bytes of all files of a build, codings not counted.
    static let mostBytes: UInt64 = 1 << 30

    /// Reads and checks a manifest.
    /// - Parameters:
    ///   - json: the content of the file.
    ///   - path: of the file, for messages.
    /// - Throws: `BuildStoreError` of kind `.damaged`.
    init(json: [UInt8], path: String) throws(BuildStoreError) {
        do {
            self = try JSONDecoder().decode(BuildManifest.self, from: Data(json))
        } catch {
            throw BuildStoreError(path, "it is no manifest of a build", kind: .damaged)
        }
        if let mistake { throw BuildStoreError(path, mistake, kind: .damaged) }
    }

    /// What is wrong with it, or `nil`.
    var mistake: String? {
        guard format == 1 else { return "its format \(format) is not known to this version" }
        guard Self.unixSeconds(fetchedAt) != nil else { return "fetchedAt is no time" }
        guard files.count <= Self.mostFiles else { return "it names more than \(Self.mostFiles) files" }
        var total: UInt64 = 0
        var folders: Set<AssetPath> = []
        var previous: AssetPath?
        for file in files {
            guard let path = AssetPath(file.path) else { return "\"\(file.path)\" cannot be a path" }
            if let previous, path <= previous { return "the files are not sorted: \(path)" }
            previous = path
            guard file.hasProperDigests else { return "the digests of \(path) are not valid" }
            for count in [file.bytes, file.gzipBytes ?? 0, file.brotliBytes ?? 0] {
                guard count <= Self.mostBytes else { return "\(path) is too large" }
            }
            total += file.bytes
            folders.formUnion(path.folders)
        }
        guard total <= Self.mostBytes else { return "all files together are too large" }
        if let clash = files.first(where: { AssetPath($0.path).map(folders.contains) ?? false }) {
            return "\(clash.path) is both a file and a folder"
        }
        guard files.contains(where: { $0.path == AssetPath.index.text && $0.isAdded != true }) else {
            return "there is no index.html"
        }
        guard id == Self.identifier(of: files) else { return "its identifier is not that of its files" }
        return nil
    }

    /// The time of an RFC 3339 text in UTC, Unix time, fractions cut off; `nil` when it is none.
    static func unixSeconds(_ text: String) -> Int64? {
        let bytes = Array(text.utf8)
        guard bytes.count >= 20, bytes.last == UInt8(ascii: "Z") else { return nil }
        let pattern = Array("dddd-dd-ddTdd:dd:dd".utf8)
        for (byte, wanted) in zip(bytes, pattern) {
            guard wanted == UInt8(ascii: "d") ? ASCII.isDigit(byte) : byte == wanted else { return nil }
        }
        let fraction = bytes[pattern.count..<bytes.count - 1]
        guard fraction.isEmpty || (fraction.first == UInt8(ascii: ".") && fraction.count > 1),
            fraction.dropFirst().allSatisfy(ASCII.isDigit)
        else { return nil }
        func number(_ range: Range<Int>) -> Int64 {
            bytes[range].reduce(0) { $0 * 10 + Int64($1 - UInt8(ascii: "0")) }
        }
        guard let date = CivilDate(year: number(0..<4), month: number(5..<7), day: number(8..<10)),
            number(11..<13) < 24, number(14..<16) < 60, number(17..<19) <= 60
        else { return nil }
        return date.daysSinceEpoch * 86_400 + number(11..<13) * 3600 + number(14..<16) * 60 + number(17..<19)
    }
}

extension BuildManifest.File {
    /// Whether each size of a coding comes with a digest, and all digests have the right form.
    fileprivate var hasProperDigests: Bool {
        guard (gzipBytes == nil) == (gzipSHA256 == nil), (brotliBytes == nil) == (brotliSHA256 == nil) else {
            return false
        }
        return [sha256, gzipSHA256, brotliSHA256].compactMap(\.self)
            .allSatisfy { BuildManifest.isHexadecimal($0, count: 64) }
    }
}

extension AssetPath {
    /// The folders it lies in, from the outermost to its own.
    fileprivate var folders: [AssetPath] {
        text.indices.filter { text[$0] == "/" }.compactMap { AssetPath(String(text[..<$0])) }
    }
}

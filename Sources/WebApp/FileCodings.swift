import Codecs
import HTTP

/// The content of a file of a build in all codings that are kept of it.
struct FileCodings {
    let path: AssetPath
    let plain: [UInt8]
    let gzip: [UInt8]?
    let brotli: [UInt8]?

    /// Makes the gzip coding, unless it is given or the type of the file says that it saves nothing.
    init(_ path: AssetPath, plain: [UInt8], gzip: [UInt8]?, brotli: [UInt8]?) throws(BuildStoreError) {
        self.path = path
        self.plain = plain
        var packed = gzip
        if packed == nil, MediaType.forPath(Array(path.text.utf8).span).isCompressible {
            do throws(Gzip.Failure) {
                packed = try Gzip.compress(plain, level: 9)
            } catch {
                throw BuildStoreError(path.text, "there is no memory for compressing it")
            }
        }
        self.gzip = packed.flatMap { Self.pays(plain, $0) ? $0 : nil }
        self.brotli = brotli.flatMap { Self.pays(plain, $0) ? $0 : nil }
    }

    /// Whether a coding saves enough to be kept: a twentieth.
    private static func pays(_ plain: [UInt8], _ coded: [UInt8]) -> Bool {
        coded.count <= plain.count / 20 * 19
    }

    /// The content in a coding.
    subscript(coding: Build.Coding) -> [UInt8]? {
        switch coding {
        case .identity: plain
        case .gzip: gzip
        case .brotli: brotli
        }
    }

    /// What the manifest says about it.
    func file(isAdded: Bool) -> BuildManifest.File {
        var file = BuildManifest.File(
            path: path.text,
            bytes: UInt64(plain.count),
            sha256: SHA256.hexDigest(of: plain),
            isAdded: isAdded ? true : nil
        )
        file.gzipBytes = gzip.map { UInt64($0.count) }
        file.gzipSHA256 = gzip.map(SHA256.hexDigest)
        file.brotliBytes = brotli.map { UInt64($0.count) }
        file.brotliSHA256 = brotli.map(SHA256.hexDigest)
        return file
    }
}

import Bytes

/// What a path below a mount asks of the web app.
enum WebAppPath: Equatable {
    /// The page itself.
    case page
    /// The file `path[file]` of the build with the identifier `path[build]`, as a page of that build asks for it.
    case pinned(build: Range<Int>, file: Range<Int>)
    /// A file of whatever build is current.
    case file(Range<Int>)

    /// The folder of all files but a few.
    private static let folder: StaticString = "assets/"

    /// Reads a path; `nil` when it can only belong to a dataset.
    /// - Parameters:
    ///   - path: percent-decoded.
    ///   - range: the part below the mount.
    init?(_ path: [UInt8], _ range: Range<Int>) {
        let rest = path.span.extracting(range)
        if rest.isEmpty || rest.equals("index.html") {
            self = .page
            return
        }
        let slash = path.span.firstOffset(of: UInt8(ascii: "/"), from: range.lowerBound) ?? path.count
        if rest[0] == UInt8(ascii: "@"), slash < range.upperBound {
            self = .pinned(build: (range.lowerBound + 1)..<slash, file: (slash + 1)..<range.upperBound)
            return
        }
        let isInFolder = rest.count > Self.folder.utf8CodeUnitCount && rest.startsWith(Self.folder)
        // Icons and the like lie beside the page.
        guard isInFolder || slash >= range.upperBound else { return nil }
        self = .file(range)
    }
}

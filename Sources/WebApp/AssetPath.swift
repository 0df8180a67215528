internal import Bytes

/// A file of the web app by its path below the app's base: `index.html`, `assets/js/app/main.js`.
///
/// There is no leading slash and no percent-encoding. Whatever holds such a path may join it to a directory
/// or a URL: it has no empty, `.` or `..` segment and no character that means something to either. Paths are
/// equal when their bytes are, and ordered by their bytes.
public struct AssetPath: Hashable, Comparable, Sendable, CustomStringConvertible {
    /// The path.
    public let text: String

    /// The page that is the app.
    public static let index = AssetPath(trusted: "index.html")

    /// The longest path, in bytes.
    public static let longest = 1024

    /// The longest segment, in bytes: what Linux file systems allow for a name.
    public static let longestSegment = 255

    /// Takes `text` as it is.
    /// - Returns: `nil` unless it is 1 to 1024 bytes in segments of 1 to 255 bytes, none of them `.` or `..`,
    ///   without control characters, white space, `*`, backtick, backslash, `%`, `?` and `#`.
    public init?(_ text: String) {
        guard (1...AssetPath.longest).contains(text.utf8.count) else { return nil }
        for segment in text.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false) {
            guard (1...AssetPath.longestSegment).contains(segment.count),
                !segment.elementsEqual(".".utf8), !segment.elementsEqual("..".utf8)
            else { return nil }
        }
        guard text.unicodeScalars.allSatisfy(AssetPath.isAllowed) else { return nil }
        self.text = text
    }

    /// Resolves a reference that `base` makes to another file (RFC 3986 section 5.2), as browsers do.
    ///
    /// A leading slash stands for the app's base. Query and fragment are cut off, each segment is
    /// percent-decoded once.
    /// - Returns: `nil` for another origin, for `data:`, `blob:` and any other scheme, for what lies outside
    ///   the app, for a directory, and for what cannot be a path of the app.
    public init?(url: String, base: AssetPath) {
        var reference = url.utf8[...]
        while let first = reference.first, AssetPath.isStripped(first) { reference.removeFirst() }
        while let last = reference.last, AssetPath.isStripped(last) { reference.removeLast() }
        if let end = reference.firstIndex(where: { $0 == UInt8(ascii: "?") || $0 == UInt8(ascii: "#") }) {
            reference = reference[..<end]
        }
        guard !reference.isEmpty, !AssetPath.hasScheme(reference), !reference.starts(with: "//".utf8) else {
            return nil
        }

        var segments: [Substring] = []
        if reference.first == UInt8(ascii: "/") {
            reference.removeFirst()
        } else {
            segments = base.text.split(separator: "/").dropLast()
        }
        // A reference is untrusted and may be megabytes of slashes.
        guard reference.count <= 3 * AssetPath.longest else { return nil }
        var isDirectory = false
        for encoded in reference.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false) {
            guard let segment = AssetPath.decoded(encoded) else { return nil }
            isDirectory = segment == "." || segment == ".."
            if !isDirectory {
                segments.append(segment)
            } else if segment == ".." {
                guard !segments.isEmpty else { return nil }
                segments.removeLast()
            }
        }
        guard !isDirectory else { return nil }
        self.init(segments.joined(separator: "/"))
    }

    private init(trusted text: String) {
        self.text = text
    }

    public var description: String { text }

    /// What follows the last dot of the file's name, in lower case, or `nil` when there is nothing.
    public var fileExtension: String? {
        let name = text.utf8.split(separator: UInt8(ascii: "/")).last ?? text.utf8[...]
        guard let dot = name.lastIndex(of: UInt8(ascii: ".")) else { return nil }
        let ending = name[name.index(after: dot)...]
        return ending.isEmpty ? nil : String(decoding: ending.map { ASCII.lowercased($0) }, as: UTF8.self)
    }

    /// Whether the app is made of such files: `index.html`, everything below `assets/`, the icons and
    /// documents that browsers ask for at the root.
    public var isPartOfWebApp: Bool { AssetPath.isPartOfWebApp(Array(text.utf8).span) }

    /// The same of a path that has not been checked yet, without any cost to speak of.
    public static func isPartOfWebApp(_ path: Span<UInt8>) -> Bool {
        if path.startsWith("assets/") || path.equals("index.html") || path.equals("favicon.ico")
            || path.equals("site.webmanifest") || path.equals("browserconfig.xml")
        {
            return true
        }
        return path.endsWith(".png") && path.firstOffset(of: UInt8(ascii: "/")) == nil
            && (path.startsWith("apple-touch-icon") || path.startsWith("favicon-")
                || path.startsWith("android-chrome-") || path.startsWith("mstile-"))
    }

    public static func == (left: AssetPath, right: AssetPath) -> Bool {
        // Strings are also equal when only their normal forms are; files are not.
        left.text.utf8.elementsEqual(right.text.utf8)
    }

    public static func < (left: AssetPath, right: AssetPath) -> Bool {
        left.text.utf8.lexicographicallyPrecedes(right.text.utf8)
    }

    public func hash(into hasher: inout Hasher) {
        for byte in text.utf8 { hasher.combine(byte) }
    }

    private static func isAllowed(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar {
        case "*", "`", "\\", "%", "?", "#": false
        default: scalar.properties.generalCategory != .control && !scalar.properties.isWhitespace
        }
    }

    /// Whether browsers cut `byte` off both ends of a URL: a space or a control character.
    private static func isStripped(_ byte: UInt8) -> Bool { byte <= 0x20 }

    /// Whether `reference` begins with a scheme (RFC 3986 section 3.1) and a colon.
    private static func hasScheme(_ reference: Substring.UTF8View) -> Bool {
        guard let first = reference.first, ASCII.isLetter(first) else { return false }
        let rest = reference.drop { byte in
            ASCII.isLetter(byte) || ASCII.isDigit(byte) || byte == UInt8(ascii: "+")
                || byte == UInt8(ascii: "-")
                || byte == UInt8(ascii: ".")
        }
        return rest.first == UInt8(ascii: ":")
    }

    /// A segment without its percent-encoding, or `nil` when that is broken, hides a slash or is not UTF-8.
    private static func decoded(_ encoded: Substring.UTF8View) -> Substring? {
        var bytes: [UInt8] = []
        guard PercentCoding.decode(Array(encoded).span, into: &bytes), !bytes.contains(UInt8(ascii: "/"))
        else {
            return nil
        }
        return String(validating: bytes, as: UTF8.self)?[...]
    }
}

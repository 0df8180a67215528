import Bytes

/// The media type of a file, and whether coding it is worth a try.
public struct MediaType: Sendable {
    /// The value of a `Content-Type` field.
    public let name: StaticString
    /// Whether content of this type usually shrinks under gzip.
    public let isCompressible: Bool

    /// Whether it is a page, which browsers load more for.
    public let isPage: Bool

    private init(_ name: StaticString, isCompressible: Bool, isPage: Bool = false) {
        self.name = name
        self.isCompressible = isCompressible
        self.isPage = isPage
    }

    /// What is sent for names that say nothing.
    public static let octetStream = MediaType("application/octet-stream", isCompressible: false)

    /// Chooses by the extension of the last segment, without regard to case.
    ///
    /// JSON has no charset: builds of the viewer compare the value to the letter. Names that end in `.gz` are
    /// gzip files as they are, never a coding of something else.
    public static func forPath(_ path: Span<UInt8>) -> MediaType {
        var start = path.count
        while start > 0, path[start - 1] != UInt8(ascii: "."), path[start - 1] != UInt8(ascii: "/") {
            start -= 1
        }
        guard start > 0, path[start - 1] == UInt8(ascii: ".") else { return octetStream }
        let ending = path.extracting(start..<path.count)
        for entry in table where ending.equalsIgnoringCase(entry.ending) { return entry.type }
        return octetStream
    }

    private static func type(
        _ ending: StaticString,
        _ name: StaticString,
        _ isCompressible: Bool,
        isPage: Bool = false
    ) -> (ending: StaticString, type: MediaType) {
        (ending, MediaType(name, isCompressible: isCompressible, isPage: isPage))
    }

    private static let table: [(ending: StaticString, type: MediaType)] = [
        type("json", "application/json", true),
        type("bin", "application/octet-stream", true),
        type("f32", "application/octet-stream", true),
        type("u8", "application/octet-stream", true),
        type("u16", "application/octet-stream", true),
        type("gz", "application/gzip", false),
        type("u32", "application/octet-stream", true),
        type("f64", "application/octet-stream", true),
        type("html", "text/html; charset=utf-8", true, isPage: true),
        type("js", "text/javascript; charset=utf-8", true),
        type("mjs", "text/javascript; charset=utf-8", true),
        type("css", "text/css; charset=utf-8", true),
        type("map", "application/json", true),
        type("svg", "image/svg+xml; charset=utf-8", true),
        type("png", "image/png", false),
        type("jpg", "image/jpeg", false),
        type("jpeg", "image/jpeg", false),
        type("gif", "image/gif", false),
        type("webp", "image/webp", false),
        type("avif", "image/avif", false),
        type("webm", "video/webm", false),
        type("mp4", "video/mp4", false),
        type("ico", "image/x-icon", true),
        type("woff2", "font/woff2", false),
        type("woff", "font/woff", false),
        type("ttf", "font/ttf", true),
        type("otf", "font/otf", true),
        type("wasm", "application/wasm", true),
        type("webmanifest", "application/manifest+json; charset=utf-8", true),
        type("xml", "application/xml; charset=utf-8", true),
        type("txt", "text/plain; charset=utf-8", true),
        type("md", "text/plain; charset=utf-8", true),
        type("log", "text/plain; charset=utf-8", true),
        type("csv", "text/csv; charset=utf-8", true),
        type("tsv", "text/tab-separated-values; charset=utf-8", true),
        type("pdf", "application/pdf", false),
        type("glb", "model/gltf-binary", true),
        type("gltf", "model/gltf+json", true),
        type("zip", "application/zip", false),
    ]
}

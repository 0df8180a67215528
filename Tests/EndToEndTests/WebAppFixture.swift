import TestSupport

/// The miniature web app in `Tests/WebApp/app`, and other builds of it.
enum WebAppFixture {
    /// The name of the build that the folder has.
    static let first = "fixture-1"
    /// Files whose names exist only at run time.
    static let onDemand = ["assets/js/rendering/palettes/summer.js", "assets/notes/note-42.json"]

    /// The files by path.
    private static let original: [String: [UInt8]] = {
        let folder = Repository.root + "/Tests/WebApp/app"
        let paths = Repository.files(in: folder)
        return Dictionary(uniqueKeysWithValues: paths.map { ($0, readFile("\(folder)/\($0)") ?? []) })
    }()

    /// The files of a build by path: in builds but the first, the scripts of the page and of the drawing differ.
    static func files(_ build: String = first) -> [String: [UInt8]] {
        guard build != first else { return original }
        var files = original
        for (path, content) in original {
            if path == "index.html" {
                let page = String(decoding: content, as: UTF8.self)
                files[path] = Array(page.replacing(first, with: build).utf8)
            } else if path.hasPrefix("assets/js/app/") || path.hasPrefix("assets/js/rendering/") {
                files[path] = content + Array("// \(build)\n".utf8)
            }
        }
        return files
    }

    /// Writes a build into a folder of that name.
    /// - Returns: the folder's path.
    static func write(_ build: String = first, in directory: TemporaryDirectory) -> String {
        for (path, content) in files(build) { directory.write("\(build)/\(path)", content) }
        return directory(build)
    }

    /// The media type that a file must have, without parameters.
    static func mediaType(_ path: String) -> String {
        switch path.split(separator: ".").last {
        case "html": "text/html"
        case "js": "text/javascript"
        case "css": "text/css"
        case "json": "application/json"
        case "svg": "image/svg+xml"
        case "png": "image/png"
        case "ico": "image/x-icon"
        case "woff2": "font/woff2"
        case "wasm": "application/wasm"
        case "webmanifest": "application/manifest+json"
        case "xml": "application/xml"
        default: "none"
        }
    }
}

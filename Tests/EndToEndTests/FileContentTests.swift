import Glibc
import TestSupport
import Testing

/// Files of datasets, as they are.
struct FileContentTests {
    private static let mediaTypes = [
        "json": "application/json", "bin": "application/octet-stream", "f32": "application/octet-stream",
        "u8": "application/octet-stream", "u16": "application/octet-stream", "gz": "application/gzip",
    ]

    @Test("Every file of the demo is sent byte for byte", arguments: ["pbmc_gzip", "pbmc_q16"])
    func demoFiles(dataset: String) throws {
        let gateway = try GatewayProcessUnderTest([Repository.demo])
        let connection = try gateway.connect()
        let files = Repository.files(in: "\(Repository.demo)/\(dataset)")
        #expect(files.count > 50)
        for file in files {
            let response = try connection.exchange("GET", "/\(dataset)/\(file)")
            let ending = file.split(separator: ".").last.map(String.init) ?? ""
            #expect(response.status == 200, "\(file)")
            #expect(response.body == readFile("\(Repository.demo)/\(dataset)/\(file)"), "\(file)")
            #expect(response["Content-Type"] == Self.mediaTypes[ending], "\(file)")
            #expect(response["Content-Encoding"] == nil, "\(file)")
            #expect(response["Transfer-Encoding"] == nil, "\(file)")
            #expect(response["Accept-Ranges"] == "bytes", "\(file)")
            #expect(response["X-Content-Type-Options"] == "nosniff", "\(file)")
            #expect(response["Cache-Control"] == "no-cache", "\(file)")
            #expect(response["Last-Modified"]?.hasSuffix(" GMT") == true, "\(file)")
            let tag = response["ETag"] ?? ""
            #expect(tag.hasPrefix("\"") && tag.hasSuffix("\"") && tag.count > 2, "\(file)")
        }
    }

    @Test(
        "Media types go by the ending",
        arguments: [
            ("page.html", "text/html; charset=utf-8"), ("notes.txt", "text/plain; charset=utf-8"),
            ("DATA.JSON", "application/json"), ("a.tar.gz", "application/gzip"),
            ("state.cellucid-session", "application/octet-stream"), ("picture.png", "image/png"),
            ("without_ending", "application/octet-stream"), ("json", "application/octet-stream"),
            ("ends_with_dot.", "application/octet-stream"), ("folder.json/data", "application/octet-stream"),
        ]
    )
    func mediaTypes(name: String, type: String) throws {
        let export = try ServedExport([name: Array("content".utf8)])
        let response = try export.connect().exchange("GET", "/cells/\(name)")
        #expect(response.status == 200)
        #expect(response["Content-Type"] == type)
        #expect(response.text == "content")
    }

    @Test(
        "Sizes at the edges are sent whole",
        arguments: [
            0, 1, 1023, 1024, 65_535, 65_536, 65_537, 524_288, 2_097_152, 2_097_153,
        ]
    )
    func sizes(size: Int) throws {
        let content = ExportFixture.noise(size)
        let export = try ServedExport(["data.bin": content])
        let connection = try export.connect()
        for fields in [[], ["Accept-Encoding: gzip"], []] {
            let response = try connection.exchange("GET", "/cells/data.bin", fields)
            #expect(response.status == 200)
            #expect(response["Content-Length"] == "\(size)")
            #expect(response.body == content)
        }
        let empty = try connection.exchange("GET", "/cells/data.bin", ["Range: bytes=\(size)-"])
        #expect(empty.status == 416)
        #expect(empty["Content-Range"] == "bytes */\(size)")
    }

    @Test(
        "Names of all kinds are found",
        arguments: [
            ("T cells.f32", "T%20cells.f32"), ("T cells.f32", "T%20%63ells.f32"), ("a+b.f32", "a+b.f32"),
            ("a+b.f32", "a%2Bb.f32"), ("100%.f32", "100%25.f32"), ("what?.f32", "what%3F.f32"),
            ("sharp#.f32", "sharp%23.f32"), ("CD3*;,=&.f32", "CD3*;,=&.f32"), ("a:b@c.f32", "a:b@c.f32"),
            ("β-actin é.f32", "%CE%B2-actin%20%C3%A9.f32"), ("β-actin é.f32", "%ce%b2-actin%20%c3%a9.f32"),
            ("back\\slash.f32", "back%5cslash.f32"), ("quote\".f32", "quote%22.f32"),
            ("tab\t.f32", "tab%09.f32"),
            ("a..b.f32", "a..b.f32"), ("..a.json", nil), ("%41.f32", "%2541.f32"),
            ("deep/er/x.f32", "deep/er/x.f32"),
        ] as [(String, String?)]
    )
    func names(name: String, target: String?) throws {
        let export = try ServedExport(["obs/\(name)": Array(name.utf8)])
        let response = try export.connect().exchange("GET", "/cells/obs/\(target ?? name)")
        // A name that begins with a dot is hidden.
        #expect(response.status == (target == nil ? 404 : 200))
        if target != nil { #expect(response.text == name) }
    }

    @Test("A name that is not UTF-8 is found too")
    func nameOfBytes() throws {
        let export = try ServedExport()
        let name = export.path("obs/").utf8CString.dropLast() + [CChar(bitPattern: 0xff), 0x41, 0]
        let file = try #require(fopen(Array(name), "w"))
        // The folder's own clearing up goes by names that are text.
        defer { unlink(Array(name)) }
        fputs("bytes", file)
        fclose(file)
        let response = try export.connect().exchange("GET", "/cells/obs/%ffA")
        #expect(response.status == 200)
        #expect(response.text == "bytes")
    }

    @Test("What lies at the root beside the datasets is not served")
    func filesOfTheRoot() throws {
        let export = try ServedExport([".secret": [0x41], "obs/.hidden.f32": [0x41]])
        export.root.write("notes.txt", "private")
        export.root.write("unfinished/obs_manifest.json", "{}")
        let connection = try export.connect()
        let targets = [
            "/notes.txt", "/unfinished/obs_manifest.json", "/cells/.secret", "/cells/%2esecret",
            "/cells/obs/.hidden.f32",
        ]
        for target in targets {
            #expect(try connection.exchange("GET", target).status == 404, "\(target)")
        }
    }
}

import Testing

@testable import HTTP

@Suite struct MediaTypeTests {
    @Test(
        arguments: [
            ("dataset_identity.json", "application/json", true),
            ("var_manifest.json", "application/json", true),
            ("app.js.map", "application/json", true),
            ("points_2d.bin", "application/octet-stream", true),
            ("gene.values.f32", "application/octet-stream", true),
            ("gene.values.f64", "application/octet-stream", true),
            ("field.codes.u8", "application/octet-stream", true),
            ("field.codes.u16", "application/octet-stream", true),
            ("edges.u32", "application/octet-stream", true),
            ("state.cellucid-session", "application/octet-stream", false),
            ("points_2d.bin.gz", "application/gzip", false),
            ("obs_manifest.json.gz", "application/gzip", false),
            ("index.html", "text/html; charset=utf-8", true),
            ("main.js", "text/javascript; charset=utf-8", true),
            ("main.mjs", "text/javascript; charset=utf-8", true),
            ("style.css", "text/css; charset=utf-8", true),
            ("logo.svg", "image/svg+xml; charset=utf-8", true),
            ("a.png", "image/png", false),
            ("a.jpg", "image/jpeg", false),
            ("a.jpeg", "image/jpeg", false),
            ("a.gif", "image/gif", false),
            ("a.webp", "image/webp", false),
            ("favicon.ico", "image/x-icon", true),
            ("a.woff2", "font/woff2", false),
            ("a.woff", "font/woff", false),
            ("a.ttf", "font/ttf", true),
            ("a.otf", "font/otf", true),
            ("a.wasm", "application/wasm", true),
            ("site.webmanifest", "application/manifest+json; charset=utf-8", true),
            ("sitemap.xml", "application/xml; charset=utf-8", true),
            ("robots.txt", "text/plain; charset=utf-8", true),
            ("README.md", "text/plain; charset=utf-8", true),
            ("run.log", "text/plain; charset=utf-8", true),
            ("table.csv", "text/csv; charset=utf-8", true),
            ("table.tsv", "text/tab-separated-values; charset=utf-8", true),
            ("paper.pdf", "application/pdf", false),
            ("model.glb", "model/gltf-binary", true),
            ("a.zip", "application/zip", false),
            ("cells.h5ad", "application/octet-stream", false),
            ("cells.h5", "application/octet-stream", false),
        ]
    )
    func byExtension(name: String, type: String, isCompressible: Bool) {
        for path in [name, name.uppercased(), "/pbmc/var/\(name)", "/a.html/b.gz/\(name)"] {
            let found = MediaType.forPath(Array(path.utf8).span)
            #expect("\(found.name)" == type)
            #expect(found.isCompressible == isCompressible)
        }
    }

    @Test(arguments: [
        "", "/", ".", "/.", "json", "/json", "/a.json/", "/a.json/b", "a.", "a.unknown", "a.jso", "a.jsonx",
        "a.json ", "/a.html/b.", "a.\u{e9}", "a.gz~",
    ])
    func namesThatSayNothing(path: String) {
        let found = MediaType.forPath(Array(path.utf8).span)
        #expect("\(found.name)" == "application/octet-stream")
        #expect(!found.isCompressible)
    }
}

import TestSupport
import Testing

/// The gzip coding that the gateway makes for clients that accept it.
struct ContentCodingTests {
    private static let json = Array(
        "{\"genes\": [\((0..<500).map { "\"GENE\($0)\"" }.joined(separator: ", "))]}".utf8
    )

    @Test("Files that shrink are coded", arguments: ["big.json", "var/CD3D.values.f32", "points_2d.bin"])
    func coded(file: String) throws {
        let export = try ServedExport(["big.json": Self.json])
        let connection = try export.connect()
        let plain = try connection.exchange("GET", "/cells/\(file)")
        for _ in 0..<3 {
            let coded = try connection.exchange(
                "GET",
                "/cells/\(file)",
                ["Accept-Encoding: gzip, deflate, br"]
            )
            #expect(coded.status == 200)
            #expect(coded["Content-Encoding"] == "gzip")
            #expect(coded["Content-Type"] == plain["Content-Type"])
            #expect(coded["Content-Length"] == "\(coded.body.count)")
            #expect(coded.body.count < plain.body.count)
            #expect(try gunzip(coded.body) == export.files[file])
            #expect(coded["ETag"] != nil)
            #expect(coded["ETag"] != plain["ETag"])
            for answer in [coded, plain] {
                let vary = answer.values("Vary").joined(separator: ", ").lowercased()
                #expect(vary.contains("accept-encoding"))
                #expect(vary.contains("origin"))
            }
            let head = try connection.exchange("HEAD", "/cells/\(file)", ["Accept-Encoding: gzip"])
            #expect(head["Content-Encoding"] == "gzip")
            #expect(head["Content-Length"] == coded["Content-Length"])
            #expect(head["ETag"] == coded["ETag"])
        }
    }

    @Test(
        "Who accepts gzip, gets it; nobody else does",
        arguments: [
            ("gzip", true), ("GZIP", true), ("x-gzip", true), ("deflate, gzip;q=0.5", true), ("*", true),
            ("gzip;q=1.0, identity; q=0.5", true), ("br, *;q=0.1", true), ("gzip;q=0.001", true),
            ("gzip;q=0", false), ("gzip;q=0.000", false), ("*;q=0", false), ("gzip;q=0, *", false),
            ("identity", false), ("br", false), ("deflate", false), ("gzipped", false), ("", false),
            ("identity;q=1, gzip;q=0.5", false), ("gzip;q=2", false), ("gzip;level=9", false),
        ]
    )
    func negotiation(accepted: String, isCoded: Bool) throws {
        let export = try ServedExport(["big.json": Self.json])
        let connection = try export.connect()
        let answer = try connection.exchange("GET", "/cells/big.json", ["Accept-Encoding: \(accepted)"])
        #expect(answer["Content-Encoding"] == (isCoded ? "gzip" : nil))
        #expect(try (isCoded ? gunzip(answer.body) : answer.body) == Self.json)
    }

    @Test("Several Accept-Encoding fields count together")
    func severalFields() throws {
        let export = try ServedExport(["big.json": Self.json])
        let connection = try export.connect()
        let fields = ["Accept-Encoding: br", "Accept-Encoding: gzip"]
        #expect(try connection.exchange("GET", "/cells/big.json", fields)["Content-Encoding"] == "gzip")
    }

    @Test(
        "What does not shrink is never coded",
        arguments: [
            Named("noise.f32", ExportFixture.noise(8000)),
            Named("noise.json", ExportFixture.noise(2_000_000)),
            Named("small.json", Array("{\"a\": \"\(String(repeating: "a", count: 900))\"}".utf8)),
            Named("picture.png", [UInt8](repeating: 0, count: 8000)),
            Named("points_3d.bin.gz", ExportFixture.storedGzip([UInt8](repeating: 0, count: 8000))),
        ]
    )
    func notCoded(sample: Named<[UInt8]>) throws {
        let (file, content) = (sample.description, sample.value)
        let export = try ServedExport([file: content])
        let connection = try export.connect()
        let plain = try connection.exchange("GET", "/cells/\(file)")
        for _ in 0..<5 {
            let answer = try connection.exchange("GET", "/cells/\(file)", ["Accept-Encoding: gzip"])
            #expect(answer["Content-Encoding"] == nil)
            #expect(answer["ETag"] == plain["ETag"])
            let isSame = answer.body == content
            #expect(isSame)
        }
    }

    @Test("The demo's .gz files stay what they are")
    func storedGzipFiles() throws {
        let gateway = try GatewayProcessUnderTest([Repository.demo])
        let connection = try gateway.connect()
        let files = Repository.files(in: Repository.demo + "/pbmc_gzip").filter { $0.hasSuffix(".gz") }
        #expect(!files.isEmpty)
        for file in files.prefix(40) {
            let answer = try connection.exchange("GET", "/pbmc_gzip/\(file)", ["Accept-Encoding: gzip"])
            #expect(answer["Content-Encoding"] == nil, "\(file)")
            #expect(answer["Content-Type"] == "application/gzip", "\(file)")
            #expect(answer.body == readFile(Repository.demo + "/pbmc_gzip/\(file)"), "\(file)")
        }
    }

    @Test("A range is always of the plain bytes")
    func ranges() throws {
        let export = try ServedExport(["big.json": Self.json])
        let connection = try export.connect()
        let plain = try connection.exchange("GET", "/cells/big.json")
        let coded = try connection.exchange("GET", "/cells/big.json", ["Accept-Encoding: gzip"])
        let part = try connection.exchange(
            "GET",
            "/cells/big.json",
            ["Accept-Encoding: gzip", "Range: bytes=10-19"]
        )
        #expect(part.status == 206)
        #expect(part["Content-Encoding"] == nil)
        #expect(part["ETag"] == plain["ETag"])
        #expect(part.body == Array(Self.json[10...19]))
        // A client that has a part of the coded form must not get a part of the plain one to go with it.
        let tag = try #require(coded["ETag"])
        let mixed = try connection.exchange(
            "GET",
            "/cells/big.json",
            ["Accept-Encoding: gzip", "Range: bytes=10-19", "If-Range: \(tag)"]
        )
        #expect(mixed.status == 200)
    }

    @Test("Each form is revalidated by its own tag")
    func revalidation() throws {
        let export = try ServedExport(["big.json": Self.json])
        let connection = try export.connect()
        let plain = try #require(connection.exchange("GET", "/cells/big.json")["ETag"])
        let accept = "Accept-Encoding: gzip"
        let coded = try #require(connection.exchange("GET", "/cells/big.json", [accept])["ETag"])
        let table: [(fields: [String], status: Int)] = [
            (["If-None-Match: \(plain)"], 304), (["If-None-Match: \(coded)"], 200),
            ([accept, "If-None-Match: \(coded)"], 304), ([accept, "If-None-Match: \(plain)"], 200),
            ([accept, "If-None-Match: \(plain), \(coded)"], 304), ([accept, "If-Match: \(plain)"], 412),
        ]
        for entry in table {
            let answer = try connection.exchange("GET", "/cells/big.json", entry.fields)
            #expect(answer.status == entry.status, "\(entry.fields)")
        }
    }

    @Test("Large files are coded in the background and kept on disk")
    func largeFiles() throws {
        let content = (0..<3_000_000).map { UInt8(truncatingIfNeeded: $0 / 1000) }
        let export = try ServedExport(["big.f32": content])
        let connection = try export.connect()
        let accept = ["Accept-Encoding: gzip"]
        let coded = try Deadline(seconds: 60).firstAnswer { () throws -> RawResponse? in
            let answer = try connection.exchange("GET", "/cells/big.f32", accept)
            if answer["Content-Encoding"] == nil {
                #expect(answer.body == content)
                return nil
            }
            return answer
        }
        let answer = try #require(coded)
        #expect(try gunzip(answer.body) == content)
        #expect(answer["ETag"]?.isEmpty == false)
        let kept = Repository.files(in: export.gateway.home("cache")).filter { $0.hasSuffix(".gz") }
        #expect(kept.count == 1)
        // A change of the file makes the coding worthless.
        let changed = content.reversed() + [1, 2, 3]
        export.root.write("cells/big.f32", changed)
        let isSeen = try Deadline(seconds: 30).wait {
            let now = try connection.exchange("GET", "/cells/big.f32", accept)
            let plain = try now["Content-Encoding"] == nil ? now.body : gunzip(now.body)
            #expect(plain == content || plain == changed)
            return plain == changed
        }
        #expect(isSeen)
    }

    @Test("Without a usable cache directory, large files are sent as they are")
    func noCacheDirectory() throws {
        let content = [UInt8](repeating: 7, count: 2_000_000)
        let export = try ServedExport(["big.f32": content], arguments: ["--cache-dir", "/proc/none"])
        let connection = try export.connect()
        for _ in 0..<3 {
            let answer = try connection.exchange("GET", "/cells/big.f32", ["Accept-Encoding: gzip"])
            #expect(answer["Content-Encoding"] == nil)
            #expect(answer.body == content)
        }
        #expect(export.gateway.waitForErrorText("/proc/none"))
    }
}

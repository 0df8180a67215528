import Glibc
import TestSupport
import Testing

/// Validators and what they are good for.
struct ConditionalRequestTests {
    @Test("The entity tag is the same in every connection, worker and process")
    func tagIsStable() throws {
        let export = try ServedExport(arguments: ["--workers", "2"])
        let first = try export.connect().exchange("GET", "/cells/points_2d.bin")
        let tag = try #require(first["ETag"])
        for _ in 0..<10 {
            let again = try export.connect().exchange("GET", "/cells/points_2d.bin")
            #expect(again["ETag"] == tag)
            #expect(again["Last-Modified"] == first["Last-Modified"])
        }
        let other = try GatewayProcessUnderTest([export.root.path])
        #expect(try other.connect().exchange("GET", "/cells/points_2d.bin")["ETag"] == tag)
    }

    @Test("Different files have different tags")
    func tagsDiffer() throws {
        let export = try ServedExport(["a.bin": [1, 2, 3], "b.bin": [1, 2, 3]])
        let connection = try export.connect()
        let tags = try ["a.bin", "b.bin", "points_2d.bin"].map {
            try connection.exchange("GET", "/cells/\($0)")["ETag"]
        }
        #expect(Set(tags).count == 3)
    }

    @Test("A change of a file changes its tag and content")
    func changes() throws {
        let changes: [(name: String, size: Int, replaces: Bool)] = [
            ("a.bin", 3000, true), ("b.bin", 3000, false), ("c.bin", 200_000, true),
            ("d.bin", 200_000, false),
        ]
        let old = changes.map { ExportFixture.noise($0.size, seed: 1) }
        let new = changes.map { ExportFixture.noise($0.size, seed: 2) }
        let files = Dictionary(uniqueKeysWithValues: zip(changes.map(\.name), old))
        let export = try ServedExport(files)
        let connection = try export.connect()
        let tags = try changes.map { try connection.exchange("GET", "/cells/\($0.name)")["ETag"] ?? "" }
        // The gateway looks at a file once more when its last byte has gone; with another answer that is over.
        #expect(try connection.exchange("GET", "/_cellucid/health").status == 200)
        for (change, content) in zip(changes, new) {
            export.root.write("cells/" + (change.replaces ? ".new" : change.name), content)
            if change.replaces { rename(export.path(".new"), export.path(change.name)) }
        }
        for (index, change) in changes.enumerated() {
            let condition = ["If-None-Match: \(tags[index])"]
            let after = try Deadline(seconds: 30).firstAnswer { () throws -> RawResponse? in
                let response = try connection.exchange("GET", "/cells/\(change.name)", condition)
                #expect(response.status == 304 || response.body == new[index], "\(change)")
                return response.status == 200 ? response : nil
            }
            #expect(after?.body == new[index], "\(change)")
            #expect(after?["ETag"] != tags[index], "\(change)")
        }
    }

    @Test("A removed file becomes a 404, a new one is found")
    func removeAndAdd() throws {
        let export = try ServedExport(["data.bin": [1, 2, 3]])
        let connection = try export.connect()
        #expect(try connection.exchange("GET", "/cells/data.bin").status == 200)
        #expect(try connection.exchange("GET", "/cells/later.bin").status == 404)
        unlink(export.path("data.bin"))
        export.root.write("cells/later.bin", [4, 5, 6])
        #expect(
            try Deadline(seconds: 30).wait {
                try connection.exchange("GET", "/cells/data.bin").status == 404
            }
        )
        #expect(
            try Deadline(seconds: 30).wait {
                try connection.exchange("GET", "/cells/later.bin").body == [4, 5, 6]
            }
        )
    }

    @Test(
        "Conditions",
        arguments: [
            (["If-None-Match: TAG"], 304), (["If-None-Match: W/TAG"], 304), (["If-None-Match: *"], 304),
            (["If-None-Match: \"x\", TAG"], 304), (["If-None-Match: \"x\"", "If-None-Match: TAG"], 304),
            (["If-None-Match: \"x\""], 200), (["If-None-Match: nonsense"], 200),
            (["If-Modified-Since: DATE"], 304), (["If-Modified-Since: Thu, 01 Jan 1970 00:00:00 GMT"], 200),
            (["If-Modified-Since: nonsense"], 200),
            (["If-None-Match: \"x\"", "If-Modified-Since: DATE"], 200),
            (["If-Match: TAG"], 200), (["If-Match: *"], 200), (["If-Match: \"x\""], 412),
            (["If-Match: W/TAG"], 412), (["If-Match: \"x\"", "If-Match: TAG"], 200),
            (["If-Unmodified-Since: DATE"], 200),
            (["If-Unmodified-Since: Thu, 01 Jan 1970 00:00:00 GMT"], 412),
            (["If-Match: \"x\"", "If-None-Match: TAG"], 412), (["If-Match: TAG", "If-None-Match: TAG"], 304),
            (["If-None-Match: TAG", "Range: bytes=0-9"], 304),
            (["If-Match: \"x\"", "Range: bytes=0-9"], 412),
            (["If-Match: TAG", "Range: bytes=0-9"], 206), (["If-Range: TAG", "Range: bytes=0-9"], 206),
            (["If-Range: DATE", "Range: bytes=0-9"], 206), (["If-Range: \"x\"", "Range: bytes=0-9"], 200),
            (["If-Range: W/TAG", "Range: bytes=0-9"], 200),
            (["If-Range: \"x\"", "Range: bytes=99999999-"], 200),
        ] as [([String], Int)]
    )
    func conditions(fields: [String], status: Int) throws {
        let export = try ServedExport()
        let connection = try export.connect()
        let whole = try connection.exchange("GET", "/cells/points_2d.bin")
        let tag = try #require(whole["ETag"])
        let date = try #require(whole["Last-Modified"])
        let sent = fields.map { $0.replacing("TAG", with: tag).replacing("DATE", with: date) }
        let response = try connection.exchange("GET", "/cells/points_2d.bin", sent)
        #expect(response.status == status)
        switch status {
        case 200: #expect(response.body == whole.body)
        case 206: #expect(response.body == Array(whole.body[0..<10]))
        case 304:
            #expect(response["ETag"] == tag)
            #expect(response["Content-Type"] == nil)
            #expect(response["Content-Length"] == nil)
            for name in ["Cache-Control", "Vary", "Last-Modified", "Access-Control-Expose-Headers"] {
                #expect(response[name] == whole[name], "\(name)")
            }
        default: #expect(!response.body.isEmpty)
        }
        if !sent.contains(where: { $0.hasPrefix("Range") }) {
            let head = try connection.exchange("HEAD", "/cells/points_2d.bin", sent)
            #expect(head.status == status)
        }
        // A file that is not there has no state that could match.
        let missing = try connection.exchange("GET", "/cells/nothing", sent)
        #expect(missing.status == 404)
    }
}

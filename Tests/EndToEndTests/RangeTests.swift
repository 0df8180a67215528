import TestSupport
import Testing

/// Parts of files, from memory (small files) and from disk (large ones).
struct RangeTests {
    /// The first and last byte of the part; negative ones count from the end, -1 being the last byte.
    private static let parts: [(range: String, first: Int, last: Int)] = [
        ("bytes=0-0", 0, 0), ("bytes=0-99", 0, 99), ("bytes=500-599", 500, 599), ("bytes=999-", 999, -1),
        ("bytes=0-", 0, -1), ("bytes=-1", -1, -1), ("bytes=-1000", -1000, -1), ("bytes=-500000", 0, -1),
        ("bytes=990-500000", 990, -1), ("bytes=0-1 ", 0, 1), ("BYTES=5-6", 5, 6), ("bytes=0-1,", 0, 1),
        ("bytes=000-001", 0, 1), ("bytes=1-18446744073709551616", 1, -1), ("bytes=0-9,5-19", 0, 19),
        ("bytes=18446744073709551615-18446744073709551616,0-1", 0, 1),
    ]

    @Test("One range", arguments: [1000, 100_000], parts)
    func single(size: Int, part: (range: String, first: Int, last: Int)) throws {
        let content = ExportFixture.noise(size)
        let export = try ServedExport(["data.bin": content])
        let response = try export.connect().exchange("GET", "/cells/data.bin", ["Range: \(part.range)"])
        let first = part.first < 0 ? size + part.first : part.first
        let last = part.last < 0 ? size + part.last : part.last
        #expect(response.status == 206)
        #expect(response["Content-Range"] == "bytes \(first)-\(last)/\(size)")
        #expect(response["Content-Type"] == "application/octet-stream")
        #expect(response.body == Array(content[first...last]))
    }

    @Test(
        "What is no range gets the whole file",
        arguments: [
            "items=0-1", "bytes=9-5", "bytes=a-b", "bytes=", "bytes", "bytes=0-1-2", "bytes=--1",
            "bytes=0x1-2",
            "bytes=0-1,x", "bytes= 0-1", "bytes=5", "bytes=-", "bytes 0-9", "0-9", "bytes=+0-9",
            "bytes=1.5-9",
        ]
    )
    func noRange(range: String) throws {
        let export = try ServedExport()
        let response = try export.connect().exchange("GET", "/cells/points_2d.bin", ["Range: \(range)"])
        #expect(response.status == 200)
        #expect(response.body == export.files["points_2d.bin"])
    }

    @Test(
        "Ranges beyond the end are not satisfiable",
        arguments: [
            "bytes=1000-", "bytes=1000-1001", "bytes=-0", "bytes=99999999999999999999-", "bytes=1000-,2000-",
        ]
    )
    func unsatisfiable(range: String) throws {
        let export = try ServedExport(["data.bin": ExportFixture.noise(1000)])
        let connection = try export.connect()
        let response = try connection.exchange("GET", "/cells/data.bin", ["Range: \(range)"])
        #expect(response.status == 416)
        #expect(response["Content-Range"] == "bytes */1000")
        #expect(try connection.exchange("HEAD", "/cells/data.bin", ["Range: \(range)"]).status == 200)
    }

    @Test(
        "Several ranges come as parts",
        arguments: [1000, 100_000],
        [
            ("bytes=0-9,20-29", [0..<10, 20..<30]), ("bytes=20-29,0-9", [20..<30, 0..<10]),
            ("bytes=0-0, 500-999 ,5-5", [0..<1, 500..<1000, 5..<6]),
            ("bytes=0-9,,5000000-,20-29", [0..<10, 20..<30]),
            ("bytes=0-49,25-99,200-200", [0..<100, 200..<201]),
        ] as [(String, [Range<Int>])]
    )
    func several(size: Int, request: (String, [Range<Int>])) throws {
        let content = ExportFixture.noise(size)
        let export = try ServedExport(["data.bin": content])
        let connection = try export.connect()
        let response = try connection.exchange("GET", "/cells/data.bin", ["Range: \(request.0)"])
        #expect(response.status == 206)
        #expect(response["Content-Range"] == nil)
        #expect(response["Content-Length"] == "\(response.body.count)")
        let boundary = try #require(response.boundary)
        var expected: [UInt8] = []
        for part in request.1 {
            expected += Array((expected.isEmpty ? "" : "\r\n").utf8)
            let head = """
                --\(boundary)\r\nContent-Type: application/octet-stream\r\n\
                Content-Range: bytes \(part.lowerBound)-\(part.upperBound - 1)/\(size)\r\n\r\n
                """
            expected += Array(head.utf8) + content[part]
        }
        expected += Array("\r\n--\(boundary)--\r\n".utf8)
        #expect(response.body == expected)
    }

    @Test("Many or overlapping ranges do not make an answer larger than the file")
    func greedyRanges() throws {
        let content = ExportFixture.noise(50_000)
        let export = try ServedExport(["data.bin": content])
        let connection = try export.connect()
        let everything = Array(repeating: "0-", count: 500).joined(separator: ",")
        let backwards = (0..<16).map { "\(49_000 - $0 * 10)-49999" }.joined(separator: ",")
        let many = (0..<400).map { "\($0 * 2)-\($0 * 2)" }.joined(separator: ",")
        for list in [everything, backwards, many] {
            let response = try connection.exchange("GET", "/cells/data.bin", ["Range: bytes=\(list)"])
            #expect([200, 206].contains(response.status))
            #expect(response.body.count < 2 * content.count)
            if response.status == 200 { #expect(response.body == content) }
        }
    }

    @Test("Two Range fields are none")
    func twoFields() throws {
        let export = try ServedExport()
        let response = try export.connect().exchange(
            "GET",
            "/cells/points_2d.bin",
            ["Range: bytes=0-1", "Range: bytes=2-3"]
        )
        #expect(response.status == 200)
        #expect(response.body == export.files["points_2d.bin"])
    }
}

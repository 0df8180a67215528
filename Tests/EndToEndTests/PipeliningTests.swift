import TestSupport
import Testing

/// Several requests on one connection: none of them may be lost, doubled or mixed with another.
struct PipeliningTests {
    @Test("Fifty requests in one piece are answered in order")
    func fiftyRequests() throws {
        let gateway = try GatewayProcessUnderTest([Repository.demo])
        let connection = try gateway.connect()
        let tag = try #require(connection.exchange("GET", "/pbmc_q16/points_2d.bin")["ETag"])
        let kinds: [(method: String, target: String, fields: [String])] = [
            ("GET", "/pbmc_q16/dataset_identity.json", []),
            ("HEAD", "/pbmc_q16/points_2d.bin", []),
            ("GET", "/pbmc_q16/nothing", []),
            ("GET", "/pbmc_q16/points_2d.bin", ["If-None-Match: \(tag)"]),
            ("GET", "/pbmc_q16/points_2d.bin", ["Range: bytes=100-1099"]),
            ("GET", "/pbmc_gzip/points_3d.bin.gz", []),
            ("GET", "/pbmc_q16/obs_manifest.json", ["Accept-Encoding: gzip"]),
            ("POST", "/_cellucid/health", []),
            ("HEAD", "/nothing", []),
            ("GET", "/_cellucid/datasets", []),
        ]
        // Each kind asked alone says what is right.
        let alone = try kinds.map { try connection.exchange($0.method, $0.target, $0.fields).lasting }
        let order = (0..<50).map { ($0 * 7 + $0 / 10) % kinds.count }
        let text = order.map { connection.request(kinds[$0].method, kinds[$0].target, kinds[$0].fields) }
        try connection.send(text.joined())
        for (position, kind) in order.enumerated() {
            let answer = try connection.readResponse(to: kinds[kind].method).lasting
            #expect(answer == alone[kind], "request \(position), \(kinds[kind].target)")
        }
        #expect(connection.pending.isEmpty)
    }

    @Test("Large answers follow each other whole")
    func largeAnswers() throws {
        let folder = TemporaryDirectory()
        ExportFixture().write("cells", in: folder)
        let contents = (1...3).map { ExportFixture.noise(700_000 + $0, seed: UInt64($0)) }
        for (index, content) in contents.enumerated() { folder.write("cells/\(index).bin", content) }
        let gateway = try GatewayProcessUnderTest([folder.path])
        let connection = try gateway.connect()
        let order = [0, 1, 2, 1, 0, 2]
        try connection.send(order.map { connection.request("GET", "/cells/\($0).bin") }.joined())
        for index in order {
            let answer = try connection.readResponse()
            #expect(answer.status == 200)
            #expect(answer.body == contents[index])
        }
    }

    @Test(
        "A body that nobody wants does not become the next request",
        arguments: ["GET", "HEAD", "POST", "PUT", "OPTIONS"],
        [
            ("Content-Length: 59", "GET /smuggled HTTP/1.1\r\nHost: localhost\r\nX-Filler: 1234\r\n\r\n"),
            ("Transfer-Encoding: chunked", "1a\r\nGET /smuggled HTTP/1.1\r\nX:\r\n0\r\n\r\n"),
            ("Transfer-Encoding: chunked", "0\r\nGET: /smuggled HTTP/1.1\r\n\r\n"),
        ]
    )
    func unwantedBody(method: String, body: (String, String)) throws {
        let gateway = try GatewayProcessUnderTest([Repository.demo])
        let connection = try gateway.connect()
        let first = connection.request(method, "/_cellucid/health", [body.0]) + body.1
        let second = connection.request("GET", "/pbmc_q16/dataset_identity.json")
        try connection.send(first + second + first + second)
        for _ in 0..<2 {
            let answer = try connection.readResponse(to: method)
            #expect([200, 204, 405].contains(answer.status), "\(answer.lasting)")
            let next = try connection.readResponse()
            #expect(next.status == 200)
            #expect(next.body == readFile(Repository.demo + "/pbmc_q16/dataset_identity.json"))
        }
        #expect(connection.pending.isEmpty)
    }

    @Test(
        "A body that is not too large is read away, and the connection lives",
        arguments: [1, 5000, 200_000]
    )
    func smallUnwantedBody(size: Int) throws {
        let gateway = try GatewayProcessUnderTest([Repository.demo])
        let connection = try gateway.connect()
        for _ in 0..<3 {
            try connection.send("POST", "/_cellucid/health", ["Content-Length: \(size)"])
            try connection.send([UInt8](repeating: 0x41, count: size))
            let answer = try connection.readResponse()
            #expect(answer.status == 405)
            #expect(answer["Connection"] == nil)
        }
        let next = try connection.exchange("GET", "/_cellucid/health")
        #expect(next.status == 200)
    }

    @Test("A body that is too large is not waited for")
    func largeUnwantedBody() throws {
        let gateway = try GatewayProcessUnderTest([Repository.demo])
        let connection = try gateway.connect()
        try connection.send("POST", "/_cellucid/health", ["Content-Length: 100000000"])
        try connection.send([UInt8](repeating: 0x41, count: 10_000))
        let answer = try connection.readResponse()
        #expect(answer.status == 405)
        #expect(answer["Connection"] == "close")
        #expect(try connection.endsWithoutMore())
    }

    @Test("A client that sends a large body without looking can read the answer afterwards")
    func largeUnwantedBodySentWhole() throws {
        let gateway = try GatewayProcessUnderTest([Repository.demo])
        let connection = try gateway.connect()
        try connection.send("POST", "/_cellucid/health", ["Content-Length: 4000000"])
        do {
            for _ in 0..<40 { try connection.send([UInt8](repeating: 0x41, count: 100_000)) }
        } catch RawConnection.Failure.reset {
            // The gateway had taken as much as it was willing to.
        }
        let answer = try connection.readResponse()
        #expect(answer.status == 405)
    }

    @Test("Chunks without end are not read for ever")
    func endlessChunks() throws {
        let gateway = try GatewayProcessUnderTest([Repository.demo])
        let connection = try gateway.connect()
        try connection.send("POST", "/_cellucid/health", ["Transfer-Encoding: chunked"])
        let answer = try connection.readResponse()
        #expect(answer.status == 405)
        let chunk = Array("1000\r\n".utf8) + [UInt8](repeating: 0x41, count: 0x1000) + [0x0d, 0x0a]
        #expect(throws: RawConnection.Failure.reset) {
            while true { try connection.send(chunk) }
        }
    }

    @Test("Nothing after a broken request is answered")
    func requestAfterBrokenOne() throws {
        let gateway = try GatewayProcessUnderTest([Repository.demo])
        let connection = try gateway.connect()
        let good = connection.request("GET", "/_cellucid/health")
        try connection.send(good + "GET /_cellucid/health\r\n\r\n" + good + good)
        #expect(try connection.readResponse().status == 200)
        let refusal = try connection.readResponse()
        #expect(refusal.status == 400)
        #expect(refusal["Connection"] == "close")
        #expect(try connection.endsWithoutMore())
    }

    @Test("Nothing after a request that says close is answered")
    func requestAfterClose() throws {
        let gateway = try GatewayProcessUnderTest([Repository.demo])
        let connection = try gateway.connect()
        let last = connection.request("GET", "/_cellucid/health", ["Connection: close"])
        try connection.send(last + connection.request("GET", "/_cellucid/info"))
        let answer = try connection.readResponse()
        #expect(answer.text.contains("\"status\""))
        #expect(try connection.endsWithoutMore())
    }

    @Test("A client that ends its side still gets every answer")
    func halfClose() throws {
        let gateway = try GatewayProcessUnderTest([Repository.demo])
        let connection = try gateway.connect()
        let request = connection.request("GET", "/pbmc_q16/points_2d.bin")
        try connection.send(request + request + request)
        connection.finishSending()
        for _ in 0..<3 {
            #expect(
                try connection.readResponse().body == readFile(Repository.demo + "/pbmc_q16/points_2d.bin")
            )
        }
        #expect(try connection.endsWithoutMore())
    }

    @Test("Answers to HEAD have no body, and the length that GET has")
    func headHasNoBody() throws {
        let gateway = try GatewayProcessUnderTest([Repository.demo])
        let connection = try gateway.connect()
        let targets = [
            "/", "/_gateway/", "/_gateway/datasets", "/_cellucid/health", "/_cellucid/datasets", "/nothing",
            "/pbmc_q16", "/pbmc_q16/", "/pbmc_q16/points_2d.bin", "/pbmc_q16/obs_manifest.json",
            "/pbmc_q16/_cellucid/datasets", "/pbmc_gzip/points_2d.bin.gz", "/datasets.json",
        ]
        for target in targets {
            for fields in [[], ["Accept-Encoding: gzip"], ["If-Match: \"none\""], ["Range: bytes=0-1"]] {
                let head = try connection.exchange("HEAD", target, fields)
                // A body would be taken for the head of the next answer, which fails.
                var get = try connection.exchange("GET", target, fields)
                if get.status == 206 { get = try connection.exchange("GET", target) }
                #expect(head.status == get.status, "\(target) \(fields)")
                #expect(head["Content-Type"] == get["Content-Type"], "\(target) \(fields)")
                // The gateway's own pages are made anew each time and may just have learned something.
                if target.hasPrefix("/_gateway/") { continue }
                #expect(head["Content-Length"] == get["Content-Length"], "\(target) \(fields)")
            }
        }
    }

    @Test("A client that goes away in the middle harms nobody")
    func resets() throws {
        let gateway = try GatewayProcessUnderTest([Repository.demo])
        for length in [0, 1, 20, 60] {
            let connection = try gateway.connect()
            try connection.send(connection.request("GET", "/pbmc_q16/points_2d.bin").prefix(length).utf8)
            connection.reset()
        }
        for _ in 0..<20 {
            let connection = try gateway.connect()
            try connection.send("GET", "/pbmc_gzip/obs_manifest.json")
            connection.reset()
        }
        #expect(try gateway.connect().exchange("GET", "/_cellucid/health").status == 200)
        #expect(!gateway.hasEnded)
    }
}

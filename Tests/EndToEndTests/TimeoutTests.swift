import Glibc
import TestSupport
import Testing

/// Clients that keep the gateway waiting.
///
/// The times are short for the gateway and long for the tests: nothing here depends on how fast anything is.
struct TimeoutTests {
    @Test("Half a request gets 408")
    func halfRequest() throws {
        let gateway = try GatewayProcessUnderTest([Repository.demo, "--header-seconds", "1"])
        let halves = [
            "G", "GET /_cellucid/health HTTP/1.1",
            "GET /_cellucid/health HTTP/1.1\r\nHost: localhost\r\nX-Te",
            "GET /_cellucid/health HTTP/1.1\r\nHost: localhost\r\n\r",
        ]
        let connections = try halves.map { half in
            let connection = try gateway.connect()
            // The first request is whole: the time of the second counts from its own first byte.
            #expect(try connection.exchange("GET", "/_cellucid/health").status == 200)
            try connection.send(half)
            return connection
        }
        for connection in connections {
            let response = try connection.readResponse()
            #expect(response.status == 408)
            #expect(response["Connection"] == "close")
            #expect(try connection.endsWithoutMore())
        }
    }

    @Test("A request that drips in byte by byte does not outlive the time for a head")
    func drip() throws {
        let gateway = try GatewayProcessUnderTest([
            Repository.demo, "--header-seconds", "1", "--idle-seconds", "1",
        ])
        let response = try Deadline(seconds: 60).firstSuccess {
            let connection = try gateway.connect()
            try connection.send("GET /_cellucid/health HTTP/1.1\r\nHost: localhost\r\n")
            let deadline = Deadline(seconds: 60)
            // A byte each 20 ms keeps the connection busy all the time; 60 s of it are far below the limit of a head.
            let isRefused = deadline.wait {
                usleep(20_000)
                do {
                    try connection.send("X: y\r\n".utf8.prefix(1))
                    return false
                } catch {
                    return true
                }
            }
            #expect(isRefused)
            return try connection.readResponse()
        }
        #expect(response.status == 408 || response.status == 400)
    }

    @Test("An idle connection is closed without a word")
    func idle() throws {
        let gateway = try GatewayProcessUnderTest([Repository.demo, "--idle-seconds", "1"])
        let connections = try (0..<3).map { requests in
            try Deadline(seconds: 60).firstSuccess {
                let connection = try gateway.connect()
                for _ in 0..<requests {
                    #expect(try connection.exchange("GET", "/pbmc_q16/points_2d.bin").status == 200)
                }
                return connection
            }
        }
        for connection in connections { #expect(try connection.endsWithoutMore()) }
    }

    @Test("Line ends between requests are no request")
    func strayLineEnd() throws {
        let gateway = try GatewayProcessUnderTest([
            Repository.demo, "--idle-seconds", "1", "--header-seconds", "1",
        ])
        let connection = try Deadline(seconds: 60).firstSuccess {
            let connection = try gateway.connect()
            #expect(try connection.exchange("GET", "/_cellucid/health").status == 200)
            try connection.send("\r\n")
            return connection
        }
        #expect(try connection.endsWithoutMore())
    }

    @Test("A body that does not come is not waited for")
    func missingBody() throws {
        let gateway = try GatewayProcessUnderTest([Repository.demo, "--stall-seconds", "1"])
        let connection = try gateway.connect()
        try connection.send("POST", "/_cellucid/health", ["Content-Length: 1000"])
        try connection.send("only this")
        #expect(try connection.readResponse().status == 405)
        #expect(try connection.endsWithoutMore())
    }

    @Test("A client that takes nothing is given up")
    func stalledReader() throws {
        let content = ExportFixture.noise(8 * 1024 * 1024)
        let export = try ServedExport(
            ["large.bin": content],
            arguments: ["--stall-seconds", "1", "--access-log"]
        )
        let connection = try export.connect(receiveBuffer: 4096)
        try connection.send("GET", "/cells/large.bin")
        #expect(try connection.readHead().status == 200)
        // The line in the log is written when the answer is over, whole or not.
        #expect(export.gateway.waitForErrorText("/cells/large.bin"))
        #expect(try connection.readToEndOrReset().count < content.count)
    }

    @Test("A slow client that makes progress is not given up")
    func slowReader() throws {
        let content = ExportFixture.noise(8 * 1024 * 1024)
        let export = try ServedExport(["large.bin": content], arguments: ["--stall-seconds", "1"])
        // A client that gets no processor for a second makes no progress; but that is not so each time.
        let isWhole = Deadline(seconds: 120).wait { (try? readSlowly(export)) == content }
        #expect(isWhole)
    }
    /// What comes of the large file to a client that reads some hundred kilobytes a second for a while.
    private func readSlowly(_ export: ServedExport) throws -> [UInt8] {
        let connection = try export.connect(receiveBuffer: 8192)
        try connection.send("GET", "/cells/large.bin")
        let head = try connection.readHead()
        #expect(head.status == 200)
        let count = try #require(Int(head["Content-Length"] ?? ""))
        // A full send buffer takes nothing for seconds although the client reads.
        var received: [UInt8] = []
        let end = ContinuousClock.now + .milliseconds(2500)
        while received.count < count {
            let piece = try connection.readSome()
            if piece.isEmpty { break }
            received += piece
            // The pace is slow for longer than the limit, yet far above the least that is asked for.
            if ContinuousClock.now < end { usleep(10_000) }
        }
        return received
    }
}

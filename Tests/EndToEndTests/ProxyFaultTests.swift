import Glibc
import TestSupport
import Testing

/// Upstreams that answer wrongly, and what others notice of it: nothing.
struct ProxyFaultTests {
    /// An upstream's answer to a request, and the status that clients get instead; 504 if the upstream stalls.
    struct Fault: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let steps: [ScriptedUpstream.Step]
        let status: Int

        init(_ name: String, _ steps: [ScriptedUpstream.Step], _ status: Int = 502) {
            testDescription = name
            self.steps = steps
            self.status = status
        }
    }

    private static let head = "HTTP/1.1 200 OK\r\nContent-Type: application/octet-stream\r\n"

    /// Faults that show before an answer's body.
    static let early = [
        Fault("closes before any byte", [.close]),
        Fault("resets before any byte", [.reset]),
        Fault("closes in the status line", [.send("HTTP/1."), .close]),
        Fault("closes in the head", [.send("HTTP/1.1 200 OK\r\nContent-Le"), .close]),
        Fault("resets in the head", [.send("HTTP/1.1 200 OK\r\nContent-Le"), .reset]),
        Fault("closes before the empty line", [.send(head), .close]),
        Fault("sends garbage", [.send("\u{0}\u{1}\u{ff}\u{fe} what is this\r\n\r\n"), .close]),
        Fault("sends another protocol", [.send("220 mail.example ESMTP ready\r\n\r\n"), .wait]),
        Fault("sends a body only", [.send("<html>\r\n\r\n</html>"), .close]),
        Fault("has another major version", [.send("HTTP/2.0 200 OK\r\nContent-Length: 0\r\n\r\n"), .close]),
        Fault("has a status of two digits", [.send("HTTP/1.1 99 X\r\nContent-Length: 0\r\n\r\n"), .close]),
        Fault(
            "has a status of four digits",
            [.send("HTTP/1.1 2000 X\r\nContent-Length: 0\r\n\r\n"), .close]
        ),
        Fault("has bare line feeds", [.send("HTTP/1.1 200 OK\nContent-Length: 0\n\n"), .close]),
        Fault("folds a line", [.send("\(head)X: a\r\n b\r\nContent-Length: 0\r\n\r\n"), .close]),
        Fault("has a line without colon", [.send("\(head)nothing\r\nContent-Length: 0\r\n\r\n"), .close]),
        Fault("has NUL in a field", [.send("\(head)X: a\u{0}b\r\nContent-Length: 0\r\n\r\n"), .close]),
        Fault(
            "has CR in a field",
            [.send("\(head)X: a\rSet-Cookie: b\r\nContent-Length: 0\r\n\r\n"), .close]
        ),
        Fault(
            "has two lengths",
            [.send("\(head)Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello!"), .close]
        ),
        Fault("has a length in words", [.send("\(head)Content-Length: five\r\n\r\nhello"), .close]),
        Fault("has a negative length", [.send("\(head)Content-Length: -1\r\n\r\n"), .close]),
        Fault(
            "has a length beyond all numbers",
            [.send("\(head)Content-Length: 99999999999999999999999\r\n\r\n"), .close]
        ),
        Fault(
            "has a length and chunks",
            [.send("\(head)Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"), .close]
        ),
        Fault(
            "has an unknown coding",
            [.send("\(head)Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n"), .close]
        ),
        Fault(
            "has chunks in HTTP/1.0",
            [.send("HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"), .close]
        ),
        Fault("has an endless line", [.send("HTTP/1.1 200 OK\r\nX: "), .sendTimes(64, filler), .wait]),
        Fault(
            "has endless fields",
            [.send("HTTP/1.1 200 OK\r\n"), .sendTimes(2000, "X-Field: value\r\n"), .wait]
        ),
        Fault("switches protocols unasked", [.send("HTTP/1.1 101 Switching\r\nUpgrade: x\r\n\r\n"), .wait]),
        Fault("floods interim answers", [.sendTimes(200_000, "HTTP/1.1 103 Early Hints\r\n\r\n"), .wait]),
        Fault("floods 100 Continue", [.sendTimes(200_000, "HTTP/1.1 100 Continue\r\n\r\n"), .wait]),
        Fault("never answers", [.wait], 504),
        Fault("stops in the head", [.send("HTTP/1.1 200 OK\r\nContent-Le"), .wait], 504),
        Fault("drips the head", [.drip("HTTP/1.1 200 OK\r\nX: \(filler)", milliseconds: 100)], 504),
        Fault("stops after an interim answer", [.send("HTTP/1.1 103 Early Hints\r\n\r\n"), .wait], 504),
    ]

    /// Faults that show when the head of the answer may have been passed on.
    static let late = [
        Fault("closes before the end", [.send("\(head)Content-Length: 100000\r\n\r\nshort"), .close]),
        Fault("resets before the end", [.send("\(head)Content-Length: 100000\r\n\r\nshort"), .reset]),
        Fault(
            "closes one byte before the end of much",
            [.send("\(head)Content-Length: 1000000\r\n\r\n"), .fill(999_999), .close]
        ),
        Fault("stops before the end", [.send("\(head)Content-Length: 100000\r\n\r\nshort"), .wait], 504),
        Fault(
            "stops in the middle of much",
            [.send("\(head)Content-Length: 1000000\r\n\r\n"), .fill(500_000), .wait],
            504
        ),
        Fault(
            "has no last chunk",
            [.send("\(head)Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n"), .close]
        ),
        Fault("ends in a chunk", [.send("\(head)Transfer-Encoding: chunked\r\n\r\n5\r\nhel"), .close]),
        Fault(
            "ends in a chunk size",
            [.send("\(head)Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n1"), .close]
        ),
        Fault(
            "ends after the last chunk's line",
            [.send("\(head)Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n"), .close]
        ),
        Fault(
            "has a chunk size in words",
            [.send("\(head)Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\nmore\r\n"), .wait]
        ),
        Fault(
            "has a chunk longer than its size",
            [.send("\(head)Transfer-Encoding: chunked\r\n\r\n5\r\nhello again\r\n0\r\n\r\n"), .wait]
        ),
        Fault(
            "has a chunk size beyond all numbers",
            [.send("\(head)Transfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\nhello\r\n"), .wait]
        ),
        Fault("stops in a chunk", [.send("\(head)Transfer-Encoding: chunked\r\n\r\n5\r\nhel"), .wait], 504),
        Fault(
            "resets without a length",
            [.send("HTTP/1.0 200 OK\r\n\r\nhello"), .pause(milliseconds: 200), .reset]
        ),
        Fault(
            "resets in the middle of much",
            [.send("\(head)Content-Length: 3000000\r\n\r\n"), .fill(2_000_000), .reset]
        ),
    ]

    private static let filler = String(repeating: "x", count: 8192)

    @Test("A wrong answer is a sentence for the client, and nobody else notices", arguments: early)
    func beforeBody(fault: Fault) throws {
        let (upstream, fixture) = try proxy(fault)
        let client = try fixture.connect()
        let response = try client.exchange("GET", "/up/fault")
        #expect(response.status == fault.status)
        #expect(response.isSentence, "\(response.text)")
        #expect(response.cacheDirectives == ["no-store"])
        // The connection of the client goes on.
        #expect(try client.exchange("GET", "/cells/points_2d.bin").status == 200)
        try expectHealth(fixture, upstream)
    }

    @Test("A wrong answer to HEAD or POST is a sentence too", arguments: ["HEAD", "POST"])
    func otherMethods(method: String) throws {
        for fault in Self.early where ["sends garbage", "never answers"].contains(fault.testDescription) {
            let (upstream, fixture) = try proxy(fault)
            let client = try fixture.connect()
            try client.send(method, "/up/fault", method == "POST" ? ["Content-Length: 4"] : [])
            if method == "POST" { try client.send("body") }
            #expect(try client.readResponse(to: method).status == fault.status)
            // It may have been done already: nothing that changes anything is sent twice.
            if method == "POST" { #expect(upstream.requests("/fault").count == 1) }
            #expect(try client.exchange("GET", "/cells/points_2d.bin").status == 200)
            try expectHealth(fixture, upstream)
        }
    }

    @Test("An answer that breaks off is never taken for a whole one", arguments: late)
    func inBody(fault: Fault) throws {
        let (upstream, fixture) = try proxy(fault)
        let client = try fixture.connect()
        try client.send("GET", "/up/fault")
        do {
            let response = try client.readResponse()
            #expect([502, 504].contains(response.status), "a whole answer of \(response.body.count) bytes")
            #expect(response.isSentence)
        } catch {
            // The head was passed on, and what follows ends too early.
            switch error {
            case .ended, .reset: break
            default: throw error
            }
        }
        try expectHealth(fixture, upstream)
    }

    @Test(
        "What an older server breaks off is a sentence: it is taken whole before any of it goes on",
        arguments: early + late
    )
    func olderServer(fault: Fault) throws {
        let (upstream, fixture) = try proxy(fault, of: .first)
        let client = try fixture.connect()
        let response = try client.exchange("GET", "/up/fault")
        #expect([502, 504].contains(response.status), "a whole answer of \(response.body.count) bytes")
        #expect(response.isSentence)
        #expect(try client.exchange("GET", "/cells/points_2d.bin").status == 200)
        try expectHealth(fixture, upstream)
        #expect(upstream.mostOpen == 1)
    }

    @Test(
        "An answer that breaks off resets its stream",
        .enabled(if: CurlClient.isAvailable),
        arguments: late.prefix(4)
    )
    func inBodyOverHTTP2(fault: Fault) throws {
        let (upstream, fixture) = try proxy(fault, flags: ["--h2c"])
        let origin = "http://127.0.0.1:\(fixture.gateway.port)"
        let curl = CurlClient(origin: origin, version: .http2PriorKnowledge)
        let answer = try curl.ask("/up/fault")
        #expect(!answer.error.isEmpty || [502, 504].contains(answer.status))
        try expectHealth(fixture, upstream)
    }

    private static let large = String(repeating: "0123456789", count: 30_000)

    /// What an upstream sends after an answer, and the statuses of the answer; nothing of it may reach anybody.
    private static let surplus: [Named<(method: String, answer: String)>] = [
        .init("a longer body", ("GET", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello")),
        .init("a longer large body", ("GET", "HTTP/1.1 200 OK\r\nContent-Length: 300000\r\n\r\n\(large)")),
        .init("a body of 204", ("GET", "HTTP/1.1 204 No Content\r\n\r\n")),
        .init("a body of 304", ("GET", "HTTP/1.1 304 Not Modified\r\nETag: \"x\"\r\n\r\n")),
        .init("a body of HEAD", ("HEAD", "HTTP/1.1 200 OK\r\nContent-Length: 64\r\n\r\n")),
        .init(
            "something after the last chunk",
            ("GET", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n")
        ),
    ]

    @Test("What is left after an answer never becomes the answer to another request", arguments: surplus)
    func poison(sample: Named<(method: String, answer: String)>) throws {
        let (method, answer) = sample.value
        let poison = "HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\npoison"
        let upstream = try ScriptedUpstream(
            .third,
            [
                .init("/fault", [.send(answer + poison)]),
                .init("/next", [.send("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nnext")]),
            ]
        )
        let fixture = try ProxyFixture(upstream, arguments: ["--workers", "1"])
        let client = try fixture.connect()
        for _ in 0..<5 {
            let response = try client.exchange(method, "/up/fault")
            #expect(response.statusLine.hasPrefix(answer.prefix(12)))
            let isKnown = ["", "hello", Self.large].contains(response.text)
            #expect(isKnown)
            #expect(try client.exchange("GET", "/up/next").text == "next")
        }
    }

    @Test("One fault after the other, at the same gateway and upstream")
    func allInTurn() throws {
        let faults = Self.early + Self.late
        let rules = faults.indices.map { ScriptedUpstream.Rule("/fault/\($0)", faults[$0].steps) }
        let upstream = try ScriptedUpstream(.third, rules)
        let other = try ScriptedUpstream(.first, id: "other")
        let fixture = try ProxyFixture(
            ["up": upstream.url, "other": other.url],
            arguments: ProxyFixture.impatience
        )
        try fixture.waitUntilKnown(upstream)
        try fixture.waitUntilKnown(other)
        let clients = try faults.indices.map { index in
            let client = try fixture.connect()
            try client.send("GET", "/up/fault/\(index)")
            return client
        }
        let health = try fixture.connect()
        for _ in 0..<20 {
            // An upstream that gets no processor for a second has not answered in time either.
            #expect(fixture.wait(for: 200, "/other/_cellucid/info"))
            #expect(try health.exchange("GET", "/cells/points_2d.bin").status == 200)
        }
        for client in clients { _ = try? client.readResponse() }
        #expect(!fixture.gateway.hasEnded)
        try expectHealth(fixture, upstream)
    }

    @Test("Interim answers are no answers", arguments: ["100 Continue", "102 Processing", "103 Early Hints"])
    func interim(status: String) throws {
        let upstream = try ScriptedUpstream(
            .third,
            [
                .init(
                    "/late",
                    [
                        .sendTimes(3, "HTTP/1.1 \(status)\r\nLink: </x>\r\n\r\n"),
                        .send("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"),
                    ]
                )
            ]
        )
        let fixture = try ProxyFixture(upstream)
        let client = try fixture.connect()
        try client.send("GET", "/up/late")
        var response = try client.readResponse()
        // They may be passed on (RFC 9110 section 15.2), but not 100, which nobody asked for.
        while (102..<200).contains(response.status) { response = try client.readResponse() }
        #expect(response.status == 200)
        #expect(response.text == "hello")
    }

    @Test(
        "Interim answers do not stop the body of a request",
        arguments: ["100 Continue", "103 Early Hints"],
        [ScriptedUpstream.Generation.first, .third]
    )
    func interimWithinBody(status: String, generation: ScriptedUpstream.Generation) throws {
        let interim = "HTTP/1.1 \(status)\r\n\r\n"
        let upstream = try ScriptedUpstream(
            generation,
            [
                .init(
                    "/early",
                    [
                        .send(interim), .pause(milliseconds: 100), .send(interim + interim), .receiveBody,
                        .send("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"),
                    ],
                    isEarly: true
                )
            ]
        )
        let fixture = try ProxyFixture(upstream)
        let body = String(repeating: "0123456789", count: 600_000)
        let response = try fixture.post("/up/early", body)
        #expect(response.status == 200)
        #expect(response.text == "hello")
        #expect(upstream.requests("/early").map { $0.body?.length } == [body.utf8.count])
    }

    @Test("An upstream that drips its body is slow, not wrong")
    func drip() throws {
        let text = String(repeating: "0123456789", count: 3)
        let upstream = try ScriptedUpstream(
            .third,
            [
                .init(
                    "/drip",
                    [
                        .send("HTTP/1.1 200 OK\r\nContent-Length: \(text.utf8.count)\r\n\r\n"),
                        .drip(text, milliseconds: 100),
                    ]
                )
            ]
        )
        let fixture = try ProxyFixture(upstream, arguments: ProxyFixture.impatience)
        // One that gets no processor for a second has stalled; but that is not so each time.
        let isWhole = Deadline(seconds: 120).wait { (try? fixture.ask("/up/drip"))?.text == text }
        #expect(isWhole)
    }

    @Test("A server that does not speak TLS, or is none, is said so")
    func notThere() throws {
        let plain = try ScriptedUpstream(.third)
        let gone = try ScriptedUpstream(.third)
        let fixture = try ProxyFixture(
            [
                "plain": "https://\(plain.authority)", "gone": gone.url,
                "file": "unix:\(gone.socketPath)", "name": "http://nowhere.invalid:8765",
            ],
            arguments: ProxyFixture.impatience
        )
        gone.stop()
        for mount in ["plain", "gone", "file", "name"] {
            let response = try fixture.ask("/\(mount)/x")
            #expect([502, 503, 504].contains(response.status), "\(mount)")
            #expect(response.isSentence, "\(mount): \(response.text)")
        }
        #expect(try fixture.ask("/cells/points_2d.bin").status == 200)
    }

    /// An upstream that does a fault for requests to `/fault`, and a gateway before it: an impatient one if the fault is
    /// to stall, so that nothing else is taken for that.
    private func proxy(
        _ fault: Fault,
        of generation: ScriptedUpstream.Generation = .third,
        flags: [String] = []
    ) throws -> (ScriptedUpstream, ProxyFixture) {
        let upstream = try ScriptedUpstream(generation, [.init("/fault", fault.steps)])
        let times = fault.status == 504 ? ProxyFixture.impatience : ProxyFixture.patience
        return (upstream, try ProxyFixture(upstream, arguments: times + flags))
    }

    /// Expects that the upstream is asked again and everything else is served.
    private func expectHealth(_ fixture: ProxyFixture, _ upstream: ScriptedUpstream) throws {
        #expect(try fixture.ask("/cells/points_2d.bin").status == 200)
        upstream.behave([.init("/well", [.send("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nwell")])])
        // The upstream may count as dead for a moment.
        let isWell = Deadline(seconds: 60).wait {
            guard let response = try? fixture.ask("/up/well") else { return false }
            return response.status == 200 && response.text == "well"
        }
        #expect(isWell)
        #expect(!fixture.gateway.hasEnded)
    }
}

import Glibc
import TestSupport
import Testing

/// Servers that serve one connection at a time and wait for ever for one that is silent.
struct ProxySerialTests {
    private static let generations = [ScriptedUpstream.Generation.first, .second]

    @Test("There is never more than one connection, and none that is idle", arguments: generations)
    func oneAtATime(generation: ScriptedUpstream.Generation) throws {
        let answer = "HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok"
        let upstream = try ScriptedUpstream(
            generation,
            [.init("/slow*", [.pause(milliseconds: 5), .send(answer)])]
        )
        let fixture = try ProxyFixture(upstream, arguments: ["--workers", "2"])
        let clients = try (0..<40).map { _ in try fixture.connect() }
        for round in 0..<3 {
            for (index, client) in clients.enumerated() {
                if index % 4 == 3 {
                    try client.send("POST", "/up/slow?\(round)", ["Content-Length: 4"])
                    try client.send("body")
                } else {
                    try client.send("GET", "/up/slow?\(round)")
                }
            }
            for client in clients { #expect(try client.readResponse().text == "ok") }
        }
        #expect(upstream.requests.filter { $0.target.hasPrefix("/slow") }.count == 120)
        #expect(upstream.mostOpen == 1)
        #expect(Deadline(seconds: 60).wait { upstream.openCount == 0 })
        // No connection has brought more than a request.
        #expect(upstream.endings.allSatisfy { $0.rest.isEmpty })
    }

    @Test("Half a body waits at the gateway, and nobody else waits", arguments: generations)
    func halfBody(generation: ScriptedUpstream.Generation) throws {
        let upstream = try ScriptedUpstream(generation)
        let fixture = try ProxyFixture(upstream)
        #expect(try fixture.ask("/up/_cellucid/info").status == 200)
        let targets = ["/echo", "/_cellucid/events", "/_cellucid/session_bundle?viewerId=v&requestId=r"]
        let body = #"{"viewerId":"v","type":"hover"}"# + String(repeating: " ", count: 200_000)
        for target in targets {
            let halves = try (0..<2).map { index in
                let client = try fixture.connect()
                let type =
                    target.contains("bundle") ? "application/octet-stream" : "application/json"
                try client.send(
                    "POST",
                    "/up" + target,
                    ["Content-Type: \(type)"]
                        + [index == 0 ? "Content-Length: \(body.utf8.count)" : "Transfer-Encoding: chunked"]
                )
                if index == 1 { try client.send(String(body.utf8.count, radix: 16) + "\r\n") }
                try client.send(body.utf8.prefix(100_000))
                return client
            }
            for _ in 0..<20 { #expect(try fixture.ask("/up/_cellucid/info").status == 200) }
            #expect(upstream.requests(target).isEmpty)
            for (index, client) in halves.enumerated() {
                try client.send(body.utf8.dropFirst(100_000))
                if index == 1 { try client.send("\r\n0\r\n\r\n") }
                let response = try client.readResponse()
                // A bundle needs a length (contract 1.8).
                if index == 1, target.contains("bundle"), response.status == 411 { continue }
                #expect(response.status == 200, "\(target): \(response.text)")
                let request = try #require(upstream.requests(target).last)
                #expect(request.body?.framing == "length")
                #expect(request.body?.length == body.utf8.count)
                #expect(request.values("transfer-encoding").isEmpty)
            }
        }
        #expect(upstream.mostOpen == 1)
    }

    @Test("A client that goes away with half a body has asked for nothing", arguments: generations)
    func goneWithHalfBody(generation: ScriptedUpstream.Generation) throws {
        let upstream = try ScriptedUpstream(generation)
        let fixture = try ProxyFixture(upstream)
        for target in ["/echo", "/_cellucid/events"] {
            let client = try fixture.connect()
            try client.send(
                "POST",
                "/up" + target,
                ["Content-Length: 1000", "Content-Type: application/json"]
            )
            try client.send("only this")
            client.reset()
        }
        #expect(try fixture.ask("/up/_cellucid/info").status == 200)
        #expect(upstream.requests.allSatisfy { $0.method == "GET" })
    }

    @Test("The line of waiting requests is not endless, and moves on", arguments: generations)
    func queue(generation: ScriptedUpstream.Generation) throws {
        let upstream = try ScriptedUpstream(
            generation,
            [
                .init("/stuck", [.wait]),
                .init("/next*", [.send("HTTP/1.0 200 OK\r\nContent-Length: 4\r\n\r\nnext")]),
            ]
        )
        let fixture = try ProxyFixture(upstream, arguments: ["--workers", "1"])
        let stuck = try fixture.connect()
        try stuck.send("GET", "/up/stuck")
        #expect(upstream.waitForRequest("/stuck") != nil)
        let clients = try (0..<700).map { index in
            let client = try fixture.connect()
            try client.send("GET", "/up/next?\(index)")
            return client
        }
        // Those that find no place are told so at once, while the first one is still stuck.
        let refused = try clients[699].readResponse()
        #expect(refused.status == 503)
        #expect(refused.isSentence)
        // Others are not concerned.
        #expect(try fixture.ask("/cells/points_2d.bin").status == 200)
        stuck.reset()
        var statuses: [Int: Int] = [503: 1]
        for client in clients.dropLast() { statuses[try client.readResponse().status, default: 0] += 1 }
        #expect(Set(statuses.keys) == [200, 503])
        #expect(upstream.mostOpen == 1)
        #expect(try fixture.ask("/up/next?").text == "next")
    }

    @Test("Health is known while the server is busy", arguments: generations)
    func healthWhileBusy(generation: ScriptedUpstream.Generation) throws {
        let upstream = try ScriptedUpstream(generation, [.init("/stuck", [.wait])])
        let fixture = try ProxyFixture(upstream)
        let health = try fixture.ask("/up/_cellucid/health").text
        let stuck = try fixture.connect()
        try stuck.send("GET", "/up/stuck")
        #expect(upstream.waitForRequest("/stuck") != nil)
        for _ in 0..<10 {
            let response = try fixture.ask("/up/_cellucid/health")
            #expect(response.status == 200)
            #expect(response.text == health)
        }
        #expect(upstream.openCount == 1)
        // Busy is not dead.
        let isListed = Deadline(seconds: 30).wait {
            (try? fixture.ask("/_cellucid/datasets").text.contains("\"/up/\"")) ?? false
        }
        #expect(isListed)
    }

    @Test("A request that nobody waits for any more is not made", arguments: generations)
    func goneInLine(generation: ScriptedUpstream.Generation) throws {
        let upstream = try ScriptedUpstream(generation, [.init("/stuck", [.wait])])
        let fixture = try ProxyFixture(upstream, arguments: ["--workers", "1"])
        #expect(fixture.wait(for: 200, "/up/_cellucid/info"))
        let stuck = try fixture.connect()
        try stuck.send("GET", "/up/stuck")
        let request = try #require(upstream.waitForRequest("/stuck"))
        let gone = try (0..<10).map { _ in
            let client = try fixture.connect()
            try client.send("GET", "/up/unwanted")
            return client
        }
        // All are in the line when a request on a later connection of the same worker is answered.
        #expect(try fixture.ask("/cells/points_2d.bin").status == 200)
        for client in gone { client.reset() }
        #expect(try fixture.ask("/cells/points_2d.bin").status == 200)
        stuck.reset()
        // The connection of the one that was stuck is given up with it.
        #expect(upstream.waitForEnding(of: request.connection) != nil)
        #expect(try fixture.ask("/up/_cellucid/info?").status < 500)
        #expect(upstream.requests("/unwanted").count < 10)
        #expect(upstream.mostOpen == 1)
    }

    @Test(
        "A client that has ended before its request is whole does not join the line",
        arguments: generations
    )
    func goneBeforeTheLine(generation: ScriptedUpstream.Generation) throws {
        let upstream = try ScriptedUpstream(generation, [.init("/stuck", [.wait])])
        let fixture = try ProxyFixture(upstream)
        let stuck = try fixture.connect()
        try stuck.send("GET", "/up/stuck")
        let request = try #require(upstream.waitForRequest("/stuck"))
        let gone = try (0..<10).map { _ in
            let client = try RawConnection(port: fixture.gateway.port, timeoutSeconds: 10)
            try client.send("GET", "/up/unwanted", ["Content-Length: 4"])
            try client.send("bo")
            return client
        }
        #expect(try fixture.ask("/cells/points_2d.bin").status == 200)
        for client in gone {
            try client.send("dy")
            client.finishSending()
        }
        // The server is still busy with the first one.
        for client in gone { _ = try client.readToEndOrReset() }
        stuck.reset()
        #expect(upstream.waitForEnding(of: request.connection) != nil)
        #expect(fixture.wait(for: 200, "/up/_cellucid/info"))
        #expect(upstream.requests("/unwanted").isEmpty)
    }

    @Test("A slow client does not keep the server busy", arguments: generations)
    func slowClient(generation: ScriptedUpstream.Generation) throws {
        let size = 4 << 20
        let upstream = try ScriptedUpstream(
            generation,
            [
                .init(
                    "/points_3d.bin",
                    [.send("HTTP/1.0 200 OK\r\nContent-Length: \(size)\r\n\r\n"), .fill(size)]
                )
            ]
        )
        let fixture = try ProxyFixture(upstream)
        let slow = try fixture.connect(receiveBuffer: 4096)
        try slow.send("GET", "/up/points_3d.bin")
        #expect(try slow.readHead().status == 200)
        #expect(try fixture.connect().exchange("GET", "/up/_cellucid/info").status == 200)
        #expect(try slow.readBytes(size).count == size)
    }

    @Test("An answer without end is given up with the client that wanted it", arguments: generations)
    func goneInAnswer(generation: ScriptedUpstream.Generation) throws {
        let upstream = try ScriptedUpstream(
            generation,
            [
                .init(
                    "/endless",
                    [.send("HTTP/1.0 200 OK\r\n\r\n"), .pause(milliseconds: 100), .fill(1 << 36)]
                )
            ]
        )
        let fixture = try ProxyFixture(upstream)
        let client = try fixture.connect()
        try client.send("GET", "/up/endless")
        let request = try #require(upstream.waitForRequest("/endless"))
        client.reset()
        #expect(upstream.waitForEnding(of: request.connection) != nil)
        #expect(fixture.wait(for: 200, "/up/_cellucid/info"))
    }

    @Test("One that hangs is given up, and the next request is made", arguments: generations)
    func hanging(generation: ScriptedUpstream.Generation) throws {
        let upstream = try ScriptedUpstream(generation, [.init("/stuck", [.wait], times: 1)])
        let fixture = try ProxyFixture(upstream, arguments: ProxyFixture.impatience)
        #expect(try fixture.ask("/up/_cellucid/info").status == 200)
        let stuck = try fixture.connect()
        try stuck.send("GET", "/up/stuck")
        #expect(try stuck.readResponse().status == 504)
        #expect(fixture.wait(for: 200, "/up/_cellucid/info"))
        #expect(upstream.mostOpen == 1)
    }
}

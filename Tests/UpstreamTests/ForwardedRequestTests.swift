import Bytes
import HTTP
import Testing

@testable import Upstream

/// What of a request goes on to an upstream, and how.
@Suite struct ForwardedRequestTests {
    private func head(_ lines: [String]) throws -> RequestHead {
        var parser = RequestParser()
        let head = RequestHead()
        let bytes = Array((lines.joined(separator: "\r\n") + "\r\n\r\n").utf8)
        #expect(try parser.parse(bytes.span, into: head) == bytes.count)
        return head
    }

    /// The lines that are sent, without the empty ones at the end.
    private func lines(
        _ request: [String],
        to origin: String = "http://127.0.0.1:8766",
        _ change: (inout ForwardedRequest) -> Void = { _ in }
    ) throws -> [String] {
        var forwarded = ForwardedRequest(via: Array("gw".utf8))
        change(&forwarded)
        let buffer = ByteBuffer(capacity: 16)
        let place =
            try origin.hasPrefix("unix:") ? Origin(socketPath: String(origin.dropFirst(5))) : Origin(origin)
        forwarded.write(try head(request), to: place, into: buffer)
        let text = buffer.unread.text()
        #expect(text.hasSuffix("\r\n\r\n"))
        return text.lines
    }

    /// The lines for a GET with the given fields, without the three that are always there.
    private func fields(
        _ given: [String],
        version: String = "1.1",
        _ change: (inout ForwardedRequest) -> Void = { _ in }
    ) throws -> [String] {
        let lines = try lines(["GET /a HTTP/\(version)", "Host: gateway"] + given, change)
        #expect(lines[0] == "GET /a HTTP/1.1")
        #expect(lines[1] == "Host: 127.0.0.1:8766")
        return Array(lines.dropFirst(2)).filter { !$0.hasPrefix("Via:") }
    }

    // MARK: The request line

    @Test(
        arguments: [
            ("/lab/a%20b?x=%2F&y", 5, "/", "/a%20b?x=%2F&y"), ("/lab/", 5, "/", "/"),
            ("/lab/?q", 5, "/", "/?q"),
            ("/base/l%61b/%41/b", 10, "/", "/%41/b"),
            ("/lab-kidney/obs/x.json", 12, "/kid%20ney/", "/kid%20ney/obs/x.json"),
            ("/lab/_cellucid/events?x", 21, "/_cellucid/events", "/_cellucid/events?x"),
            ("http://gateway/lab/x?y", 5, "/", "/x?y"), ("http://gateway", 1, "/", "/"), ("/a", 1, "/", "/a"),
        ]
    )
    func target(target: String, start: Int, prefix: String, expected: String) throws {
        let lines = try lines(["GET \(target) HTTP/1.1", "Host: gateway"]) {
            $0.pathStart = start
            $0.targetPrefix = Array(prefix.utf8)
        }
        #expect(lines[0] == "GET \(expected) HTTP/1.1")
    }

    @Test(arguments: ["GET", "HEAD", "POST", "DELETE", "PROPFIND", "M-SEARCH"])
    func method(name: String) throws {
        #expect(
            try lines(["\(name) /a HTTP/1.1", "Host: h"]) { $0.pathStart = 1 }[0] == "\(name) /a HTTP/1.1"
        )
        let other = try lines(["\(name) /a HTTP/1.1", "Host: h"]) {
            $0.pathStart = 1
            $0.methodName = "GET"
        }
        #expect(other[0] == "GET /a HTTP/1.1")
    }

    @Test(
        arguments: [
            ("http://127.0.0.1:8766", "127.0.0.1:8766", "http://127.0.0.1:8766"),
            ("http://Example.org", "example.org", "http://example.org"),
            ("https://example.org:443", "example.org", "https://example.org"),
            ("https://[::1]:8443", "[::1]:8443", "https://[::1]:8443"),
            ("unix:/run/lab.sock", "localhost", "http://localhost"),
        ]
    )
    func hostAndOriginAreTheUpstreams(origin: String, host: String, web: String) throws {
        let request = ["GET /a HTTP/1.1", "Host: gateway:1", "origin: http://gateway:1"]
        let trusted = try lines(request, to: origin)
        #expect(trusted[1] == "Host: \(host)")
        #expect(trusted.filter { $0.hasPrefix("Host:") }.count == 1)
        #expect(trusted.contains("origin: \(web)"))
        let other = try lines(request, to: origin) { $0.isOriginTrusted = false }
        #expect(other[1] == "Host: \(host)")
        #expect(other.contains("origin: http://gateway:1"))
    }

    @Test func noOriginIsMadeUp() throws {
        #expect(try fields([]) { $0.pathStart = 1 } == [])
    }

    // MARK: Fields

    @Test(
        arguments: [
            ["Accept: */*", "X-Custom:  spaced  value "], ["accept-encoding: gzip, br"], ["Range: bytes=0-1"],
            ["If-None-Match: \"a\"", "If-None-Match: \"b\""], ["Authorization: Bearer x"], ["User-Agent: me"],
            ["Content-Type: application/json", "X-Empty:"],
            ["If-Range: \"a\"", "X-A: 1", "X-A: 2", "Accept-Language: en"],
        ]
    )
    func kept(given: [String]) throws {
        let expected = given.map { line -> String in
            let parts = line.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
            return "\(parts[0]): \(parts[1].trimmed)"
        }
        #expect(try fields(given) { $0.pathStart = 1 } == expected)
    }

    @Test(
        arguments: [
            ["Connection: keep-alive", "Keep-Alive: timeout=5"], ["Proxy-Connection: keep-alive"],
            ["TE: trailers"],
            ["Trailer: X"], ["Connection: Upgrade", "Upgrade: websocket"], ["Expect: 100-continue"],
            ["Referer: http://gateway/?viewerToken=secret"], ["Proxy-Authorization: Basic x"],
            ["HTTP2-Settings: AAMAAABk"], ["Priority: u=1"], ["Content-Length: 0"],
            ["Connection: x-secret, close", "X-Secret: 1"],
            ["Connection: X-A", "Connection: X-B", "X-A: 1", "X-B: 2"],
            ["Connection: accept", "Accept: */*"],
        ]
    )
    func dropped(given: [String]) throws {
        #expect(try fields(given) { $0.pathStart = 1 } == [])
        let kept = try fields(["X-Before: 1"] + given + ["X-After: 2"]) { $0.pathStart = 1 }
        #expect(kept == ["X-Before: 1", "X-After: 2"])
    }

    /// RFC 9110 section 14.2: a HEAD that goes on as GET asks for the whole.
    @Test func rangesAreForGET() throws {
        let given = ["Range: bytes=0-9", "If-Range: \"a\"", "Accept: */*"]
        let sent = try lines(["HEAD /a HTTP/1.1", "Host: h"] + given) { $0.methodName = "GET" }
        #expect(sent.dropFirst(2).filter { !$0.hasPrefix("Via:") } == ["Accept: */*"])
    }

    /// What a client invents about where its request came from does not go on.
    @Test(
        arguments: [
            (nil, false, []), (nil, true, ["X-Forwarded-Host: h", "x-forwarded-proto: https"]),
            ("203.0.113.5", false, ["X-Forwarded-For: 203.0.113.5"]),
            ("2001:db8::1", false, ["X-Forwarded-For: 2001:db8::1"]),
            (
                "10.0.0.1", true,
                [
                    "X-Forwarded-Host: h", "x-forwarded-proto: https",
                    "X-Forwarded-For: 127.0.0.1, ::1, 198.51.100.7, 10.0.0.1",
                ]
            ),
        ] as [(String?, Bool, [String])]
    )
    func whereItCameFrom(address: String?, isTrusted: Bool, expected: [String]) throws {
        let given = [
            "X-Forwarded-For: 127.0.0.1, ::1", "Forwarded: for=127.0.0.1", "X-Real-IP: 127.0.0.1",
            "X-Forwarded-Host: h", "x-forwarded-proto: https", "x-forwarded-for: 198.51.100.7",
        ]
        let sent = try fields(given) {
            $0.pathStart = 1
            $0.clientAddress = address
            $0.isFromTrustedProxy = isTrusted
        }
        #expect(sent == expected)
        let without = try fields([]) {
            $0.pathStart = 1
            $0.clientAddress = address
            $0.isFromTrustedProxy = isTrusted
        }
        #expect(without == (address.map { ["X-Forwarded-For: \($0)"] } ?? []))
    }

    /// RFC 9113 section 8.2.3: HTTP/2 sends crumbs, HTTP/1.1 has one line.
    @Test(
        arguments: [
            (["Cookie: a=1"], ["Cookie: a=1"]), (["cookie: a=1", "cookie: b=2"], ["cookie: a=1; b=2"]),
            (["Cookie: a", "X: y", "cookie: b", "COOKIE: c"], ["Cookie: a; b; c", "X: y"]),
        ] as [([String], [String])]
    )
    func cookies(given: [String], expected: [String]) throws {
        #expect(try fields(given) { $0.pathStart = 1 } == expected)
    }

    // MARK: Framing and connection

    @Test(
        arguments: [
            (.none, false, []), (.length(0), false, ["Content-Length: 0"]),
            (.length(536_870_912), false, ["Content-Length: 536870912"]),
            (.chunked, false, ["Transfer-Encoding: chunked"]), (.none, true, ["Connection: close"]),
            (.length(5), true, ["Content-Length: 5", "Connection: close"]),
        ] as [(ForwardedRequest.Framing, Bool, [String])]
    )
    func framing(framing: ForwardedRequest.Framing, closes: Bool, expected: [String]) throws {
        let given = ["Content-Length: 77", "Connection: keep-alive"]
        let sent = try lines(["POST /a HTTP/1.1", "Host: h"] + given) {
            $0.framing = framing
            $0.closesConnection = closes
        }
        #expect(sent.dropFirst(2).filter { !$0.hasPrefix("Via:") } == expected)
    }

    @Test func chunkedIsNotPassedOn() throws {
        let request = ["POST /a HTTP/1.1", "Host: h", "Transfer-Encoding: chunked"]
        let sent = try lines(request) { $0.framing = .length(3) }
        #expect(sent.dropFirst(2).filter { !$0.hasPrefix("Via:") } == ["Content-Length: 3"])
    }

    @Test func upgrade() throws {
        let given = [
            "Connection: keep-alive, Upgrade", "Upgrade: websocket", "Sec-WebSocket-Key: abc",
            "Sec-WebSocket-Version: 13",
        ]
        let sent = try fields(given) {
            $0.pathStart = 1
            $0.upgrades = true
            $0.closesConnection = true
        }
        #expect(
            sent == [
                "Sec-WebSocket-Key: abc", "Sec-WebSocket-Version: 13", "Connection: Upgrade",
                "Upgrade: websocket",
            ]
        )
    }

    // MARK: Via

    @Test(
        arguments: [
            ("1.1", [], "Via: 1.1 gw"), ("1.0", [], "Via: 1.0 gw"),
            ("1.1", ["Via: 1.0 fred"], "Via: 1.0 fred, 1.1 gw"),
            (
                "1.1", ["via: 1.0 fred, 1.1 p.example", "VIA: 2 other"],
                "Via: 1.0 fred, 1.1 p.example, 2 other, 1.1 gw"
            ),
        ] as [(String, [String], String)]
    )
    func via(version: String, given: [String], expected: String) throws {
        let sent = try lines(["GET /a HTTP/\(version)", "Host: h"] + given)
        #expect(sent.filter { $0.lowercased().hasPrefix("via") } == [expected])
    }

    @Test(
        arguments: [
            ([], false), (["Via: 1.1 other"], false), (["Via: 1.1 gw"], true),
            (["via: 1.0 a, 1.1 gw, 1.1 b"], true),
            (["Via: 1.1 a", "Via: 2 gw"], true), (["X-Via: 1.1 gw"], false), (["Via: 1.1 g"], false),
            (["User-Agent: gw"], false),
        ] as [([String], Bool)]
    )
    func loops(given: [String], isLoop: Bool) throws {
        let request = try head(["GET /a HTTP/1.1", "Host: h"] + given)
        #expect(ForwardedRequest(via: Array("gw".utf8)).isLoop(request) == isLoop)
    }

    /// A request that goes through is recognised when it comes back.
    @Test func whatIsWrittenIsALoop() throws {
        let forwarded = ForwardedRequest(via: Array("cellucid-gateway-1a2b".utf8))
        let buffer = ByteBuffer(capacity: 16)
        let first = try head(["GET /a HTTP/1.1", "Host: h", "Via: 1.1 a"])
        let isLoop = forwarded.isLoop(first)
        #expect(!isLoop)
        forwarded.write(first, to: try Origin("http://127.0.0.1:1"), into: buffer)
        let again = try head(buffer.unread.text().lines)
        let (isOwn, isOthers) = (
            forwarded.isLoop(again), ForwardedRequest(via: Array("cellucid-gateway-ffff".utf8)).isLoop(again)
        )
        #expect(isOwn)
        #expect(!isOthers)
    }
}

extension String {
    /// The lines that are not empty, without their ends.
    fileprivate var lines: [String] { split(separator: "\r\n").map(String.init) }
}

extension Substring {
    /// Without spaces at both ends.
    fileprivate var trimmed: Substring {
        var rest = drop { $0 == " " }
        while rest.last == " " { rest.removeLast() }
        return rest
    }
}

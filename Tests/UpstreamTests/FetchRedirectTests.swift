import Testing

@testable import Upstream

/// Redirects are followed within the origin only.
@Suite struct FetchRedirectTests {
    private static func redirect(_ location: String, status: String = "302 Found") -> [ScriptedOrigin.Action]
    {
        [.request, .send("HTTP/1.1 \(status)\r\nLocation: \(location)\r\nContent-Length: 4\r\n\r\nmove")]
    }

    private static let ok: [ScriptedOrigin.Action] = [
        .request, .send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi"),
    ]

    @Test(
        arguments: [
            ("/b", "/b"), ("c?d=1#e", "/x/c?d=1"), ("../y", "/y"), ("./", "/x/"), ("?q", "/x/a?q"),
            ("/s p", nil), ("/\u{e9}", "/%C3%A9"), ("", "/x/a"),
        ] as [(String, String?)]
    )
    func withinTheOrigin(location: String, target: String?) async throws {
        let origin = try ScriptedOrigin([Self.redirect(location) + Self.ok])
        let harness = try UpstreamHarness()
        guard let target else {
            let error = try await harness.failure(origin.url(), "/x/a")
            let reason = "Location: not a usable URL: it contains a space or control character"
            #expect(error?.cause == .malformedAnswer(reason))
            return
        }
        let response = try await harness.get(origin.url(), "/x/a")
        #expect(response.url == origin.url() + target)
        #expect(response.text == "hi")
        #expect(origin.requests.map { $0.split(separator: " ")[1] } == ["/x/a", target[...]])
        #expect(origin.connections == [0, 0], "the body of a redirect is read and the connection kept")
    }

    @Test(arguments: ["301 Moved", "302 Found", "303 See Other", "307 Temporary", "308 Permanent"])
    func statuses(status: String) async throws {
        let origin = try ScriptedOrigin([Self.redirect("/b", status: status) + Self.ok])
        #expect(try await UpstreamHarness().get(origin.url()).text == "hi")
    }

    @Test(arguments: ["https://elsewhere.example/", "//elsewhere.example/x", "http://127.0.0.1:1/"])
    func elsewhere(location: String) async throws {
        let origin = try ScriptedOrigin([Self.redirect(location)])
        let error = try await UpstreamHarness().failure(origin.url())
        let target = location.hasPrefix("//") ? "http:" + location : location
        #expect(error?.cause == .redirectedElsewhere(to: target))
        #expect(error?.description == "\(origin.url())/: redirected to another origin: \(target)")
    }

    @Test func absoluteURLOfTheSameOrigin() async throws {
        let first = try ScriptedOrigin([[.waitForEnd]])
        let origin = try ScriptedOrigin([Self.redirect("HTTP://127.0.0.1:\(first.port)/b")])
        let error = try await UpstreamHarness().failure(origin.url())
        #expect(
            error?.cause == .redirectedElsewhere(to: first.url() + "/b"),
            "another port is another origin"
        )
    }

    @Test func endless() async throws {
        let script = (0..<9).flatMap { _ in Self.redirect("/again") }
        let origin = try ScriptedOrigin([script])
        let error = try await UpstreamHarness().failure(origin.url())
        #expect(error?.cause == .tooManyRedirects)
        #expect(origin.requests.count == 6)
    }

    @Test func withoutLocation() async throws {
        let origin = try ScriptedOrigin([
            [.request, .send("HTTP/1.1 302 Found\r\nContent-Length: 0\r\n\r\n")]
        ])
        #expect(try await UpstreamHarness().get(origin.url()).status == 302)
    }
}

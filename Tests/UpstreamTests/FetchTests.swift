import TestSupport
import Testing

@testable import Upstream

/// Whole answers and damaged ones, over plain connections.
@Suite struct FetchTests {
    private static let ok = "HTTP/1.1 200 OK\r\n"

    @Test(
        arguments: [
            // Delimited by its length, by chunks, by the end of the connection.
            ([.request, .send(ok + "Content-Length: 5\r\n\r\nhello")], "hello"),
            ([.request, .send(ok + "Content-Length: 0\r\n\r\n")], ""),
            (
                [.request, .send(ok + "Transfer-Encoding: chunked\r\n\r\n3\r\nhel\r\n2\r\nlo\r\n0\r\n\r\n")],
                "hello"
            ),
            ([.request, .send(ok + "\r\nhello"), .close], "hello"),
            ([.request, .send("HTTP/1.0 200\r\nContent-Length: 5\r\n\r\nhello")], "hello"),
            ([.request, .send("HTTP/1.0 200 \r\n\r\nhello"), .close], "hello"),
            ([.request, .send("HTTP/1.1 204 No Content\r\n\r\n")], ""),
            // Byte by byte, and in the company of interim answers.
            ([.request, .drip(ok + "Content-Length: 2\r\n\r\nhi", milliseconds: 1)], "hi"),
            (
                [
                    .request,
                    .send("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n"),
                    .send(ok + "Content-Length: 5\r\n\r\nhello"),
                ], "hello"
            ),
        ] as [([ScriptedOrigin.Action], String)]
    )
    func wholeAnswers(script: [ScriptedOrigin.Action], body: String) async throws {
        let origin = try ScriptedOrigin([script])
        let response = try await UpstreamHarness().get(origin.url(), "/a?b")
        #expect(response.text == body)
        #expect(response.url == origin.url() + "/a?b")
        #expect(
            origin.requests == [
                "GET /a?b HTTP/1.1\r\nHost: 127.0.0.1:\(origin.port)\r\nUser-Agent: test/1\r\nAccept: */*"
            ]
        )
    }

    @Test(
        arguments: [
            ([.request, .close], .connectionLost),
            ([.request, .reset], .connectionLost),
            ([.request, .send("HTTP/1.1 200 OK\r\nContent"), .close], .truncated(received: 0)),
            ([.request, .send(ok + "Content-Length: 9\r\n\r\nhello"), .close], .truncated(received: 5)),
            (
                [.request, .send(ok + "Transfer-Encoding: chunked\r\n\r\n9\r\nhello"), .close],
                .truncated(received: 5)
            ),
            (
                [.request, .send(ok + "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n"), .close],
                .truncated(received: 5)
            ),
            (
                [.request, .send("SSH-2.0-OpenSSH_9.2\r\n")],
                .malformedAnswer("the answer does not begin with HTTP/")
            ),
            (
                [.request, .send(ok + "Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello")],
                .malformedAnswer("there is more than one Content-Length field")
            ),
            (
                [.request, .send(ok + "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n")],
                .malformedAnswer("Transfer-Encoding and Content-Length are both there")
            ),
            (
                [.request, .send(ok + "Transfer-Encoding: chunked\r\n\r\nxyz\r\n")],
                .malformedAnswer("a chunk's size is not a hexadecimal number")
            ),
            (
                [.request, .send(String(repeating: "HTTP/1.1 100 Continue\r\n\r\n", count: 17))],
                .malformedAnswer("there are too many interim answers")
            ),
            ([.request, .send(ok + "Content-Length: 2000\r\n\r\n")], .tooLarge(limit: 1000)),
            ([.request, .send(ok + "\r\n"), .fill(2000)], .tooLarge(limit: 1000)),
        ] as [([ScriptedOrigin.Action], UpstreamError.Cause)]
    )
    func damagedAnswers(script: [ScriptedOrigin.Action], cause: UpstreamError.Cause) async throws {
        let origin = try ScriptedOrigin([script])
        let options = UpstreamHarness.Options.with { $0.settings.bodyLimit = 1000 }
        let error = try await UpstreamHarness().failure(origin.url(), "/x", options)
        #expect(error == UpstreamError(cause, at: origin.url() + "/x"))
        #expect(origin.requests.count == 1, "an answer that was not whole is not asked for again by itself")
    }

    @Test func refusedConnection() async throws {
        let port = try RefusingPort()
        let error = try await UpstreamHarness().failure("http://127.0.0.1:\(port.number)")
        #expect(error?.cause == .notConnected("127.0.0.1:\(port.number): Connection refused"))
        #expect(error?.mayRetry == true)
        withExtendedLifetime(port) {}
    }

    @Test func unknownHost() async throws {
        let error = try await UpstreamHarness().failure("http://no-such-host.invalid")
        guard case .unknownHost = error?.cause else {
            Issue.record("\(String(describing: error))")
            return
        }
    }

    @Test func namesAndAddresses() async throws {
        let script: [ScriptedOrigin.Action] = [.request, .send(Self.ok + "Content-Length: 2\r\n\r\nhi")]
        let origin = try ScriptedOrigin([script])
        #expect(try await UpstreamHarness().get(origin.url(host: "localhost")).text == "hi")
        let six = try ScriptedOrigin([script], host: "::1")
        #expect(try await UpstreamHarness().get(six.url(host: "[::1]")).text == "hi")
        #expect(six.requests[0].contains("Host: [::1]:\(six.port)\r\n"))
    }
}

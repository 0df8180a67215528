import Reactor
import Testing

@testable import Server

@Suite struct TrustedProxiesTests {
    private let proxies = TrustedProxies(["10.0.0.0/8", "::1"].compactMap { IPNetwork($0) })

    @Test(
        arguments: [
            // A client that is no proxy may write what it likes.
            ("203.0.113.9", "192.0.2.1", "203.0.113.9"), ("203.0.113.9", nil, "203.0.113.9"),
            ("10.0.0.1", nil, "10.0.0.1"), ("10.0.0.1", "192.0.2.1", "192.0.2.1"),
            ("::1", " 192.0.2.1 ", "192.0.2.1"),
            // Through two proxies; what the client wrote itself stands in front and counts for nothing.
            ("10.0.0.1", "192.0.2.1, 10.0.0.2", "192.0.2.1"),
            ("10.0.0.1", "127.0.0.1, 192.0.2.1, 10.0.0.2", "192.0.2.1"),
            ("10.0.0.1", "10.0.0.3, 10.0.0.2", "10.0.0.3"),
            ("10.0.0.1", "2001:db8::7", "2001:db8::7"),
            ("10.0.0.1", "unknown", "10.0.0.1"), ("10.0.0.1", "", "10.0.0.1"),
            ("10.0.0.1", "192.0.2.0/24", "10.0.0.1"),
        ] as [(String, String?, String)]
    )
    func client(peer: String, forwardedFor: String?, client: String) {
        #expect(proxies.client(peer: peer, forwardedFor: forwardedFor) == client)
    }

    /// Where who may do something depends on it, a guess is no answer.
    @Test(
        arguments: [
            ("203.0.113.9", "192.0.2.1", nil), ("10.0.0.1", "192.0.2.1", "192.0.2.1"),
            ("10.0.0.1", "127.0.0.1, 192.0.2.1, 10.0.0.2", "192.0.2.1"),
            ("10.0.0.1", "10.0.0.3, 10.0.0.2", "10.0.0.3"), ("10.0.0.1", "unknown", nil),
            ("10.0.0.1", "", nil),
            ("10.0.0.1", "192.0.2.1, unknown", nil), ("10.0.0.1", "unknown, 192.0.2.1", "192.0.2.1"),
            ("10.0.0.1", "192.0.2.1,", nil), ("10.0.0.1", "192.0.2.1, 10.0.0.0/8", nil),
            ("::1", "::1", "::1"),
        ] as [(String, String, String?)]
    )
    func clientBehindProxies(peer: String, forwardedFor: String, client: String?) {
        #expect(proxies.clientBehindProxies(peer: peer, forwardedFor: forwardedFor) == client)
    }

    @Test func nobodyIsTrustedByDefault() {
        #expect(TrustedProxies().clientBehindProxies(peer: "127.0.0.1", forwardedFor: "127.0.0.1") == nil)
        #expect(TrustedProxies().client(peer: "127.0.0.1", forwardedFor: "192.0.2.1") == "127.0.0.1")
    }
}

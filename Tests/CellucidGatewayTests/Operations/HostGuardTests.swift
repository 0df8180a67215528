import Bytes
import Testing

@testable import CellucidGateway

@Suite struct HostGuardTests {
    private func accepts(_ hosts: HostGuard, _ authority: String) -> Bool {
        hosts.accepts(Array(authority.utf8).span)
    }

    private let local = HostGuard(host: "127.0.0.1", allowed: [], certificateNames: [])

    @Test(
        arguments: [
            "localhost", "localhost:8765", "LOCALHOST", "localhost.", "127.0.0.1", "127.0.0.1:1", "[::1]",
            "[::1]:8765",
            "a.localhost", "a.b.LocalHost:80",
        ]
    )
    func loopbackNames(authority: String) {
        #expect(accepts(local, authority))
    }

    /// What a page gets by pointing its own name to this machine.
    @Test(
        arguments: [
            "evil.example", "evil.example:8765", "localhost.evil.example", "xlocalhost", ".localhost",
            "127.0.0.2", "0.0.0.0",
            "[::2]", "[", "", ":80", "192.168.1.5", "localhost..",
        ]
    )
    func foreignNames(authority: String) {
        #expect(!accepts(local, authority))
    }

    @Test func theBoundNameAndThoseThatAreAllowed() {
        let hosts = HostGuard(
            host: "192.0.2.7",
            allowed: ["gateway.example", "*.lab.example", "2001:db8::1"],
            certificateNames: ["Cert.Example", "*.certs.example"]
        )
        for name in [
            "192.0.2.7:80", "gateway.example", "Gateway.Example:1", "a.lab.example", "a.b.lab.example",
            "[2001:db8::1]:80",
            "cert.example", "x.certs.example", "localhost",
        ] { #expect(accepts(hosts, name), "\(name)") }
        for name in [
            "lab.example", "xlab.example", ".lab.example", "a.gateway.example", "certs.example",
            "other.example", "192.0.2.8",
        ] { #expect(!accepts(hosts, name), "\(name)") }
    }

    @Test func aStarAllowsAll() {
        let hosts = HostGuard(host: "127.0.0.1", allowed: ["*"], certificateNames: [])
        #expect(accepts(hosts, "anything.example:80"))
        let certificate = HostGuard(host: "127.0.0.1", allowed: [], certificateNames: ["*"])
        #expect(!accepts(certificate, "anything.example"), "only the option allows all")
    }

    @Test(arguments: ["0.0.0.0", "::"]) func boundToAllAddresses(host: String) {
        let hosts = HostGuard(host: host, allowed: [], certificateNames: [])
        #expect(accepts(hosts, "127.0.0.1:80"))
        #expect(!accepts(hosts, "evil.example"))
    }

    @Test(
        arguments: [
            ("a", "a"), ("a:80", "a"), ("[::1]", "::1"), ("[::1]:80", "::1"), ("", ""), (":80", ""),
            ("[]", ""),
        ]
    )
    func hostOfAnAuthority(authority: String, host: String) {
        let shown = HostGuard.host(of: Array(authority.utf8).span).text()
        #expect(shown == host)
    }
}

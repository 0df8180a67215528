import TestSupport
import Testing

/// Which names the gateway answers to: the defence against DNS rebinding.
struct HostNameTests {
    @Test(
        "Loopback names are answered, with any port or none",
        arguments: [
            "localhost", "LOCALHOST", "localhost:1", "localhost:65535", "localhost.", "127.0.0.1",
            "127.0.0.1:80",
            "[::1]", "[::1]:8765", "pbmc.localhost", "localhost:",
        ]
    )
    func loopback(host: String) throws {
        let gateway = try GatewayProcessUnderTest([Repository.demo])
        let response = try gateway.connect().exchange("GET", "/_cellucid/health", ["Host: \(host)"])
        #expect(response.status == 200)
    }

    @Test(
        "Other names are refused, and the connection goes on",
        arguments: [
            "evil.example", "evil.example:8765", "localhost.evil.example", "notlocalhost",
            "127.0.0.1.evil.example",
            "127.0.0.2", "0.0.0.0", "[::2]", "[::ffff:127.0.0.1]", "2130706433", "192.168.1.1",
            "cells.lab.example",
        ]
    )
    func foreign(host: String) throws {
        let gateway = try GatewayProcessUnderTest([Repository.demo])
        let connection = try gateway.connect()
        for method in ["GET", "POST", "OPTIONS", "GET"] {
            for path in ["/", "/_cellucid/health", "/pbmc_q16/dataset_identity.json", "/nothing"] {
                let response = try connection.exchange(method, path, ["Host: \(host)"])
                #expect(response.status == 421, "\(method) \(path)")
                #expect(response["Connection"] == nil)
                #expect(response.text.contains("--allowed-host"))
            }
        }
        #expect(try connection.exchange("GET", "/_cellucid/health").status == 200)
    }

    @Test(
        "Allowed names",
        arguments: [
            (["cells.lab.example"], "cells.lab.example", true),
            (["cells.lab.example"], "CELLS.lab.example:80", true),
            (["cells.lab.example"], "x.cells.lab.example", false),
            (["cells.lab.example"], "lab.example", false),
            (["cells.lab.example"], "localhost", true), (["*.lab.example"], "cells.lab.example", true),
            (["*.lab.example"], "a.b.lab.example:9", true), (["*.lab.example"], "lab.example", false),
            (["*.lab.example"], "evillab.example", false),
            (["*.lab.example"], "lab.example.evil.example", false),
            (["*.lab.example"], ".lab.example", false), (["a.example", "b.example"], "b.example", true),
            (["a.example", "b.example"], "c.example", false), (["10.1.2.3"], "10.1.2.3:8765", true),
            (["fd00::1"], "[fd00::1]", true), (["*"], "anything.example", true),
        ]
    )
    func allowed(names: [String], host: String, isAnswered: Bool) throws {
        let flags = names.flatMap { ["--allowed-host", $0] }
        let gateway = try GatewayProcessUnderTest([Repository.demo] + flags)
        let connection = try gateway.connect()
        let status = isAnswered ? 200 : 421
        let field = ["Host: \(host)"]
        #expect(try connection.exchange("GET", "/_cellucid/health", field).status == status)
        // Asked again, since the name that was accepted last is remembered.
        #expect(try connection.exchange("GET", "/_cellucid/health").status == 200)
        #expect(try connection.exchange("GET", "/_cellucid/health", field).status == status)
    }

    @Test(
        "A URL as the target counts instead of the Host field",
        arguments: [
            ("http://localhost/_cellucid/health", "evil.example", 200),
            ("http://evil.example/_cellucid/health", "localhost", 421),
            ("http://evil.example:80/_cellucid/health", "localhost", 421),
            ("https://cells.lab.example/_cellucid/health", "evil.example", 200),
            ("http://[::1]:8765/_cellucid/health", "evil.example", 200),
        ]
    )
    func absoluteForm(target: String, host: String, status: Int) throws {
        let gateway = try GatewayProcessUnderTest([Repository.demo, "--allowed-host", "cells.lab.example"])
        let connection = try gateway.connect()
        #expect(try connection.exchange("GET", target, ["Host: \(host)"]).status == status)
        #expect(try connection.exchange("GET", "/_cellucid/health").status == 200)
    }

    @Test("The refusal does not give the name back as markup")
    func refusalIsPlainText() throws {
        let gateway = try GatewayProcessUnderTest([Repository.demo])
        let response = try gateway.connect().exchange("GET", "/", ["Host: evil.example"])
        #expect(response["Content-Type"] == "text/plain; charset=utf-8")
        #expect(response["X-Content-Type-Options"] == "nosniff")
        #expect(response["Cache-Control"] == "no-store")
    }
}

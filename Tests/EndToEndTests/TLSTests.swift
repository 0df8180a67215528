import Glibc
import TestSupport
import Testing

/// HTTPS as curl and `openssl s_client` see it.
@Suite(.enabled(if: TLSCertificates.isAvailable))
struct TLSTests {
    private typealias Gateway = GatewayProcessUnderTest

    private let folder = TemporaryDirectory()
    private var certificates: TLSCertificates { TLSCertificates(in: folder) }

    // MARK: Protocol

    @Test("TLS 1.2 and 1.3 are spoken, with a certificate that the client verifies")
    func versions() throws {
        let one = try certificates.make("one.example")
        let gateway = try Gateway([Repository.demo, "--tls", one.both])
        #expect(gateway.errorText.contains("Open https://127.0.0.1:\(gateway.port)/"))
        let client = TLSClient(port: gateway.port, trusted: one.certificate)
        let file = try #require(readFile(Repository.demo + "/pbmc_q16/points_2d.bin"))
        for (version, report) in [("1.2", "TLSv1.2"), ("1.3", "TLSv1.3")] {
            let answer = try client.get(
                "/pbmc_q16/points_2d.bin",
                ["--tlsv\(version)", "--tls-max", version]
            )
            #expect(answer.status == 200, "\(answer.error)")
            #expect(answer.body == file)
            let session = try client.session(["-tls\(version.split(separator: ".").joined(separator: "_"))"])
            #expect(session.contains("\(report), Cipher is "), "\(session)")
            #expect(session.contains("HTTP/1.1 200 OK"))
        }
        let stranger = try certificates.make("stranger.example")
        let refused = try TLSClient(port: gateway.port, trusted: stranger.certificate).get("/_gateway/livez")
        #expect(refused.status == 0)
    }

    @Test(
        "TLS 1.1 and weak ciphers are refused",
        arguments: [
            ["-tls1_1", "-cipher", "ALL:@SECLEVEL=0"], ["-tls1", "-cipher", "ALL:@SECLEVEL=0"],
            ["-tls1_2", "-cipher", "AES128-SHA:@SECLEVEL=0"], ["-tls1_2", "-cipher", "aNULL:@SECLEVEL=0"],
        ]
    )
    func refusedVersions(arguments: [String]) throws {
        let one = try certificates.make("one.example")
        let gateway = try Gateway([Repository.demo, "--tls", one.both])
        let client = TLSClient(port: gateway.port)
        let session = try client.session(arguments)
        #expect(session.contains("Cipher is (NONE)"), "\(session)")
        #expect(session.contains("alert"), "\(session)")
        #expect(try client.session().contains("HTTP/1.1 200 OK"))
    }

    @Test("ALPN prefers h2, and a client that offers something else is still served")
    func alpn() throws {
        let one = try certificates.make("one.example")
        let gateway = try Gateway([Repository.demo, "--tls", one.both])
        let client = TLSClient(port: gateway.port)
        #expect(try client.session(["-alpn", "http/1.1,h2"]).contains("ALPN protocol: h2"))
        #expect(try client.session(["-alpn", "http/1.1"]).contains("ALPN protocol: http/1.1"))
        let other = try client.session(["-alpn", "h3"])
        #expect(other.contains("No ALPN negotiated"))
        #expect(other.contains("HTTP/1.1 200 OK"))
    }

    @Test("Sessions are resumed, also after a reload", arguments: ["-tls1_2", "-tls1_3"])
    func resumption(version: String) throws {
        let one = try certificates.make("one.example")
        let gateway = try Gateway([Repository.demo, "--tls", one.both, "--workers", "2"])
        let client = TLSClient(port: gateway.port)
        let first = try client.session([version, "-sess_out", folder("session")])
        #expect(first.contains("New, TLSv1."))
        // Connections are spread over the event loops; a ticket has to be good on each of them.
        for _ in 0..<4 {
            let again = try client.session([version, "-sess_in", folder("session")])
            #expect(again.contains("Reused, TLSv1."), "\(again)")
            #expect(again.contains("HTTP/1.1 200 OK"))
        }
        gateway.send(signal: SIGHUP)
        #expect(gateway.waitForErrorText("reloaded"))
        let after = try client.session([version, "-sess_in", folder("session")])
        #expect(after.contains("Reused, TLSv1."), "\(after)")
    }

    @Test("The server name chooses the certificate, the first one is for all others")
    func serverNames() throws {
        let one = try certificates.make("one.example")
        let two = try certificates.make("two.example", others: ["DNS:*.two.example"])
        let gateway = try Gateway([Repository.demo, "--tls", one.both, "--tls", two.both])
        let client = TLSClient(port: gateway.port)
        for (name, subject) in [
            ("one.example", "one.example"), ("two.example", "two.example"), ("TWO.example", "two.example"),
            ("a.two.example", "two.example"), ("a.b.two.example", "one.example"),
            ("x.example", "one.example"),
        ] {
            #expect(try client.subject(["-servername", name]) == subject, "\(name)")
        }
        #expect(try client.subject(["-noservername"]) == "one.example")
        // The names of certificates are names the gateway answers to.
        let connection = TLSClient(port: gateway.port, trusted: two.certificate)
        let named = try connection.get("/_gateway/livez", ["-H", "Host: a.two.example"])
        #expect(named.status == 0 || named.status == 200)
        let insecure = TLSClient(port: gateway.port)
        #expect(try insecure.get("/_gateway/livez", ["-H", "Host: a.two.example"]).status == 200)
        #expect(try insecure.get("/_gateway/livez", ["-H", "Host: foreign.example"]).status == 421)
    }

    // MARK: Certificates at the start

    @Test("A certificate or key that cannot be used ends the start with one clear line")
    func unusableCertificates() throws {
        let one = try certificates.make("one.example")
        let two = try certificates.make("two.example")
        folder.write("garbage.pem", "no certificate\n")
        folder.write("cut.pem", Array((readFile(one.both) ?? []).prefix(300)))
        folder.write("damaged.pem", "-----BEGIN CERTIFICATE-----\nMIIBzzzz\n-----END CERTIFICATE-----\n")
        folder.write("mismatch.pem", (readFile(one.certificate) ?? []) + (readFile(two.key) ?? []))
        try certificates.maker.run([
            "pkey", "-in", one.key, "-aes256", "-passout", "pass:secret", "-out", folder("locked.key"),
        ])
        let cases: [(arguments: [String], file: String, word: String)] = [
            (["--tls", folder("none.pem")], folder("none.pem"), "cannot read"),
            (["--tls", folder.path], folder.path, "cannot read"),
            (["--tls", folder("garbage.pem")], folder("garbage.pem"), "no certificate"),
            (["--tls", folder("cut.pem")], folder("cut.pem"), "certificate"),
            (["--tls", folder("damaged.pem")], folder("damaged.pem"), "damaged"),
            (["--tls", one.certificate], one.certificate, "--tls-key"),
            (["--tls", folder("mismatch.pem")], folder("mismatch.pem"), "does not belong"),
            (["--tls", one.certificate, "--tls-key", two.key], two.key, "does not belong"),
            (
                ["--tls", one.certificate, "--tls-key", folder("garbage.pem")], folder("garbage.pem"),
                "no private key"
            ),
            (
                ["--tls", one.certificate, "--tls-key", folder("locked.key")], folder("locked.key"),
                "password"
            ),
            (["--tls", one.certificate, "--tls-key", folder("none.key")], folder("none.key"), "cannot read"),
            (["--tls", one.both, "--tls", folder("garbage.pem")], folder("garbage.pem"), "no certificate"),
        ]
        for entry in cases {
            for command in [[], ["check"]] {
                let result = try Gateway.run(command + [Repository.demo] + entry.arguments)
                #expect(result.ending == .exit(1), "\(entry.arguments)")
                #expect(result.error.hasPrefix("gateway: "))
                #expect(result.error.split(separator: "\n").count == 1, "\(result.error)")
                #expect(result.error.contains(entry.file), "\(result.error)")
                #expect(result.error.contains(entry.word), "\(result.error)")
            }
        }
    }

    @Test("A key that may not be read is named", .enabled(if: getuid() != 0, "root reads everything"))
    func unreadableKey() throws {
        let one = try certificates.make("one.example")
        chmod(one.key, 0)
        let result = try Gateway.run([Repository.demo, "--tls", one.certificate, "--tls-key", one.key])
        #expect(result.ending == .exit(1))
        #expect(result.error.contains(one.key))
    }

    @Test("The private key may be in a file of its own")
    func separateKey() throws {
        let one = try certificates.make("one.example")
        let two = try certificates.make("two.example")
        let gateway = try Gateway([
            Repository.demo, "--tls", one.certificate, "--tls", two.certificate, "--tls-key", one.key,
            "--tls-key", two.key,
        ])
        let client = TLSClient(port: gateway.port)
        #expect(try client.subject(["-servername", "two.example"]) == "two.example")
        #expect(try client.get("/_gateway/livez").status == 200)
    }

    @Test("A certificate that is out of its days is served with a warning")
    func dates() throws {
        let now = time(nil)
        var parts = tm()
        var later = now + 400 * 86_400
        gmtime_r(&later, &parts)
        let year = Int(parts.tm_year) + 1900
        let expired = try certificates.make("old.example", from: "20200101000000Z", to: "20200202000000Z")
        let early = try certificates.make(
            "new.example",
            from: "\(year)0201000000Z",
            to: "\(year + 1)0201000000Z"
        )
        let soon = try certificates.make("soon.example", days: 3).both
        let cases = [(expired, "expired on 2020-02-02"), (early, "\(year)-02-01"), (soon, "expires on ")]
        for (file, words) in cases {
            let gateway = try Gateway([Repository.demo, "--tls", file])
            #expect(gateway.waitForErrorText("warning: \(file): the certificate"), "\(gateway.errorText)")
            #expect(gateway.errorText.contains(words), "\(gateway.errorText)")
            #expect(try TLSClient(port: gateway.port).get("/_gateway/livez").status == 200)
            let check = try Gateway.run(["check", Repository.demo, "--tls", file])
            #expect(check.ending == .exit(0))
            #expect(check.error.contains(words))
        }
    }

    // MARK: Reload

    @Test("SIGHUP takes over a replaced certificate, and open connections stay")
    func reload() throws {
        let one = try certificates.make("one.example")
        let two = try certificates.make("two.example")
        folder.write("served.pem", readFile(one.both) ?? [])
        let gateway = try Gateway([Repository.demo, "--tls", folder("served.pem")])
        let client = TLSClient(port: gateway.port)
        let kept = try TLSKeptConnection(port: gateway.port)
        kept.send("/_gateway/livez")
        #expect(kept.waitForText("200 OK", count: 1))

        folder.write("next.pem", readFile(two.both) ?? [])
        rename(folder("next.pem"), folder("served.pem"))
        #expect(try client.subject() == "one.example")
        gateway.send(signal: SIGHUP)
        #expect(gateway.waitForErrorText("reloaded"))
        let isNew = try Deadline(seconds: 30).wait { try client.subject() == "two.example" }
        #expect(isNew)
        kept.send("/_gateway/livez")
        #expect(kept.waitForText("200 OK", count: 2))
        // The name of the new certificate is a name of the gateway from now on.
        #expect(try client.get("/_gateway/livez", ["-H", "Host: two.example"]).status == 200)

        for broken in [
            Array("garbage".utf8), (readFile(one.certificate) ?? []) + (readFile(two.key) ?? []), [],
        ] {
            let seen = gateway.errorText.ranges(of: "the reload is refused").count
            folder.write("served.pem", broken)
            gateway.send(signal: SIGHUP)
            let isRefused = Deadline(seconds: 30).wait {
                gateway.errorText.ranges(of: "the reload is refused").count > seen
            }
            #expect(isRefused)
            #expect(gateway.errorText.contains(folder("served.pem")))
            #expect(try client.subject() == "two.example")
            kept.send("/_gateway/livez")
        }
        #expect(kept.waitForText("200 OK", count: 5))
        #expect(!kept.hasEnded)

        folder.write("served.pem", readFile(one.both) ?? [])
        gateway.send(signal: SIGHUP)
        #expect(try Deadline(seconds: 30).wait { try client.subject() == "one.example" })
        gateway.send(signal: SIGTERM)
        #expect(gateway.waitForEnd() == .exit(0))
        #expect(Deadline(seconds: 30).wait { kept.hasEnded })
    }

    @Test("A reload cannot turn TLS on or off")
    func reloadWithoutTLS() throws {
        let one = try certificates.make("one.example")
        folder.write("gateway.json5", "{ roots: ['\(Repository.demo)'], tls: '\(one.both)' }")
        let gateway = try Gateway(["--config", folder("gateway.json5")])
        folder.write("gateway.json5", "{ roots: ['\(Repository.demo)'] }")
        gateway.send(signal: SIGHUP)
        #expect(gateway.waitForErrorText("turning TLS on or off needs a restart"))
        #expect(try TLSClient(port: gateway.port).get("/_gateway/livez").status == 200)
    }

    // MARK: Transfer

    @Test(
        "Plain HTTP on the TLS port gets a readable 400",
        arguments: [
            "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n",
            "POST /_cellucid/events HTTP/1.1\r\nContent-Length: 4\r\n\r\nabcd",
            "HEAD / HTTP/1.0\r\n\r\n",
        ]
    )
    func plainHTTP(request: String) throws {
        let one = try certificates.make("one.example")
        let gateway = try Gateway([Repository.demo, "--tls", one.both])
        let connection = try gateway.connect()
        try connection.send(request)
        let answer = try connection.readResponse()
        #expect(answer.status == 400)
        #expect(answer["Content-Type"]?.hasPrefix("text/plain") == true)
        #expect(answer["Connection"]?.lowercased() == "close")
        #expect(answer.text.contains("https://"))
        #expect(try connection.endsWithoutMore())
        connection.close()
        let late = try gateway.connect()
        try late.send(request + String(repeating: "x", count: 100_000))
        late.reset()
        // Two, because each of them may be accepted by another event loop.
        for _ in 0..<2 { #expect(try TLSClient(port: gateway.port).get("/_gateway/livez").status == 200) }
    }

    @Test("Bytes that are neither TLS nor HTTP end only their own connection")
    func garbage() throws {
        let one = try certificates.make("one.example")
        let gateway = try Gateway([Repository.demo, "--tls", one.both])
        for seed: UInt64 in 1...20 {
            let connection = try gateway.connect()
            // A TLS record header in front of half of them.
            let start: [UInt8] = seed % 2 == 0 ? [22, 3, 1, 1, 0] : []
            try connection.send(start + ExportFixture.noise(300, seed: seed))
            connection.finishSending()
            _ = try? connection.readToEnd()
        }
        #expect(try TLSClient(port: gateway.port).get("/_gateway/livez").status == 200)
    }

    @Test("A large file and its ranges arrive byte for byte", arguments: ["1.2", "1.3"])
    func largeFile(version: String) throws {
        let one = try certificates.make("one.example")
        ExportFixture().write("cells", in: folder)
        let content = Array(LifecycleContent.large.prefix(9_000_001))
        folder.write("cells/large.bin", content)
        let gateway = try Gateway([folder.path, "--tls", one.both])
        let client = TLSClient(port: gateway.port, trusted: one.certificate)
        let flags = ["--tlsv\(version)", "--tls-max", version]
        let whole = try client.get("/cells/large.bin", flags)
        #expect(whole.status == 200)
        #expect(whole.body == content)
        for range in [0..<1, 16_383..<16_386, 100..<700_000, 8_999_999..<9_000_001, 1_000_000..<8_000_000] {
            let part = try client.get(
                "/cells/large.bin",
                flags + ["-r", "\(range.lowerBound)-\(range.upperBound - 1)"]
            )
            #expect(part.status == 206)
            #expect(part.body == Array(content[range]), "\(range)")
        }
    }

    @Test("A reader that pauses gets every byte, and stops nobody else meanwhile")
    func slowReader() throws {
        let one = try certificates.make("one.example")
        ExportFixture().write("cells", in: folder)
        let content = LifecycleContent.large
        folder.write("cells/large.bin", content)
        let gateway = try Gateway([folder.path, "--tls", one.both, "--workers", "1"])
        let slow = try ChildProcess(
            "curl",
            [
                "-sSk", "--limit-rate", "12M", "--noproxy", "*", "-o", folder("received"),
                "https://127.0.0.1:\(gateway.port)/cells/large.bin",
            ],
            directory: "/",
            output: folder("output"),
            error: folder("error")
        )
        let begins = Deadline(seconds: 30).wait { (readFile(folder("received")) ?? []).count > 0 }
        #expect(begins)
        slow.send(signal: SIGSTOP)
        let client = TLSClient(port: gateway.port, trusted: one.certificate)
        for _ in 0..<3 {
            #expect(try client.get("/cells/large.bin").body == content)
        }
        slow.send(signal: SIGCONT)
        #expect(slow.waitForEnd(seconds: 60) == .exit(0))
        #expect(readFile(folder("received")) == content)
    }
}

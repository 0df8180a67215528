import COpenSSL
import Glibc
import Testing
import Transport

@Suite(.enabled(if: TLSTestFiles.isAvailable))
struct TLSHandshakeTests {
    private func context(
        _ paths: [String] = [TLSTestFiles.one],
        protocols: [String] = ["http/1.1"],
        previous: TLSContext? = nil
    ) throws -> TLSContext {
        try TLSContext(
            certificates: paths.map { TLSCertificateFiles(certificatePath: $0) },
            applicationProtocols: protocols,
            previous: previous
        )
    }

    @Test(arguments: [(TLS1_2_VERSION, "TLSv1.2"), (TLS1_3_VERSION, "TLSv1.3")])
    func allowedVersions(version: Int32, name: String) throws {
        let pair = try TLSTestPair(context(), .init(version: version))
        try pair.establish()
        #expect(pair.session.isEstablished)
        #expect(pair.session.protocolVersion == name)
        #expect(pair.session.cipherName.hasPrefix(version == TLS1_3_VERSION ? "TLS_" : "ECDHE-ECDSA-"))
        #expect(pair.session.serverName == nil)
        #expect(!pair.session.isResumed)
    }

    @Test(arguments: [TLS1_VERSION, TLS1_1_VERSION])
    func oldVersionsAreRefused(version: Int32) throws {
        let pair = try TLSTestPair(context(), .init(version: version))
        #expect(throws: TLSError.handshake(reason: "unsupported protocol")) { try pair.establish() }
        #expect(throws: TLSError.handshake(reason: "unsupported protocol")) { try pair.session.handshake() }
        #expect(pair.client.receive(pair.clientDescriptor) == 7, "the alert has left")
    }

    @Test(arguments: [TLS1_2_VERSION, TLS1_3_VERSION])
    func byteByByte(version: Int32) throws {
        let pair = try TLSTestPair(context(), .init(version: version))
        var progress = TLSProgress.wantRead
        for _ in 0..<10 where progress != .done {
            _ = pair.client.handshake()
            let flight = pair.client.takeOutput()
            for (index, byte) in flight.enumerated() {
                pair.sendRaw([byte])
                progress = try pair.session.handshake()
                if index < flight.count - 1 { #expect(progress == .wantRead) }
            }
            pair.client.receive(pair.clientDescriptor)
        }
        #expect(progress == .done)
        #expect(pair.client.handshake())
    }

    @Test func dataBehindTheHandshakeIsKept() throws {
        let pair = try TLSTestPair(context())
        _ = pair.client.handshake()
        pair.client.exchange(pair.clientDescriptor)
        #expect(try pair.session.handshake() == .wantRead)
        pair.client.receive(pair.clientDescriptor)
        #expect(pair.client.handshake())
        pair.client.write(Array("GET / HTTP/1.1\r\n".utf8))
        pair.client.exchange(pair.clientDescriptor)
        #expect(try pair.session.handshake() == .done)
        #expect(pair.session.mayHaveMoreInput)
        #expect(try pair.read().bytes == Array("GET / HTTP/1.1\r\n".utf8))
    }

    @Test func aFullSocketHoldsTheHandshakeUp() throws {
        let pair = try TLSTestPair(context([TLSTestFiles.three]), bufferBytes: 1)
        _ = pair.client.handshake()
        pair.client.exchange(pair.clientDescriptor)
        // Fills the server's send buffer from outside the session.
        let filler = [UInt8](repeating: 0, count: 64)
        var filled = 0
        while case let count = send(pair.serverDescriptor, filler, filler.count, Int32(MSG_NOSIGNAL)),
            count > 0
        {
            filled += count
        }
        #expect(try pair.session.handshake() == .wantWrite)
        #expect(pair.session.hasPendingOutput)
        var drain = [UInt8](repeating: 0, count: filled)
        #expect(recv(pair.clientDescriptor, &drain, filled, Int32(MSG_WAITALL)) == filled)
        for _ in 0..<100 {
            pair.client.receive(pair.clientDescriptor)
            if try pair.session.handshake() == .wantRead { break }
        }
        try pair.establish()
    }

    @Test(
        arguments: [
            (["h2", "http/1.1"], ["http/1.1", "h2"], "h2"), (["http/1.1"], ["h2", "http/1.1"], "http/1.1"),
            (["h2"], ["spdy/3"], nil), (["h2"], [], nil), ([], ["h2"], nil),
        ] as [([String], [String], String?)]
    )
    func applicationProtocols(server: [String], client: [String], expected: String?) throws {
        let pair = try TLSTestPair(context(protocols: server), .init(applicationProtocols: client))
        try pair.establish()
        #expect(pair.session.negotiatedProtocol == expected)
        #expect(pair.session.isHTTP2 == (expected == "h2"))
        #expect(pair.client.negotiatedProtocol == expected)
    }

    @Test(
        arguments: [
            (nil, "one"), ("one.example", "one"), ("TWO.example", "two"), ("x.two.example", "two"),
            ("a.two.example", "three"), ("y.x.two.example", "one"), ("unknown", "one"),
        ] as [(String?, String)],
        [TLS1_2_VERSION, TLS1_3_VERSION]
    )
    func certificateByServerName(name: (String?, String), version: Int32) throws {
        let context = try context([TLSTestFiles.one, TLSTestFiles.two, TLSTestFiles.three])
        let pair = try TLSTestPair(context, .init(version: version, serverName: name.0))
        try pair.establish()
        #expect(pair.client.serverCommonName == name.1)
        #expect(pair.session.serverName == name.0)
    }

    @Test(arguments: [TLS1_2_VERSION, TLS1_3_VERSION])
    func resumption(version: Int32) throws {
        let first = try context([TLSTestFiles.one, TLSTestFiles.two])
        let reloaded = try context([TLSTestFiles.two, TLSTestFiles.three], previous: first)
        let reloadedTwice = try context([TLSTestFiles.one], previous: reloaded)
        let stranger = try context([TLSTestFiles.one])
        let cases = [(first, true), (reloaded, true), (reloadedTwice, true), (stranger, false)]
        for (context, isResumed) in cases {
            let session = try #require(try resumableSession(first, version: version))
            defer { SSL_SESSION_free(session) }
            let options = TLSTestClient.Options(
                version: version,
                serverName: "two.example",
                session: session
            )
            let pair = try TLSTestPair(context, options)
            try pair.establish()
            #expect(pair.session.isResumed == isResumed)
            pair.client.write([1, 2, 3])
            pair.client.exchange(pair.clientDescriptor)
            #expect(try pair.read().bytes == [1, 2, 3])
        }
    }

    @Test(arguments: ["GET / HTTP/1.1\r\n", "OPTIONS * HTTP/1.1\r\n", "P"])
    func plainHTTP(text: String) throws {
        let pair = try TLSTestPair(context())
        pair.sendRaw(Array(text.utf8))
        #expect(throws: TLSError.plainHTTP) { try pair.session.handshake() }
        #expect(throws: TLSError.plainHTTP) { try pair.session.handshake() }
        #expect(pair.client.receive(pair.clientDescriptor) == 0, "nothing was sent")
    }

    @Test(arguments: [[0x16, 0x03, 0x01, 0xff, 0xff, 0x01], [0x00, 0x01, 0x02, 0x03, 0x04]])
    func noise(bytes: [UInt8]) throws {
        let pair = try TLSTestPair(context())
        pair.sendRaw(bytes)
        #expect {
            _ = try pair.session.handshake()
        } throws: { error in
            guard case .handshake(let reason)? = error as? TLSError else { return false }
            return !reason.isEmpty && reason != "unknown reason"
        }
    }

    @Test func endWithinTheHandshake() throws {
        let pair = try TLSTestPair(context())
        _ = pair.client.handshake()
        pair.sendRaw(Array(pair.client.takeOutput().prefix(20)))
        #expect(try pair.session.handshake() == .wantRead)
        pair.closeClient()
        #expect(throws: TLSError.closed) { try pair.session.handshake() }
    }

    @Test func clientThatDoesNotTrustTheCertificate() throws {
        let pair = try TLSTestPair(context(), .init(verifiesCertificate: true))
        let expected = TLSError.handshake(reason: "tlsv1 alert unknown ca")
        #expect(throws: expected) { try pair.establish() }
    }

    /// A session with a ticket, from a connection to `two.example`.
    private func resumableSession(_ context: TLSContext, version: Int32) throws -> OpaquePointer? {
        let pair = try TLSTestPair(context, .init(version: version, serverName: "two.example"))
        try pair.establish()
        pair.client.receive(pair.clientDescriptor)
        #expect(pair.client.read().isEmpty)
        // OpenSSL marks a session as not to be resumed when its connection goes away without a close.
        pair.client.sendClose()
        return pair.client.takeSession()
    }
}

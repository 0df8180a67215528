import TestSupport
import Testing

/// Checks from outside the repository of what goes through the gateway: recorded answers to events and session bundles,
/// and a suite of WebSocket tunnels.
///
/// They lie in a folder `shared` beside the repository. Without them, the tests are skipped.
@Suite(.enabled(if: CellucidServer.areInstalled, "the Cellucid servers are not there"))
struct SharedUpstreamTests {
    private static let shared = Repository.root + "/../shared"

    private static func isThere(_ file: String) -> Bool {
        if readFile("\(shared)/\(file)") != nil { return true }
        print("skipped: there is no \(shared)/\(file)")
        return false
    }

    // MARK: Recorded answers

    private static let hasRecording: Bool = {
        guard isThere("golden/viewer.jsonl") else { return false }
        let python = try? ChildProcess.run("python3", ["-c", "import numpy"])
        if python?.ending == .exit(0) { return true }
        print("skipped: golden/viewer.jsonl needs python3 with numpy")
        return false
    }()

    @Test(
        "Events and session bundles are answered as they were recorded, at a mount and at the root",
        .enabled(if: hasRecording, "the recording or NumPy are not there"),
        arguments: [true, false]
    )
    func recordedViewer(isMounted: Bool) throws {
        let (viewer, failing) = ("golden-viewer", "golden-raising-viewer")
        let server = try CellucidServer(
            .v009,
            data: "\(Self.shared)/datasets/exports/pbmc_plain",
            viewers: [viewer, failing]
        )
        try server.letFail(failing)
        for number in 1...8 { try server.expect("golden-req-\(number)", of: viewer) }
        let backends = try RealBackends([server])
        let mount = isMounted ? ["--prefix", "/\(server.mount)", "--server-prefix", "/\(server.mount)"] : []
        let result = TemporaryDirectory()
        let run = try ChildProcess.run(
            "python3",
            [
                "-B", "\(Self.shared)/golden/compare.py", "--base",
                "http://127.0.0.1:\(backends.gateway.port)",
                "--golden", "\(Self.shared)/golden/viewer.jsonl", "--keepalive", "--text", "exact",
                "--json", result("outcomes.json"),
            ] + mount
        )
        let outcomes = try JSON(readFile(result("outcomes.json")) ?? []).elements
        #expect(outcomes.count >= 20, "\(run.error)")
        let failures = outcomes.filter { $0["ok"] != .bool(true) }
        #expect(failures.isEmpty, "\(failures)")

        let head = (readFile("\(Self.shared)/golden/viewer.jsonl") ?? []).prefix { $0 != UInt8(ascii: "\n") }
        let expected = try #require(try JSON(Array(head))["delivered"]?.elements)
        let events = server.deliveries(expected.count).map { delivery -> JSON in
            guard case .object(var members) = delivery.event else { return .null }
            members["path"] = nil
            return .object(members)
        }
        // At the root the gateway has asked whose viewer it is.
        #expect(events.filter { $0["requestId"]?.text != "gateway" } == expected)
    }

    // MARK: WebSocket tunnels

    @Test(
        "The suite of WebSocket tunnels finds nothing wrong",
        .enabled(if: isThere("suites/ws_tunnel.py"), "the suite is not there"),
        arguments: [false, true]
    )
    func tunnels(usesTLS: Bool) throws {
        let folder = TemporaryDirectory()
        let reserved = try RefusingPort()
        let port = reserved.number
        folder.write(
            "gateway.json5",
            """
            { datasets: [
              { mount: "suite", kind: "upstream", url: "http://127.0.0.1:\(port)", generation: "0.9.5" },
            ] }
            """
        )
        let flags = usesTLS ? ["--tls", try TLSCertificates(in: folder).make("localhost").both] : []
        let gateway = try GatewayProcessUnderTest(["--config", folder("gateway.json5")] + flags)
        let run = try ChildProcess.run(
            CellucidServer.Version.v095.python,
            [
                "-B", "\(Self.shared)/suites/ws_tunnel.py",
                "\(usesTLS ? "https" : "http")://localhost:\(gateway.port)/suite/tunnel", "--listen",
                "\(port)",
                "--pid", "\(gateway.processID)", "--idle", "2",
            ]
        )
        let output = String(decoding: run.output, as: UTF8.self)
        #expect(output.contains(" passed, 0 failed"), "\(output)\(run.error)")
        withExtendedLifetime(reserved) {}
    }
}

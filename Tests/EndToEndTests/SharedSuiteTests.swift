import TestSupport
import Testing

/// Checks from outside the repository: recorded answers of the Python server, and a suite of ranges and conditions.
///
/// They lie in a folder `shared` beside the repository and need Python, the recordings NumPy as well. Without them,
/// the tests are skipped.
struct SharedSuiteTests {
    private static let shared = Repository.root + "/../shared"

    private static func isThere(_ file: String) -> Bool {
        if readFile("\(shared)/\(file)") != nil { return true }
        print("skipped: there is no \(shared)/\(file)")
        return false
    }

    private static func isThere(_ file: String, module: String) -> Bool {
        guard isThere(file) else { return false }
        let python = try? ChildProcess.run("python3", ["-c", "import \(module)"])
        guard python?.ending == .exit(0) else {
            print("skipped: \(file) needs python3 with \(module)")
            return false
        }
        return true
    }

    // MARK: Recorded answers

    private static let hasRecordings = isThere("golden/compare.py", module: "numpy")

    @Test(
        "The answers are those that were recorded, but for the differences on purpose",
        .enabled(if: hasRecordings, "the recordings or NumPy are not there"),
        arguments: [
            ("exports_root", "exports"), ("exports_single_pbmc_plain", "exports/pbmc_plain"),
            ("exports_single_pbmc_q8_gz", "exports/pbmc_q8_gz"),
        ]
    )
    func recordedAnswers(recording: String, folder: String) throws {
        let gateway = try GatewayProcessUnderTest(["\(Self.shared)/datasets/\(folder)"])
        try replay(recording, to: gateway, atLeast: 200)
    }

    @Test(
        "The viewer's files are answered as they were recorded, but for the differences on purpose",
        .enabled(if: hasRecordings, "the recordings or NumPy are not there"),
        arguments: [("webui_exports", true), ("webui_anndata", true), ("webui_unreachable", false)]
    )
    func recordedViewer(recording: String, hasBuild: Bool) throws {
        let folder = TemporaryDirectory()
        if hasBuild {
            let imported = try ChildProcess.run(
                GatewayProcessUnderTest.executable,
                ["web-app", "import", "\(Self.shared)/datasets/webui", "--cache-dir", folder("cache")]
            )
            #expect(imported.ending == .exit(0), "\(imported.error)")
        }
        let gateway = try GatewayProcessUnderTest(
            [
                "\(Self.shared)/datasets/exports", "--cache-dir", folder("cache"), "--web-app-origin",
                "https://viewer.invalid",
            ],
            hasWebApp: true
        )
        try replay(recording, to: gateway, atLeast: hasBuild ? 20 : 4)
    }

    /// Asks what was recorded, and compares the answers.
    private func replay(_ recording: String, to gateway: GatewayProcessUnderTest, atLeast count: Int) throws {
        let result = TemporaryDirectory()
        let golden = "\(Self.shared)/golden/\(recording).jsonl"
        let run = try ChildProcess.run(
            "python3",
            [
                "-B", "\(Self.shared)/golden/compare.py", "--base", "http://127.0.0.1:\(gateway.port)",
                "--golden", golden, "--keepalive", "--json", result("outcomes.json"),
            ]
        )
        let outcomes = try JSON(readFile(result("outcomes.json")) ?? []).elements
        #expect(outcomes.count >= count, "\(run.error)")
        let requests = try requests(of: golden)
        let expected = try GoldenDifferences().lines.filter { $0.covers(recording) }
        var seen: Set<GoldenDifferences.Line> = []
        var unexpected: [String] = []
        for outcome in outcomes where outcome["ok"] != .bool(true) {
            let id = try #require(outcome["id"]?.text)
            let request = try #require(requests[id])
            let matching = expected.filter {
                $0.covers(recording, method: request.method, path: request.path)
            }
            seen.formUnion(matching)
            guard matching.isEmpty else { continue }
            let problems = outcome["problems"]?.elements.compactMap(\.text).joined(separator: "; ") ?? ""
            unexpected.append("\(id) \(request.method) \(request.path): \(problems)")
        }
        let shown = unexpected.prefix(20).joined(separator: "\n")
        #expect(unexpected.isEmpty, "\(unexpected.count) answers differ, first\n\(shown)")
        for line in expected where !seen.contains(line) {
            Issue.record("\(line.method) \(line.path) does not differ any more; take it off the list")
        }
    }

    /// Method and path of each recorded request, by its id.
    private func requests(of golden: String) throws -> [String: (method: String, path: String)] {
        var result: [String: (method: String, path: String)] = [:]
        for line in (readFile(golden) ?? []).split(separator: UInt8(ascii: "\n")) {
            let record = try JSON(Array(line))
            guard let id = record["id"]?.text, let request = record["request"],
                let method = request["method"]?.text, let path = request["path"]?.text
            else { continue }
            result[id] = (method, path)
        }
        return result
    }

    // MARK: Ranges and conditions

    private static let hasRangeSuite = isThere("suites/range_matrix.py", module: "ssl")

    @Test(
        "The suite of ranges and conditions finds nothing wrong",
        .enabled(if: hasRangeSuite, "the suite or Python are not there"),
        arguments: [
            "pbmc_q16/points_2d.bin", "pbmc_gzip/points_2d.bin.gz", "pbmc_q16/obs_manifest.json",
            "pbmc_gzip/obs_manifest.json",
        ],
        [false, true]
    )
    func ranges(file: String, usesTLS: Bool) throws {
        let folder = TemporaryDirectory()
        let flags = usesTLS ? try tlsFlags(in: folder) : []
        let gateway = try GatewayProcessUnderTest([Repository.demo] + flags)
        try runRangeSuite(
            "\(usesTLS ? "https" : "http")://localhost:\(gateway.port)/\(file)",
            [
                "--file", "\(Repository.demo)/\(file)",
            ]
        )
    }

    @Test(
        "The suite finds nothing wrong with a large and an empty file",
        .enabled(if: hasRangeSuite, "the suite or Python are not there"),
        arguments: [false, true]
    )
    func rangesOfLargeFile(usesTLS: Bool) throws {
        let folder = TemporaryDirectory()
        let flags = usesTLS ? try tlsFlags(in: folder) : []
        let export = try ServedExport(
            ["large.f32": ExportFixture.noise(300_000), "empty.bin": []],
            arguments: flags
        )
        let base = "\(usesTLS ? "https" : "http")://localhost:\(export.gateway.port)/cells"
        try runRangeSuite(
            "\(base)/large.f32",
            [
                "--file", export.path("large.f32"), "--empty", "\(base)/empty.bin",
            ]
        )
    }

    private func runRangeSuite(_ url: String, _ arguments: [String]) throws {
        try runSuite("range_matrix", python: "python3", [url] + arguments)
    }

    // MARK: HTTP/2

    /// A Python with the modules that the suites need for HTTP/2; `nil` as well when they are not there.
    private static let http2Python: String? = {
        let suites = ["suites/range_matrix.py", "suites/idle_conns.py"]
        return suites.allSatisfy { isThere($0) } ? Repository.python(with: "h2, ssl") : nil
    }()

    @Test(
        "The suite of ranges and conditions finds nothing wrong over HTTP/2",
        .enabled(if: http2Python != nil, "the suite or Python's h2 are not there"),
        arguments: [false, true]
    )
    func rangesOverHTTP2(usesTLS: Bool) throws {
        let python = try #require(Self.http2Python)
        let folder = TemporaryDirectory()
        var files = ["large.f32": ExportFixture.noise(300_000), "empty.bin": []]
        // Large enough to be coded.
        files["large.json"] = ExportFixture(genes: (0..<500).map { "GENE\($0)" }).files["var_manifest.json"]
        let export = try ServedExport(
            files,
            arguments: usesTLS ? try tlsFlags(in: folder) : ["--h2c"]
        )
        let base = "\(usesTLS ? "https" : "http")://localhost:\(export.gateway.port)/cells"
        for file in ["large.f32", "large.json", "points_3d.bin.gz"] {
            let arguments = ["--h2", "--file", export.path(file), "--empty", "\(base)/empty.bin"]
            try runSuite("range_matrix", python: python, ["\(base)/\(file)"] + arguments)
        }
    }

    @Test(
        "Idle HTTP/2 connections take little memory and give it back",
        .enabled(if: http2Python != nil, "the suite or Python's h2 are not there"),
        arguments: [(false, 24), (true, 64)]
    )
    func idleConnections(usesTLS: Bool, kibibytes: Int) throws {
        let python = try #require(Self.http2Python)
        let folder = TemporaryDirectory()
        let export = try ServedExport(
            arguments: usesTLS ? try tlsFlags(in: folder) : ["--h2c"]
        )
        let arguments = [
            "\(usesTLS ? "https" : "http")://localhost:\(export.gateway.port)/cells/obs_manifest.json",
            "--h2",
            "--pid", "\(export.gateway.processID)", "--n", "500", "--max-kib", "\(kibibytes)",
        ]
        // The first few hundred connections also make the allocator's arenas what they will be.
        let warmUp = try ChildProcess.run(python, ["-B", "\(Self.shared)/suites/idle_conns.py"] + arguments)
        #expect(!warmUp.output.isEmpty, "\(warmUp.error)")
        try runSuite("idle_conns", python: python, arguments)
    }

    private func runSuite(_ name: String, python: String, _ arguments: [String]) throws {
        let run = try ChildProcess.run(python, ["-B", "\(Self.shared)/suites/\(name).py"] + arguments)
        let output = String(decoding: run.output, as: UTF8.self)
        // How fast the machine is at the moment is not the question.
        let failures = output.split(separator: "\n").filter {
            $0.hasPrefix("FAIL ") && !$0.hasPrefix("FAIL a new client is served within")
        }
        #expect(failures.isEmpty, "\(arguments)\n\(output)\(run.error)")
        #expect(output.contains(" passed, "), "\(arguments)\n\(output)\(run.error)")
    }

    /// What makes a gateway answer with TLS.
    private func tlsFlags(in folder: TemporaryDirectory) throws -> [String] {
        ["--tls", try TLSCertificates(in: folder).make("localhost").both]
    }
}

import Glibc
import TestSupport
import Testing

/// The notebook of docs/notebooks.md, run as it is written there, with the viewer object of the real Cellucid 0.0.9.
@Suite(.serialized, .enabled(if: CellucidServer.areInstalled && TLSCertificates.isAvailable))
struct NotebookDocumentationTests {
    /// A gateway with HTTPS, and a folder with the programs of the document and an export.
    private struct Stage {
        let folder = TemporaryDirectory()
        let gateway: GatewayProcessUnderTest
        let both: String
        private let certificate: String

        init(_ arguments: [String] = [], hasWebApp: Bool = false) throws {
            let document = String(
                decoding: readFile(Repository.root + "/docs/notebooks.md") ?? [],
                as: UTF8.self
            )
            for match in document.matches(of: /<!-- snippet: (\S+) -->\n```\w+\n((?s).*?)\n```\n/) {
                folder.write(String(match.output.1), String(match.output.2) + "\n")
            }
            ExportFixture().write("my-export", in: folder)
            ExportFixture().write("root/cells", in: folder)
            let files = try TLSCertificates(in: folder).make("localhost")
            certificate = files.certificate
            both = files.both
            gateway = try GatewayProcessUnderTest(
                [folder("root"), "--tls", both] + arguments,
                hasWebApp: hasWebApp
            )
        }

        /// Runs a program of Tests/Cellucid, which ends with the line "done".
        func run(_ program: String, _ arguments: [String]) throws {
            let version = CellucidServer.Version.v009
            let child = try ChildProcess(
                version.python,
                ["-W", "ignore", "\(Repository.root)/Tests/Cellucid/\(program)"] + arguments,
                environment: [
                    "PATH=\(getenv("PATH").map { String(cString: $0) } ?? "/usr/bin:/bin")", "no_proxy=*",
                    "HOME=\(folder.path)", "SSL_CERT_FILE=\(certificate)",
                    "GATEWAY=https://127.0.0.1:\(gateway.port)", "ORIGIN=https://localhost:\(gateway.port)",
                ],
                directory: folder.path,
                output: folder("output"),
                error: folder("error")
            )
            let ending = child.waitForEnd(seconds: 180)
            let (error, output) = (text("error"), text("output"))
            #expect(ending == .exit(0), "\(error)")
            #expect(output.hasSuffix("done\n"), "\(output)")
        }

        private func text(_ name: String) -> String {
            String(decoding: readFile(folder(name)) ?? [], as: UTF8.self)
        }
    }

    @Test("A notebook registers its server, hears its viewer over HTTPS, and goes")
    func notebook() throws {
        let bundle = "\(CellucidServer.Version.v009.environment)/data/saved.cellucid-session"
        try Stage().run("run_notebook.py", [bundle])
    }

    // MARK: In a browser

    private static let browser: String? = {
        for name in ["chromium", "chromium-browser", "google-chrome"] {
            if let result = try? ChildProcess.run(name, ["--version"]), result.ending == .exit(0) {
                return name
            }
        }
        print("skipped: the notebook's browser test needs the program chromium")
        return nil
    }()

    @Test(
        "The viewer's iframe in a notebook with HTTPS shows the gateway's page, which reaches the notebook",
        .enabled(if: browser != nil, "chromium is not there")
    )
    func iframe() throws {
        let cache = TemporaryDirectory()
        let imported = try ChildProcess.run(
            GatewayProcessUnderTest.executable,
            ["web-app", "import", "\(Repository.root)/Tests/Cellucid/page", "--cache-dir", cache.path]
        )
        try #require(imported.ending == .exit(0), "\(imported.error)")
        let stage = try Stage(
            ["--cache-dir", cache.path, "--web-app-origin", "https://viewer.invalid"],
            hasWebApp: true
        )
        try stage.run(
            "show_notebook.py",
            [
                stage.both, "python3", "-B", "\(Repository.root)/Tests/WebApp/browse.py", "--wait", "90000",
                "--chromium", try #require(Self.browser), "--option=--ignore-certificate-errors",
            ]
        )
    }
}

import TestSupport
import Testing

/// A page in a real browser that loads the files of a dataset by HTTPS.
struct BrowserTests {
    /// The browser's program; a line on the output says so when there is none.
    private static let browser: String? = {
        for name in ["chromium", "chromium-browser", "google-chrome"] {
            if let result = try? ChildProcess.run(name, ["--version"]), result.ending == .exit(0) {
                return name
            }
        }
        print("skipped: the browser test needs the program chromium")
        return nil
    }()

    private static let page = """
        <!DOCTYPE html>
        <html><head><meta charset="utf-8"><link rel="icon" href="data:,"></head>
        <body><pre id="result">nothing</pre><script src="probe.js"></script></body></html>
        """

    /// Writes lines `name=value` into the page.
    private static let script = """
        const lines = [];
        function checksum(bytes) {
          let a = 1, b = 0;
          for (const byte of bytes) { a = (a + byte) % 65521; b = (b + a) % 65521; }
          return b * 65536 + a;
        }
        async function load(name, file, options) {
          const response = await fetch(file, options);
          const bytes = new Uint8Array(await response.arrayBuffer());
          lines.push(`${name}=${response.status} ${bytes.length} ${checksum(bytes)}`);
          return { response, bytes };
        }
        async function run() {
          lines.push(`protocol=${location.protocol}`);
          lines.push(`version=${performance.getEntriesByType("navigation")[0].nextHopProtocol}`);
          const identity = await load("identity", "dataset_identity.json");
          const document_ = JSON.parse(new TextDecoder().decode(identity.bytes));
          lines.push(`id=${document_.id} ${document_.stats.n_cells}`);
          await load("observations", "obs_manifest.json");
          const variables = await load("variables", "var_manifest.json");
          lines.push(`coding=${variables.response.headers.get("Content-Encoding")}`);
          lines.push(`type=${variables.response.headers.get("Content-Type")}`);
          const points = await load("points", "points_2d.bin");
          lines.push(`float=${new DataView(points.bytes.buffer).getFloat32(0, true)}`);
          const part = await load("part", "points_2d.bin", { headers: { Range: "bytes=100-1099" } });
          lines.push(`range=${part.response.headers.get("Content-Range")}`);
          const packed = await load("packed", "points_3d.bin.gz");
          const stream = new Blob([packed.bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
          const plain = new Uint8Array(await new Response(stream).arrayBuffer());
          lines.push(`unpacked=200 ${plain.length} ${checksum(plain)}`);
          await load("again", "obs_manifest.json", { cache: "no-cache" });
          const several = await Promise.all(Array.from({ length: 12 }, () => fetch("var/CD3D.values.f32")));
          lines.push(`several=${several.filter((response) => response.ok).length}`);
          const listing = await (await fetch("/_cellucid/datasets")).json();
          lines.push(`listing=${listing.datasets.map((dataset) => dataset.path)}`);
          const versions = performance.getEntriesByType("resource").map((entry) => entry.nextHopProtocol);
          lines.push(`versions=${versions.length > 5} ${[...new Set(versions)]}`);
        }
        run().then(() => lines.push("end=well"), (error) => lines.push(`end=${error}`)).then(() => {
          document.getElementById("result").textContent = lines.join("\\n");
        });
        """

    @Test(
        "A page from the gateway gets the bytes of the dataset's files",
        .enabled(if: browser != nil && TLSCertificates.isAvailable),
        arguments: [("true", "h2"), ("false", "http/1.1")]
    )
    func page(offersHTTP2: String, version: String) throws {
        let folder = TemporaryDirectory()
        var fixture = ExportFixture(id: "browser", genes: ["CD3D"] + (0..<500).map { "GENE\($0)" })
        fixture.files = fixture.files.filter { !$0.key.hasPrefix("var/GENE") }
        fixture.files["probe.html"] = Array(Self.page.utf8)
        fixture.files["probe.js"] = Array(Self.script.utf8)
        fixture.write("data/cells", in: folder)
        let certificate = try TLSCertificates(in: folder).make("localhost")
        let gateway = try GatewayProcessUnderTest([
            folder("data"), "--tls", certificate.both, "--http2", offersHTTP2,
            "--access-log=\(folder("access.log"))",
        ])
        // Chromium writes crash reports and more to the home folder, whatever its profile.
        folder.makeFolder("home")
        let result = try ChildProcess.run(
            "env",
            [
                "-u", "XDG_CACHE_HOME", "-u", "XDG_CONFIG_HOME", "HOME=\(folder("home"))",
                #require(Self.browser),
                "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
                "--no-first-run",
                "--disable-extensions", "--disable-background-networking", "--ignore-certificate-errors",
                "--user-data-dir=\(folder("profile"))", "--enable-logging=stderr",
                "--virtual-time-budget=30000",
                "--dump-dom", "https://127.0.0.1:\(gateway.port)/cells/probe.html",
            ],
            seconds: 60
        )
        let text = String(decoding: result.output, as: UTF8.self)
        let log = String(decoding: readFile(folder("access.log")) ?? [], as: UTF8.self)
        let lines = try #require(
            text.firstMatch(of: /<pre id="result">([^<]*)</),
            "\(text)\n\(result.error)\n\(log)"
        )
        var values: [String: String] = [:]
        for line in lines.output.1.split(separator: "\n") {
            let parts = line.split(separator: "=", maxSplits: 1)
            values[String(parts[0])] = parts.count == 2 ? String(parts[1]) : ""
        }
        #expect(values["end"] == "well", "\(text)")
        #expect(values["protocol"] == "https:")
        #expect(values["version"] == version)
        #expect(values["versions"] == "true \(version)")
        #expect(values["id"] == "browser 1000")
        for (name, file) in [
            ("identity", "dataset_identity.json"), ("observations", "obs_manifest.json"),
            ("variables", "var_manifest.json"), ("points", "points_2d.bin"), ("packed", "points_3d.bin.gz"),
            ("again", "obs_manifest.json"),
        ] {
            let bytes = try #require(fixture.files[file])
            #expect(values[name] == "200 \(bytes.count) \(Self.checksum(bytes))", "\(name)")
        }
        let points = try #require(fixture.files["points_2d.bin"])
        #expect(values["part"] == "206 1000 \(Self.checksum(points[100..<1100]))")
        #expect(values["range"] == "bytes 100-1099/\(points.count)")
        #expect(values["float"] == "-1")
        #expect(values["coding"] == "gzip")
        #expect(values["type"]?.hasPrefix("application/json") == true)
        let packed = try #require(fixture.files["points_3d.bin.gz"])
        let unpacked = try gunzip(packed)
        let plain = try #require(unpacked)
        #expect(values["unpacked"] == "200 \(plain.count) \(Self.checksum(plain))")
        #expect(values["several"] == "12")
        #expect(values["listing"] == "/cells/")
        let console = result.error.split(separator: "\n").filter { $0.contains("CONSOLE") }
        #expect(console.isEmpty)
        #expect(!gateway.errorText.contains("error"))
    }

    private static func checksum(_ bytes: some Sequence<UInt8>) -> Int {
        var first = 1
        var second = 0
        for byte in bytes {
            first = (first + Int(byte)) % 65_521
            second = (second + first) % 65_521
        }
        return second * 65_536 + first
    }
}

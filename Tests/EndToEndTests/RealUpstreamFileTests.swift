import TestSupport
import Testing

/// What real Cellucid servers serve is the same below their mounts.
@Suite(.enabled(if: CellucidServer.areInstalled, "the Cellucid servers are not there"))
struct RealUpstreamFileTests {
    private static let targets: [(CellucidServer.Version, [String])] = [
        (
            .v009,
            [
                "dataset_identity.json", "obs_manifest.json", "var_manifest.json", "points_2d.bin",
                "points_3d.bin.gz",
                "obs/cluster.codes.u8", "var/CD3D.values.f32",
            ]
        ),
        (
            .v093,
            [
                "_cellucid/protocol", "dataset_identity.json", "obs_manifest.json", "var_manifest.json",
                "embeddings/0_2d.bin", "obs/0.codes.u8", "var/2.values.f32",
            ]
        ),
        (.v095, ["_cellucid/protocol", "_cellucid/anndata/cells.h5ad"]),
    ]
    private static let documents = ["_cellucid/health", "_cellucid/info", "_cellucid/datasets"]

    private static func target(_ version: CellucidServer.Version) -> [String] {
        documents + targets.filter { $0.0 == version }.flatMap(\.1)
    }

    @Test("Documents and files are those of the server itself", arguments: CellucidServer.Version.allCases)
    func same(version: CellucidServer.Version) throws {
        let backends = try RealBackends([CellucidServer(version)])
        let server = backends.servers[0]
        for target in Self.target(version) {
            let own = try server.ask("/\(target)")
            let answer = try backends.ask("/\(server.mount)/\(target)")
            #expect(own.status == 200 && answer.status == 200, "\(target) \(answer.text)")
            #expect(answer.body == own.body, "\(target)")
            #expect(answer.values("content-length") == ["\(own.body.count)"], "\(target)")
            let head = try backends.ask("/\(server.mount)/\(target)", method: "HEAD")
            #expect(head.status == 200, "\(target)")
            #expect(head["content-length"] == "\(own.body.count)", "\(target)")
            #expect(head["content-type"] == answer["content-type"], "\(target)")
        }
    }

    @Test("What is not there is 404 as at the server itself", arguments: CellucidServer.Version.allCases)
    func missing(version: CellucidServer.Version) throws {
        let backends = try RealBackends([CellucidServer(version)])
        let server = backends.servers[0]
        for target in ["none.bin", "var/NONE.values.f32", "_cellucid/none", "_cellucid/anndata/none.h5ad"] {
            let own = try server.ask("/\(target)")
            let answer = try backends.ask("/\(server.mount)/\(target)")
            #expect(own.status == 404 && answer.status == 404, "\(target)")
            #expect(answer["cache-control"] != "public, max-age=3600", "\(target)")
        }
    }

    @Test(
        "Parts of files are answered, also where the server knows no ranges",
        arguments: zip(
            CellucidServer.Version.allCases,
            ["points_2d.bin", "embeddings/0_2d.bin", "_cellucid/anndata/cells.h5ad"]
        )
    )
    func ranges(version: CellucidServer.Version, file: String) throws {
        let backends = try RealBackends([CellucidServer(version)])
        let server = backends.servers[0]
        let whole = try server.ask("/\(file)").body
        let path = "/\(server.mount)/\(file)"
        for (range, part) in [
            ("0-9", 0..<10), ("100-", 100..<whole.count), ("-7", whole.count - 7..<whole.count),
        ] {
            let answer = try backends.ask(path, ["Range: bytes=\(range)"])
            #expect(answer.status == 206, "\(range)")
            #expect(
                answer["content-range"] == "bytes \(part.lowerBound)-\(part.upperBound - 1)/\(whole.count)"
            )
            #expect(answer.body == Array(whole[part]), "\(range)")
        }
        let beyond = try backends.ask(path, ["Range: bytes=\(whole.count)-"])
        #expect(beyond.status == 416)
        #expect(beyond["content-range"] == "bytes */\(whole.count)")
    }

    @Test("An entity tag of the server is passed, and so are conditions on it")
    func conditions() throws {
        let backends = try RealBackends([CellucidServer(.v095)])
        let path = "/\(backends.servers[0].mount)/_cellucid/anndata/cells.h5ad"
        let tag = try #require(try backends.ask(path)["etag"])
        #expect(try backends.ask(path, ["If-None-Match: \(tag)"]).status == 304)
        #expect(try backends.ask(path, ["If-None-Match: \"other\""]).status == 200)
        #expect(try backends.ask(path, ["Range: bytes=0-3", "If-Range: \(tag)"]).status == 206)
        #expect(try backends.ask(path, ["Range: bytes=0-3", "If-Range: \"other\""]).status == 200)
    }

    @Test("A mount without its slash leads to the one with it, the query kept")
    func redirect() throws {
        let backends = try RealBackends([CellucidServer(.v009)])
        let mount = backends.servers[0].mount
        for query in ["", "?jupyter=true&viewerId=0123456789abcdef"] {
            let answer = try backends.ask("/\(mount)\(query)")
            #expect([301, 302, 307, 308].contains(answer.status))
            #expect(
                answer["location"]?.hasSuffix("/\(mount)/\(query)") == true,
                "\(answer["location"] ?? "")"
            )
        }
    }

    @Test("The listing has the datasets of all servers below their mounts")
    func listing() throws {
        let backends = try RealBackends(CellucidServer.Version.allCases.map { try CellucidServer($0) })
        let listed = try #require(try backends.ask("/_cellucid/datasets").json?["datasets"]?.elements)
        #expect(
            Set(listed.compactMap { $0["path"]?.text }) == Set(backends.servers.map { "/\($0.mount)/" }),
            "\(listed)"
        )
        #expect(
            Set(listed.compactMap { $0["name"]?.text })
                == ["Cells of 0.0.9", "Cells of 0.9.3", "Cells of 0.9.5"],
            "\(listed)"
        )
        let kinds = try backends.ask("/_gateway/datasets").json?["datasets"]?.elements ?? []
        #expect(kinds.count == 3 && kinds.allSatisfy { $0["state"]?.text == "ready" }, "\(kinds)")
    }

    @Test("A root of several export folders is a dataset for each folder")
    func folders() throws {
        let root = TemporaryDirectory()
        ExportFixture(id: "one", name: "First").write("one", in: root)
        ExportFixture(id: "two", name: "Second", cells: 500).write("two", in: root)
        let backends = try RealBackends([CellucidServer(.v009, data: root.path)])
        let server = backends.servers[0]
        let listed = try #require(try backends.ask("/_cellucid/datasets").json?["datasets"]?.elements)
        let paths = listed.compactMap { $0["path"]?.text }.sorted()
        #expect(paths == ["/\(server.mount)-one/", "/\(server.mount)-two/"])
        for (path, folder) in zip(paths, ["one", "two"]) {
            let answer = try backends.ask("\(path)points_2d.bin")
            #expect(answer.status == 200)
            #expect(try answer.body == server.ask("/\(folder)/points_2d.bin").body)
            #expect(try backends.ask("\(path)_cellucid/health").json?["status"]?.text == "ok")
            let own = try backends.ask("\(path)_cellucid/datasets").json?["datasets"]?.elements ?? []
            #expect(!own.isEmpty, "\(path)")
        }
    }
}

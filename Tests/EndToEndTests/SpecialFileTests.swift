import Glibc
import TestSupport
import Testing

/// Links, pipes and other things that are not plain files.
struct SpecialFileTests {
    @Test("Links that stay inside a dataset work")
    func linksInside() throws {
        let export = try ServedExport()
        symlink("points_2d.bin", export.path("alias.bin"))
        symlink("../points_2d.bin", export.path("obs/up.bin"))
        symlink("obs", export.path("observations"))
        symlink("alias.bin", export.path("twice.bin"))
        let connection = try export.connect()
        for name in ["alias.bin", "obs/up.bin", "twice.bin"] {
            let response = try connection.exchange("GET", "/cells/\(name)")
            #expect(response.status == 200, "\(name)")
            #expect(response.body == export.files["points_2d.bin"], "\(name)")
        }
        let response = try connection.exchange("GET", "/cells/observations/cluster.codes.u8")
        #expect(response.body == export.files["obs/cluster.codes.u8"])
    }

    @Test("Links that lead out of a dataset are refused")
    func linksOutside() throws {
        let export = try ServedExport()
        export.root.write("private.txt", "private")
        ExportFixture().write("other", in: export.root)
        symlink("/etc/passwd", export.path("absolute.txt"))
        symlink("../private.txt", export.path("relative.txt"))
        symlink("../other/points_2d.bin", export.path("sibling.bin"))
        symlink("../other", export.path("folder"))
        symlink("/", export.path("root"))
        symlink("obs/../../private.txt", export.path("winding.txt"))
        symlink("/proc/self/root/etc/passwd", export.path("magic.txt"))
        let connection = try export.connect()
        let names = [
            "absolute.txt", "relative.txt", "sibling.bin", "folder/points_2d.bin", "root/etc/passwd",
            "winding.txt", "magic.txt",
        ]
        for name in names {
            let response = try connection.exchange("GET", "/cells/\(name)")
            #expect(response.status == 403, "\(name)")
            #expect(!response.text.contains("root:") && response.text != "private", "\(name)")
        }
    }

    @Test("Links to nothing, to folders and to themselves are nothing")
    func uselessLinks() throws {
        let export = try ServedExport()
        symlink("obs", export.path("folder"))
        symlink("nothing", export.path("dangling.bin"))
        symlink("circle.bin", export.path("circle.bin"))
        let connection = try export.connect()
        #expect(try connection.exchange("GET", "/cells/folder").status == 404)
        #expect(try connection.exchange("GET", "/cells/dangling.bin").status == 404)
        #expect([403, 404].contains(try connection.exchange("GET", "/cells/circle.bin").status))
    }

    @Test("The folder of a dataset may itself be a link")
    func linkedDataset() throws {
        let export = try ServedExport()
        let elsewhere = TemporaryDirectory()
        let fixture = ExportFixture(id: "linked")
        fixture.write("real", in: elsewhere)
        symlink(elsewhere("real"), export.root("linked"))
        let gateway = try GatewayProcessUnderTest([export.root.path])
        let response = try gateway.connect().exchange("GET", "/linked/points_2d.bin")
        #expect(response.status == 200)
        #expect(response.body == fixture.files["points_2d.bin"])
    }

    @Test("Pipes, sockets and devices in a dataset are no files, and nobody waits for them")
    func pipesAndSockets() throws {
        let export = try ServedExport(arguments: ["--workers", "1"])
        #expect(mkfifo(export.path("pipe.bin"), 0o644) == 0)
        #expect(mknod(export.path("socket.bin"), S_IFSOCK | 0o644, 0) == 0)
        symlink("pipe.bin", export.path("link.bin"))
        let connection = try export.connect()
        for name in ["pipe.bin", "socket.bin", "link.bin"] {
            for _ in 0..<3 {
                #expect(try connection.exchange("GET", "/cells/\(name)").status == 404, "\(name)")
            }
        }
        #expect(try connection.exchange("GET", "/cells/points_2d.bin").status == 200)
    }

    @Test("A file without permission is refused", .enabled(if: getuid() != 0))
    func permission() throws {
        let export = try ServedExport(["closed.bin": [1, 2, 3]])
        chmod(export.path("closed.bin"), 0)
        #expect(try export.connect().exchange("GET", "/cells/closed.bin").status == 403)
    }

    @Test("A pipe that takes the place of a file while the gateway runs hangs nobody")
    func fileBecomesPipe() throws {
        let export = try ServedExport(
            ["data.bin": ExportFixture.noise(100_000)],
            arguments: ["--workers", "1"]
        )
        let connection = try export.connect()
        #expect(try connection.exchange("GET", "/cells/data.bin").status == 200)
        unlink(export.path("data.bin"))
        #expect(mkfifo(export.path("data.bin"), 0o644) == 0)
        #expect(
            try Deadline(seconds: 30).wait {
                try connection.exchange("GET", "/cells/data.bin").status == 404
            }
        )
    }
}

import Glibc
import TestSupport
import Testing

/// Datasets that come, change and go while the gateway runs.
struct CatalogueChangeTests {
    private let folder = TemporaryDirectory()
    private let versions = CatalogueVersions()

    /// The paths of the listing.
    private func paths(_ gateway: GatewayProcessUnderTest) throws -> [String] {
        let answer = try gateway.connect().exchange("GET", "/_cellucid/datasets")
        return try JSON(answer.body)["datasets"]?.elements.compactMap { $0["path"]?.text } ?? []
    }

    /// Waits until `file` of the dataset is what version `number` has.
    private func waitForVersion(
        _ number: Int,
        _ file: String = "points_2d.bin",
        on connection: RawConnection
    ) throws -> Bool {
        let wanted = versions.content(file, number)
        return try Deadline(seconds: 30).wait {
            let answer = try connection.exchange("GET", "/cells/\(file)")
            return answer.status == 200 && answer.body == wanted
        }
    }

    /// Makes `cells` a link to the folder `name`, in one step.
    private func link(to name: String) {
        symlink(name, folder(".link"))
        #expect(rename(folder(".link"), folder("cells")) == 0)
    }

    @Test("A dataset that is added appears, one that is removed goes", arguments: ["rename", "in place"])
    func addedAndRemoved(how: String) throws {
        ExportFixture(id: "other").write("root/other", in: folder)
        let gateway = try GatewayProcessUnderTest([folder("root")])
        let connection = try gateway.connect()
        #expect(try paths(gateway) == ["/other/"])
        let fixture = ExportFixture(id: "new")
        fixture.write(how == "rename" ? "staging" : "root/new", in: folder)
        if how == "rename" { rename(folder("staging"), folder("root/new")) }
        #expect(try Deadline(seconds: 30).wait { try paths(gateway) == ["/new/", "/other/"] })
        let points = try connection.exchange("GET", "/new/points_2d.bin")
        #expect(points.body == fixture.files["points_2d.bin"])
        #expect(gateway.waitForErrorText("dataset new is new"))
        if how == "rename" {
            rename(folder("root/new"), folder("staging"))
        } else {
            for file in fixture.files.keys { unlink(folder("root/new/\(file)")) }
            for name in ["obs", "var", ""] { rmdir(folder("root/new/\(name)")) }
        }
        #expect(try Deadline(seconds: 30).wait { try paths(gateway) == ["/other/"] })
        #expect(try connection.exchange("GET", "/new/points_2d.bin").status == 404)
        #expect(try connection.exchange("GET", "/other/points_2d.bin").status == 200)
        #expect(gateway.waitForErrorText("dataset new has gone"))
    }

    @Test("The last dataset goes and comes back")
    func lastDataset() throws {
        versions.write(1, "root/cells", in: folder)
        let gateway = try GatewayProcessUnderTest([folder("root")])
        rename(folder("root/cells"), folder("away"))
        #expect(try Deadline(seconds: 30).wait { try paths(gateway).isEmpty })
        #expect(try gateway.connect().exchange("GET", "/_gateway/readyz").status == 200)
        #expect(try gateway.connect().exchange("GET", "/_gateway/").status == 200)
        rename(folder("away"), folder("root/cells"))
        #expect(try Deadline(seconds: 30).wait { try paths(gateway) == ["/cells/"] })
        #expect(try waitForVersion(1, on: gateway.connect()))
    }

    @Test("The root itself is moved away and comes back")
    func rootMoves() throws {
        versions.write(1, "root/cells", in: folder)
        let gateway = try GatewayProcessUnderTest([folder("root"), "--rescan-seconds", "1"])
        rename(folder("root"), folder("away"))
        #expect(try Deadline(seconds: 30).wait { try paths(gateway).isEmpty })
        #expect(!gateway.hasEnded)
        versions.write(2, "root/cells", in: folder)
        #expect(try waitForVersion(2, on: gateway.connect()))
    }

    @Test("A dataset that is exported anew over the old files is served anew")
    func writtenInPlace() throws {
        versions.write(1, "cells", in: folder)
        let gateway = try GatewayProcessUnderTest([folder.path])
        let connection = try gateway.connect()
        for number in 2...4 {
            versions.write(number, "cells", in: folder)
            for file in CatalogueVersions.files {
                #expect(try waitForVersion(number, file, on: connection), "\(file)")
            }
        }
        let listing = try JSON(connection.exchange("GET", "/_cellucid/datasets").body)
        #expect(listing["datasets"]?.elements.first?["name"] == .string("version 4"))
    }

    @Test("A file that the catalogue does not look at changes and is served anew")
    func otherFileChanges() throws {
        var fixture = ExportFixture()
        fixture.write("cells", in: folder)
        let gateway = try GatewayProcessUnderTest([folder.path])
        let connection = try gateway.connect()
        let path = "var/CD3D.values.f32"
        let old = try connection.exchange("GET", "/cells/\(path)")
        #expect(old.body == fixture.files[path])
        #expect(try connection.exchange("GET", "/cells/var/NEW.values.f32").status == 404)
        fixture.files[path] = ExportFixture.noise(4000)
        folder.write("cells/\(path)", fixture.files[path] ?? [])
        folder.write("cells/var/NEW.values.f32", "new")
        let isNew = try Deadline(seconds: 30).wait {
            try connection.exchange("GET", "/cells/\(path)").body == fixture.files[path]
        }
        #expect(isNew)
        let isThere = try Deadline(seconds: 30).wait {
            try connection.exchange("GET", "/cells/var/NEW.values.f32").text == "new"
        }
        #expect(isThere)
        let tag = try #require(old["ETag"])
        let fresh = try connection.exchange("GET", "/cells/\(path)", ["If-None-Match: \(tag)"])
        #expect(fresh.status == 200)
    }

    @Test("A download under way when its dataset is replaced ends with the bytes it began with")
    func replacedDuringDownload() throws {
        let large = CatalogueVersions(pointsBytes: 24 << 20)
        large.write(1, "root/cells", in: folder)
        let gateway = try GatewayProcessUnderTest([folder("root")])
        let slow = try gateway.connect(receiveBuffer: 4096)
        try slow.send("GET", "/cells/points_2d.bin")
        let head = try slow.readHead()
        #expect(head.status == 200)
        large.write(2, "staging", in: folder)
        rename(folder("root/cells"), folder("old"))
        rename(folder("staging"), folder("root/cells"))
        for file in CatalogueVersions.files { unlink(folder("old/\(file)")) }
        let connection = try gateway.connect()
        let isNew = try Deadline(seconds: 30).wait {
            let answer = try connection.exchange("GET", "/cells/points_2d.bin", ["Range: bytes=0-0"])
            return answer.status == 206 && answer.body == [2]
        }
        #expect(isNew)
        let length = try #require(Int(head["Content-Length"] ?? ""))
        let body = try slow.readBytes(length)
        #expect(large.number(of: body, "points_2d.bin", among: 1...2) == 1)
    }

    /// Ways of replacing a dataset.
    enum Replacement: String, CaseIterable {
        /// The dataset is a link, which is made to point to another folder.
        case relinked
        /// The old one is moved away, then the new one moved in.
        case moved
        /// Each file is written under another name and renamed.
        case fileByFile
    }

    @Test("Under load, each answer is of one version, and none is missing or broken")
    func replacedUnderLoad() throws {
        versions.write(1, ".1", in: folder)
        link(to: ".1")
        let gateway = try GatewayProcessUnderTest([folder.path, "--workers", "1", "--log-level", "warning"])
        let client = CatalogueClient(port: gateway.port, versions: versions, first: 1)
        let connection = try gateway.connect()
        for number in 2...51 {
            let way = Replacement.allCases[number % 3]
            client.expect {
                $0.versions = (number - 1)...number
                $0.mayBeMissing = way == .moved
            }
            switch way {
            case .relinked:
                versions.write(number, ".\(number)", in: folder)
                link(to: ".\(number)")
            case .moved:
                versions.write(number, ".\(number)", in: folder)
                rename(folder("cells"), folder(".old-\(number)"))
                symlink(".\(number)", folder("cells"))
            case .fileByFile:
                for file in CatalogueVersions.files {
                    folder.write("cells/.\(file)", versions.content(file, number))
                    rename(folder("cells/.\(file)"), folder("cells/\(file)"))
                }
            }
            for file in CatalogueVersions.files {
                #expect(try waitForVersion(number, file, on: connection), "\(file) of version \(number)")
            }
            client.expect { $0.mayBeMissing = false }
            let isSeen = Deadline(seconds: 30).wait {
                CatalogueVersions.files.allSatisfy { client.newest($0) == number }
            }
            #expect(isSeen, "the client sees version \(number)")
            client.expect { $0.versions = number...number }
        }
        let result = client.stop()
        #expect(result.mistakes.isEmpty)
        for file in CatalogueVersions.files { #expect(result.answers[file, default: 0] >= 50) }
        #expect(!gateway.hasEnded)
    }

    @Test("Under load, files that are written over the old ones are never a mixture of two versions")
    func writtenInPlaceUnderLoad() throws {
        let small = CatalogueVersions(pointsBytes: 50_000)
        small.write(1, "cells", in: folder)
        let gateway = try GatewayProcessUnderTest([folder.path, "--workers", "1", "--log-level", "warning"])
        let client = CatalogueClient(port: gateway.port, versions: small, first: 1)
        for number in 2...21 {
            client.expect {
                $0.versions = (number - 1)...number
                // A file that is being written is not a whole one, and its dataset may be broken that long.
                $0.mayBePartial = true
                $0.mayBeMissing = true
            }
            small.write(number, "cells", in: folder)
            let isSeen = Deadline(seconds: 30).wait {
                CatalogueVersions.files.allSatisfy { client.newest($0) == number }
            }
            #expect(isSeen, "the client sees version \(number)")
        }
        #expect(client.stop().mistakes.isEmpty)
        #expect(!gateway.hasEnded)
    }

    @Test("A dataset whose old folder is deleted as soon as the new one is in its place is never missing")
    func relinkedAndDeleted() throws {
        versions.write(1, ".1", in: folder)
        link(to: ".1")
        let gateway = try GatewayProcessUnderTest([folder.path, "--workers", "1", "--log-level", "warning"])
        let client = CatalogueClient(port: gateway.port, versions: versions, first: 1)
        let connection = try gateway.connect()
        for number in 2...11 {
            client.expect { $0.versions = (number - 1)...number }
            versions.write(number, ".\(number)", in: folder)
            link(to: ".\(number)")
            for file in CatalogueVersions.files { unlink(folder(".\(number - 1)/\(file)")) }
            rmdir(folder(".\(number - 1)"))
            #expect(try waitForVersion(number, on: connection))
        }
        let result = client.stop()
        #expect(result.mistakes.isEmpty)
    }
}

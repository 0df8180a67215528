import Glibc
import TestSupport
import Testing

/// Files that do not fit into the buffers between gateway and client.
struct LargeFileTests {
    private static let content = ExportFixture.noise(8 * 1024 * 1024)

    @Test("A large file arrives whole")
    func whole() throws {
        let export = try ServedExport(["large.bin": Self.content])
        let connection = try export.connect()
        for _ in 0..<3 {
            let response = try connection.exchange("GET", "/cells/large.bin")
            #expect(response.status == 200)
            #expect(response.body == Self.content)
        }
        let part = try connection.exchange("GET", "/cells/large.bin", ["Range: bytes=1000000-7999999"])
        #expect(part.status == 206)
        #expect(part.body == Array(Self.content[1_000_000...7_999_999]))
    }

    @Test("Slow readers get it whole, and hold up nobody")
    func slowReaders() throws {
        let export = try ServedExport(["large.bin": Self.content], arguments: ["--workers", "1"])
        let slow = try (0..<3).map { _ in try export.connect(receiveBuffer: 4096) }
        for connection in slow {
            try connection.send("GET", "/cells/large.bin")
            #expect(try connection.readHead()["Content-Length"] == "\(Self.content.count)")
        }
        // All of them are stuck in the middle now.
        let other = try export.connect()
        for _ in 0..<50 {
            #expect(try other.exchange("GET", "/cells/dataset_identity.json").status == 200)
        }
        for connection in slow {
            var received: [UInt8] = []
            received.reserveCapacity(Self.content.count)
            while received.count < Self.content.count {
                let piece = try connection.readSome()
                if piece.isEmpty { break }
                received += piece
                if received.count % 100 == 0 {
                    #expect(try other.exchange("GET", "/_cellucid/health").status == 200)
                }
            }
            #expect(received == Self.content)
        }
    }

    @Test("A file cut short while it is sent ends the connection early", arguments: [0, 3_000_000])
    func truncated(length: Int) throws {
        let export = try ServedExport(["large.bin": Self.content])
        let connection = try export.connect(receiveBuffer: 4096)
        try connection.send("GET", "/cells/large.bin")
        #expect(try connection.readHead().status == 200)
        truncate(export.path("large.bin"), length)
        #expect(try connection.readToEndOrReset().count < Self.content.count)
        #expect(try export.connect().exchange("GET", "/cells/points_2d.bin").status == 200)
    }

    @Test("A file overwritten while it is sent ends the connection early")
    func overwritten() throws {
        let export = try ServedExport(["large.bin": Self.content])
        let connection = try export.connect(receiveBuffer: 4096)
        try connection.send("GET", "/cells/large.bin")
        #expect(try connection.readHead().status == 200)
        let descriptor = open(export.path("large.bin"), O_WRONLY)
        let zeros = [UInt8](repeating: 0, count: Self.content.count)
        #expect(write(descriptor, zeros, zeros.count) == zeros.count)
        close(descriptor)
        #expect(try connection.readToEndOrReset().count < Self.content.count)
    }

    @Test("A file replaced while it is sent arrives whole in its old version")
    func replaced() throws {
        let export = try ServedExport(["large.bin": Self.content])
        let connection = try export.connect(receiveBuffer: 4096)
        try connection.send("GET", "/cells/large.bin")
        let head = try connection.readHead()
        let new = ExportFixture.noise(Self.content.count, seed: 2)
        export.root.write("cells/.new", new)
        rename(export.path(".new"), export.path("large.bin"))
        #expect(try connection.readBytes(Self.content.count) == Self.content)
        let other = try export.connect()
        let after = try Deadline(seconds: 30).firstAnswer { () throws -> RawResponse? in
            let response = try other.exchange("GET", "/cells/large.bin")
            return response["ETag"] == head["ETag"] ? nil : response
        }
        #expect(after?.body == new)
    }

    @Test("A removed file still arrives whole")
    func removed() throws {
        let export = try ServedExport(["large.bin": Self.content])
        let connection = try export.connect(receiveBuffer: 4096)
        try connection.send("GET", "/cells/large.bin")
        _ = try connection.readHead()
        unlink(export.path("large.bin"))
        #expect(try connection.readBytes(Self.content.count) == Self.content)
    }

    @Test("A client that goes in the middle costs nothing")
    func goneClient() throws {
        let export = try ServedExport(["large.bin": Self.content])
        for index in 0..<10 {
            let connection = try export.connect(receiveBuffer: 4096)
            try connection.send("GET", "/cells/large.bin")
            _ = try connection.readHead()
            if index % 2 == 0 { connection.reset() } else { connection.close() }
        }
        #expect(try export.connect().exchange("GET", "/cells/large.bin").body == Self.content)
        let folder = "/proc/\(export.gateway.processID)/fd"
        #expect(Deadline(seconds: 30).wait { Repository.names(in: folder).count < 60 })
    }
}

import Glibc
import TestSupport
import Testing

/// SIGHUP: what is taken over, and what happens when that cannot be done.
struct LifecycleReloadTests {
    private typealias Gateway = GatewayProcessUnderTest

    private let folder = TemporaryDirectory()

    private func configure(_ text: String) { folder.write("gateway.json5", text) }

    private func start(_ arguments: [String] = []) throws -> Gateway {
        try Gateway(["--config", folder("gateway.json5")] + arguments)
    }

    /// Sends SIGHUP and waits until the gateway is done with it.
    /// - Returns: whether the configuration was taken over; `nil` when the log says neither.
    private func reload(_ gateway: Gateway) -> Bool? {
        let known = outcomes(gateway)
        gateway.send(signal: SIGHUP)
        return Deadline(seconds: 30).firstAnswer {
            let now = outcomes(gateway)
            if now.refused > known.refused { return false }
            return now.done > known.done ? true : nil
        }
    }

    private func outcomes(_ gateway: Gateway) -> (done: Int, refused: Int) {
        let text = gateway.errorText
        return (text.ranges(of: "info: reloaded\n").count, text.ranges(of: "refused, ").count)
    }

    private func status(_ gateway: Gateway, _ target: String, _ fields: [String] = []) throws -> Int {
        try gateway.connect().exchange("GET", target, fields).status
    }

    @Test(
        "A configuration that cannot be used is refused, and everything stays as it was",
        arguments: [
            "{ roots: ['a'], prot: 1 }", "{ roots: ['a'], port: 'x' }", "{ roots: ", "", "[]", "{}",
            "{ roots: ['a'], tls: 'none.pem' }",
        ]
    )
    func refused(text: String) throws {
        ExportFixture().write("a/cells", in: folder)
        configure("{ roots: ['a'] }")
        let gateway = try start()
        let kept = try gateway.connect()
        #expect(try kept.exchange("GET", "/cells/obs_manifest.json").status == 200)
        configure(text)
        #expect(reload(gateway) == false, "\(gateway.errorText)")
        #expect(gateway.errorText.contains(" error: "))
        #expect(try kept.exchange("GET", "/cells/obs_manifest.json").status == 200)
        #expect(try status(gateway, "/_gateway/readyz") == 200)
        let listing = try JSON(kept.exchange("GET", "/_cellucid/datasets").body)
        #expect(listing["datasets"]?.elements.count == 1)
        configure("{ roots: ['a'], allowedHosts: ['later.example'] }")
        #expect(reload(gateway) == true)
        #expect(try status(gateway, "/_gateway/livez", ["Host: later.example"]) == 200)
    }

    @Test(
        "Roots that cannot be read are refused, and everything stays as it was",
        arguments: ["{ roots: ['missing'] }", "{ roots: ['a', 'missing'] }"]
    )
    func refusedRoots(text: String) throws {
        ExportFixture().write("a/cells", in: folder)
        configure("{ roots: ['a'] }")
        let gateway = try start()
        configure(text)
        let isTakenOver = reload(gateway)
        let log = gateway.errorText
        let served = try status(gateway, "/cells/obs_manifest.json")
        #expect(isTakenOver == false)
        #expect(log.contains(" error: "))
        #expect(served == 200)
        #expect(try status(gateway, "/_gateway/readyz") == 200)
        configure("{ roots: ['a'], allowedHosts: ['later.example'] }")
        #expect(reload(gateway) == true)
        #expect(try status(gateway, "/cells/obs_manifest.json", ["Host: later.example"]) == 200)
    }

    @Test("A configuration file that has gone is refused")
    func missingFile() throws {
        ExportFixture().write("a/cells", in: folder)
        configure("{ roots: ['a'] }")
        let gateway = try start()
        unlink(folder("gateway.json5"))
        #expect(reload(gateway) == false)
        #expect(gateway.errorText.contains(folder("gateway.json5")))
        #expect(try status(gateway, "/cells/obs_manifest.json") == 200)
    }

    @Test("Allowed hosts are taken over, for open connections too")
    func allowedHosts() throws {
        ExportFixture().write("a/cells", in: folder)
        configure("{ roots: ['a'], allowedHosts: ['old.example'] }")
        let gateway = try start()
        let kept = try gateway.connect()
        func statuses() throws -> [Int] {
            try ["old.example", "new.example", "localhost"].map { host in
                try kept.exchange("GET", "/_gateway/livez", ["Host: \(host)"]).status
            }
        }
        #expect(try statuses() == [200, 421, 200])
        configure("{ roots: ['a'], allowedHosts: ['new.example'] }")
        #expect(reload(gateway) == true)
        #expect(try Deadline(seconds: 30).wait { try statuses() == [421, 200, 200] })
    }

    @Test("Roots are taken over: new ones are served, those left out no more, the others without a break")
    func roots() throws {
        for name in ["a", "b", "c"] { ExportFixture(id: name).write("\(name)/of-\(name)", in: folder) }
        configure("{ roots: ['a', 'b'] }")
        let gateway = try start()
        let kept = try gateway.connect()
        func statuses() throws -> [Int] {
            try ["a", "b", "c"].map { try kept.exchange("GET", "/of-\($0)/obs_manifest.json").status }
        }
        #expect(try statuses() == [200, 200, 404])
        configure("{ roots: ['c', { name: 'renamed', path: 'b/of-b' }, 'b'] }")
        #expect(reload(gateway) == true)
        #expect(try Deadline(seconds: 30).wait { try statuses() == [404, 200, 200] })
        #expect(try status(gateway, "/renamed/obs_manifest.json") == 200)
        // The new roots are watched, the old ones are not.
        ExportFixture(id: "d").write("c/of-d", in: folder)
        ExportFixture(id: "e").write("a/of-e", in: folder)
        #expect(try Deadline(seconds: 30).wait { try status(gateway, "/of-d/obs_manifest.json") == 200 })
        #expect(try status(gateway, "/of-e/obs_manifest.json") == 404)
    }

    @Test("A setting that needs a restart is named in the log")
    func ignoredChanges() throws {
        ExportFixture().write("a/cells", in: folder)
        configure("{ roots: ['a'] }")
        let gateway = try start()
        configure("{ roots: ['a'], timeouts: { idleSeconds: 5 } }")
        #expect(reload(gateway) == true)
        #expect(gateway.errorText.contains("need a restart"))
        let before = gateway.errorText.ranges(of: "need a restart").count
        configure("{ roots: ['a'], timeouts: { idleSeconds: 5, shutdownSeconds: 1 } }")
        #expect(reload(gateway) == true)
        #expect(gateway.errorText.ranges(of: "need a restart").count <= before + 1)
        gateway.send(signal: SIGTERM)
        #expect(gateway.waitForErrorText("have 1 s to finish"))
        #expect(gateway.waitForEnd() == .exit(0))
    }

    @Test("A download goes on through reloads")
    func downloadThroughReloads() throws {
        ExportFixture().write("a/cells", in: folder)
        let content = LifecycleContent.large
        folder.write("a/cells/large.bin", content)
        configure("{ roots: ['a'] }")
        let gateway = try start()
        let download = try gateway.connect(receiveBuffer: 4096)
        try download.send("GET", "/cells/large.bin")
        #expect(try download.readHead().status == 200)
        for number in 1...5 {
            configure("{ roots: ['a'], rescanSeconds: \(number), allowedHosts: ['\(number).example'] }")
            #expect(reload(gateway) == true)
        }
        #expect(try download.readBytes(content.count) == content)
        #expect(try download.exchange("GET", "/_gateway/livez").status == 200)
    }

    @Test("Reloads leave no descriptor and no thread behind, and come in bursts")
    func manyReloads() throws {
        for name in ["a", "b"] { ExportFixture(id: name).write("\(name)/of-\(name)", in: folder) }
        configure("{ roots: ['a'] }")
        let gateway = try start()
        let process = LifecycleProcess(processID: gateway.processID)
        func toggle() {
            for roots in ["'a', 'b'", "'a'"] {
                configure("{ roots: [\(roots)] }")
                #expect(reload(gateway) == true)
            }
        }
        toggle()
        // Something may be opened or closed a moment later, but not as much as ten leaks would be.
        let descriptors = process.descriptorCount + 5
        let threads = process.threadCount + 5
        for _ in 0..<10 { toggle() }
        let returns = Deadline(seconds: 30).wait {
            process.descriptorCount <= descriptors && process.threadCount <= threads
        }
        #expect(
            returns,
            "\(process.descriptorCount) descriptors of \(descriptors), \(process.threadCount) threads"
        )
        for _ in 0..<200 { gateway.send(signal: SIGHUP) }
        #expect(reload(gateway) == true)
        #expect(try status(gateway, "/of-a/obs_manifest.json") == 200)
        gateway.send(signal: SIGTERM)
        #expect(gateway.waitForEnd() == .exit(0))
    }
}

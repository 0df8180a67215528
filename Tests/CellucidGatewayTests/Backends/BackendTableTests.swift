import Testing

@testable import CellucidGateway

@Suite struct BackendTableTests {
    private static func specification(_ mount: String, port: Int = 8766) throws -> Backend.Specification {
        try BackendFixture.specification(mount, url: "http://127.0.0.1:\(port)")
    }

    private static func configured(_ mount: String, port: Int = 8766) throws -> Backend.Specification {
        try BackendFixture.specification(mount, url: "http://127.0.0.1:\(port)", isConfigured: true)
    }

    private func mounts(_ backends: [Backend]) -> [String] { backends.map(\.specification.mount) }

    @Test func orderOfTheListing() throws {
        let table = BackendTable([try Self.configured("z"), try Self.configured("y")])
        for mount in ["c", "a", "b"] { _ = try table.register(try Self.specification(mount), expires: 1) }
        #expect(mounts(table.all) == ["z", "y", "a", "b", "c"])
        #expect(table.backend("y") === table.all[1])
        #expect(table.backend("b") === table.all[3])
        #expect(table.backend("x") == nil)
        #expect(table.backend("") == nil)
    }

    @Test func registering() throws {
        let table = BackendTable([])
        guard case .added(let first) = try table.register(try Self.specification("a"), expires: 10) else {
            Issue.record("not added")
            return
        }
        #expect(first.current.expires == 10)
        #expect(first.current.condition == .unknown)
        first.noteAnswer()
        guard case .renewed(let same) = try table.register(try Self.specification("a"), expires: 20) else {
            Issue.record("not renewed")
            return
        }
        #expect(same === first)
        #expect(first.current.expires == 20)
        #expect(first.current.condition == .healthy, "what is known of it stays")
        guard
            case .replaced(let other, let old) = try table.register(
                try Self.specification("a", port: 1),
                expires: 30
            )
        else {
            Issue.record("not replaced")
            return
        }
        #expect(old === first)
        #expect(other !== first)
        #expect(other.current.expires == 30)
        #expect(other.current.condition == .unknown)
        #expect(table.all.count == 1)
        #expect(table.backend("a") === other)
    }

    /// Whatever a registration says makes another backend of it.
    @Test(arguments: ["url", "name", "generation", "webApp"]) func changes(what: String) throws {
        let table = BackendTable([])
        let first = try Self.specification("a")
        _ = try table.register(first, expires: 1)
        let other = try BackendFixture.specification(
            "a",
            url: what == "url" ? "https://127.0.0.1:8766" : "http://127.0.0.1:8766",
            name: what == "name" ? "Lab" : nil,
            generation: what == "generation" ? .third : nil,
            webApp: what == "webApp" ? "upstream" : nil
        )
        if case .replaced = try table.register(other, expires: 1) {} else { Issue.record("not replaced") }
        if case .renewed = try table.register(other, expires: 1) {} else { Issue.record("not renewed") }
        if case .replaced = try table.register(first, expires: 1) {} else { Issue.record("not replaced") }
    }

    private func error(_ table: BackendTable, _ specification: Backend.Specification) -> BackendTable
        .RegistrationError?
    {
        do {
            _ = try table.register(specification, expires: 1)
            return nil
        } catch {
            return error
        }
    }

    @Test func mountsOfTheConfiguration() throws {
        let table = BackendTable([try Self.configured("a")])
        #expect(error(table, try Self.specification("a")) == .configured)
        #expect(error(table, try Self.specification("a", port: 1)) == .configured)
        #expect(error(table, try Self.specification("b")) == nil)
        #expect(table.remove("a") == nil, "it is not for registrations to take away")
        #expect(mounts(table.all) == ["a", "b"])
        #expect(table.all[0].current.expires == nil)
    }

    @Test func full() throws {
        let table = BackendTable([try Self.configured("z")])
        for number in 0..<BackendTable.mostRegistered {
            #expect(error(table, try Self.specification("m\(number)")) == nil)
        }
        #expect(error(table, try Self.specification("more")) == .full)
        #expect(error(table, try Self.specification("m7")) == nil, "those that are there can be renewed")
        #expect(error(table, try Self.specification("m7", port: 1)) == nil, "and replaced")
        #expect(table.remove("m8") != nil)
        #expect(error(table, try Self.specification("more")) == nil)
        #expect(error(table, try Self.specification("m8")) == .full)
        #expect(table.all.count == BackendTable.mostRegistered + 1)
    }

    @Test func removing() throws {
        let table = BackendTable([])
        _ = try table.register(try Self.specification("a"), expires: 1)
        let backend = try #require(table.backend("a"))
        #expect(table.remove("b") == nil)
        #expect(table.remove("a") === backend)
        #expect(table.remove("a") == nil)
        #expect(table.all.isEmpty)
    }

    @Test func expiring() throws {
        let table = BackendTable([try Self.configured("z")])
        for (mount, expires) in [("a", 100), ("b", 200), ("c", 100), ("d", 300)] as [(String, Int64)] {
            _ = try table.register(try Self.specification(mount), expires: expires)
        }
        #expect(table.expire(now: 99).isEmpty)
        #expect(mounts(table.expire(now: 100)).sorted() == ["a", "c"])
        #expect(table.expire(now: 100).isEmpty)
        _ = try table.register(try Self.specification("b"), expires: 400)
        #expect(mounts(table.expire(now: 300)) == ["d"], "renewed ones stay")
        #expect(mounts(table.expire(now: .max)) == ["b"])
        #expect(mounts(table.all) == ["z"], "those of the configuration never expire")
    }

    // MARK: Another configuration

    @Test func replacingConfigured() throws {
        let table = BackendTable([
            try Self.configured("a"), try Self.configured("b"), try Self.configured("c"),
        ])
        _ = try table.register(try Self.specification("r"), expires: 1)
        let before = table.all
        let gone = table.replaceConfigured([
            try Self.configured("d"), try Self.configured("c"), try Self.configured("b", port: 1),
            try Self.configured("a"),
        ])
        let after = table.all
        #expect(mounts(after) == ["d", "c", "b", "a", "r"])
        #expect(after[3] === before[0], "what is the same stays, wherever it stands")
        #expect(after[1] === before[2])
        #expect(after[2] !== before[1])
        #expect(after[4] === before[3])
        #expect(gone.count == 1)
        #expect(gone.first === before[1])
        let rest = table.replaceConfigured([])
        #expect(mounts(rest) == ["d", "c", "b", "a"])
        #expect(mounts(table.all) == ["r"])
    }
}

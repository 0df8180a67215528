import Glibc
import TestSupport
import Testing

/// State folders that cannot be used: one that somebody named must be, the usual one need not.
@Suite struct StateFolderTests {
    private typealias Gateway = GatewayProcessUnderTest

    private let root = TemporaryDirectory()
    private let state = TemporaryDirectory()
    private let reserved: RefusingPort
    private var port: UInt16 { reserved.number }

    init() throws {
        ExportFixture().write("cells", in: root)
        reserved = try RefusingPort()
    }

    /// What stands for a path below a state folder, in the folder of the test.
    private func name(_ pattern: String) -> String { pattern.replacing("PORT", with: "\(port)") }

    /// How somebody names the folder.
    enum Source: CaseIterable, Sendable { case flag, variable, file }

    /// A name of the state folder, and a file in the way of it, both below a folder of the test; `PORT` is the gateway's.
    static let obstacles = [
        ("file", "file"), ("file/below", "file"), ("dir", "dir/PORT"), ("dir", "dir/PORT/viewers"),
    ]

    /// Runs a gateway to its end with a state folder that was named.
    private func run(
        _ folder: String,
        named source: Source = .flag,
        wrapper: [String] = []
    ) throws -> (ending: Gateway.Ending?, error: String) {
        var arguments = [root.path]
        var environment: [String: String] = [:]
        switch source {
        case .flag: arguments += ["--state-dir", folder]
        case .variable: environment["CELLUCID_GATEWAY_STATE_DIR"] = folder
        case .file:
            root.write("gateway.json5", "{ stateDirectory: \"\(folder)\" }")
            arguments += ["--config", root("gateway.json5")]
        }
        let gateway = try Gateway(
            arguments,
            port: port,
            environment: environment,
            wrapper: wrapper,
            waits: false
        )
        return (gateway.waitForEnd(), gateway.errorText)
    }

    private func expectRefusal(
        _ result: (ending: Gateway.Ending?, error: String),
        _ folder: String,
        _ words: String
    ) {
        #expect(result.ending == .exit(1))
        #expect(result.error.hasPrefix("gateway: --state-dir \(folder) cannot be used: "), "\(result.error)")
        #expect(result.error.contains(words), "\(result.error)")
        #expect(
            result.error.split(separator: "\n").count == 1 && result.error.hasSuffix("\n"),
            "\(result.error)"
        )
    }

    @Test("One that was named and cannot be made ends the start", arguments: obstacles, Source.allCases)
    func named(obstacle: (folder: String, file: String), source: Source) throws {
        state.write(name(obstacle.file), "")
        let folder = state(obstacle.folder)
        expectRefusal(try run(folder, named: source), folder, "Not a directory")
    }

    @Test(
        "One that was named and can only be read ends the start",
        .enabled(if: OwnFileSystems.areAllowed),
        arguments: [nil, "dir", "dir/PORT/viewers"]
    )
    func readOnly(made: String?) throws {
        if let made { state.write(name("\(made)/a"), "") }
        let folder = state("dir")
        expectRefusal(
            try run(folder, wrapper: OwnFileSystems.readOnly(state.path)),
            folder,
            "the file system is read-only"
        )
    }

    @Test(
        "One that was named and that the user may not change ends the start",
        .enabled(if: geteuid() != 0, "nothing is forbidden to root"),
        arguments: ["dir", "dir/PORT/viewers"]
    )
    func forbidden(folder: String) throws {
        state.write(name("\(folder)/a"), "")
        chmod(state(name(folder)), 0o500)
        defer { chmod(state(name(folder)), 0o700) }
        expectRefusal(try run(state("dir")), state("dir"), "permission denied")
    }

    @Test("When it is removed while the gateway runs no lost event is acknowledged, and it is made again")
    func removed() throws {
        let gateway = try Gateway([root.path, "--state-dir", state("dir")])
        let viewer = try SubscribedViewer("v1", at: gateway.port)
        try viewer.post([1])
        state.remove("dir")
        let answer = try gateway.connect().post("/_cellucid/events", viewer.event(2))
        #expect(!answer.text.contains("\"delivered\":true"), "\(answer.text)")
        #expect(gateway.waitForErrorText("it was removed while it was in use"))
        let isThere = try Deadline(seconds: 60).wait {
            try gateway.connect().exchange("PUT", "/_gateway/viewers/v1").status == 201
        }
        #expect(isThere)
        #expect(try viewer.ask("GET", "/events?wait=0").status == 401)
        try viewer.post([1])
    }

    @Test("Without the usual one subscribers are told, and everything else works", arguments: [false, true])
    func usual(isThere: Bool) throws {
        let wrapper: [String]
        if isThere {
            guard OwnFileSystems.areAllowed else { return }
            state.makeFolder("cellucid-gateway")
            wrapper = OwnFileSystems.readOnly(state.path)
        } else {
            state.write("cellucid-gateway", "in the way")
            wrapper = []
        }
        let gateway = try Gateway([root.path], environment: ["XDG_STATE_HOME": state.path], wrapper: wrapper)
        #expect(
            gateway.waitForErrorText("events cannot be kept for subscribers: \(state("cellucid-gateway"))")
        )
        #expect(gateway.waitForErrorText("see --state-dir"))
        #expect(try gateway.connect().exchange("PUT", "/_gateway/viewers/v1").status == 503)
        #expect(try gateway.connect().exchange("GET", "/cells/dataset_identity.json").status == 200)
    }
}

import Testing

@testable import CellucidGateway

@Suite struct WebAppActionTests {
    private func action(_ words: String...) throws(StartupError) -> WebAppAction {
        try WebAppAction(words, base: PathBase(directory: "/work", environment: ["HOME": "/home/ada"]))
    }

    @Test func actions() throws {
        #expect(try action("update") == .update(app: "default"))
        #expect(try action("update", "g0") == .update(app: "g0"))
        #expect(try action("export", "v.tar") == .export(file: "/work/v.tar", app: "default"))
        #expect(try action("import", "~/v.tar", "g0") == .load(path: "/home/ada/v.tar", app: "g0"))
    }

    @Test(arguments: [
        [], ["fetch"], ["update", "a", "b"], ["export"], ["import"], ["export", "a", "b", "c"],
    ])
    func mistakes(words: [String]) throws {
        let error = #expect(throws: StartupError.self) {
            _ = try WebAppAction(words, base: PathBase(directory: "/", environment: [:]))
        }
        #expect(error?.exitCode == .usage)
    }

    @Test func theCommandNeedsNoRoot() throws {
        let invocation = try Invocation.parse(
            arguments: ["web-app", "export", "--cache-dir", "c", "v.tar"],
            environment: [:],
            currentDirectory: "/work"
        )
        guard case .webApp(let action, let configuration) = invocation else {
            Issue.record("\(invocation)")
            return
        }
        #expect(action == .export(file: "/work/v.tar", app: "default"))
        #expect(configuration.cacheDirectory == "/work/c")
    }
}

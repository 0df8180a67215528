import Testing

@testable import CellucidGateway

@Suite struct StartupErrorTests {
    @Test(arguments: [
        ("plain, \"quoted\" and \\ ü", "plain, \"quoted\" and \\ ü"),
        ("a\nb\r\tc\u{1B}[0m\u{2028}", #"a\nb\r\tc\u{1B}[0m\u{2028}"#),
    ])
    func messageIsOneLine(_ message: String, _ line: String) {
        #expect(StartupError(.usage, message).message == line)
    }

    @Test func exitCodes() {
        #expect(ExitCode.allCases.map(\.rawValue) == [0, 1, 2, 3])
    }
}

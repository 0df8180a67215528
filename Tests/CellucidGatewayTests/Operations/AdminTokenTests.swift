import TestSupport
import Testing

@testable import CellucidGateway

@Suite struct AdminTokenTests {
    private let folder = TemporaryDirectory()

    @Test(
        arguments: [
            "0123456789abcdef", "0123456789abcdef\n", "0123456789abcdef\r\nmore",
            " \t0123456789abcdef \nmore",
        ]
    )
    func firstLine(text: String) throws {
        folder.write("token", text)
        #expect(try AdminToken.read(folder("token")) == "0123456789abcdef")
    }

    @Test(arguments: [
        "", "\n", "0123456789abcde", "0123456789 abcdef", "0123456789abcdeü", "\n0123456789abcdef",
    ])
    func unusable(text: String) throws {
        folder.write("token", text)
        #expect(throws: StartupError.self) { try AdminToken.read(folder("token")) }
    }

    @Test func missingAndTooLarge() throws {
        #expect(throws: StartupError.self) { try AdminToken.read(folder("none")) }
        folder.write("token", [UInt8](repeating: 0x61, count: 100_000))
        #expect(throws: StartupError.self) { try AdminToken.read(folder("token")) }
    }

    @Test(
        arguments: [
            ("127.0.0.1", true), ("127.255.0.3", true), ("::1", true), ("::ffff:127.0.0.1", true),
            ("10.0.0.1", false), ("::2", false), ("128.0.0.1", false), ("", false), ("localhost", false),
        ]
    )
    func loopback(address: String, isLoopback: Bool) {
        #expect(AdminGuard.isLoopback(address) == isLoopback)
    }
}

import TestSupport
import Testing

@testable import Server

/// What is between listening and serving.
@Suite struct StartTests {
    @Test func connectionsWaitForTheStart() throws {
        let server = try TestServer(workers: 2, starts: false)
        // Enough of them for both listening sockets to have some.
        let connections = try (0..<16).map { _ in try server.connect() }
        for connection in connections { try connection.send("GET", "/plain") }
        #expect(server.connectionCount == 0)
        server.server.start()
        for connection in connections { #expect(try connection.readResponse().status == 200) }
        #expect(server.connectionCount == 16)
    }

    @Test func aSecondStartDoesNothing() throws {
        let server = try TestServer()
        server.server.start()
        #expect(try server.connect().exchange("GET", "/plain").status == 200)
        #expect(server.connectionCount == 1)
    }

    @Test func aServerThatWasNotStartedStops() throws {
        let server = try TestServer(starts: false)
        let connection = try server.connect()
        server.stop()
        #expect(throws: RawConnection.Failure.self) { try connection.exchange("GET", "/plain") }
    }
}

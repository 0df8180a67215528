import HTTP
import Reactor
import Server
import TestSupport
import Testing

@Suite struct DrainTests {
    @Test func idleConnectionsCloseAndRequestsUnderWayFinish() throws {
        let server = try TestServer()
        let idle = try server.connect()
        #expect(try idle.exchange("GET", "/plain").status == 200)
        let silent = try server.connect()
        let busy = try server.connect()
        try busy.send("GET", "/gate")
        #expect(Deadline(seconds: 30).wait { server.switches.waitingAtGate.withLock { $0 } == 1 })
        let stopping = try server.beginStop()
        #expect(try idle.endsWithoutMore())
        #expect(try silent.endsWithoutMore())
        #expect(throws: RawConnection.Failure.self) {
            // The system may still take connections that nobody will accept for a moment.
            while true { _ = try server.connect().exchange("GET", "/plain") }
        }
        server.switches.isGateOpen.withLock { $0 = true }
        let response = try busy.readResponse()
        #expect(response.text == "through")
        #expect(response["connection"] == "close")
        #expect(try busy.endsWithoutMore())
        stopping.join()
    }

    @Test func whatDoesNotFinishIsLeft() throws {
        let server = try TestServer()
        let busy = try server.connect()
        try busy.send("GET", "/gate")
        #expect(Deadline(seconds: 30).wait { server.switches.waitingAtGate.withLock { $0 } == 1 })
        server.stop(milliseconds: 50, opensGate: false)
    }
}

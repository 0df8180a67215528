import TestSupport
import Testing

@testable import CellucidGateway

@Suite struct WebAppStatusTests {
    private static let build = WebAppStatus.BuildSummary(
        id: "0123456789abcdef",
        buildID: "2026-07-27.1",
        files: 429,
        bytes: 16_850_000,
        fetchedAt: "2026-11-21T10:00:00.000Z"
    )

    private func status(_ change: (inout WebAppStatus) -> Void) -> WebAppStatus {
        var status = WebAppStatus(name: "default", origin: "https://viewer.example.org")
        change(&status)
        return status
    }

    private func json(_ status: WebAppStatus) throws -> JSON { try JSON(Array(status.json.utf8)) }

    @Test func missing() throws {
        let status = status { $0.lastError = "no \"route\"" }
        #expect(try json(status)["state"] == .string("missing"))
        #expect(try json(status)["build"] == .null)
        #expect(try json(status)["lastError"] == .string("no \"route\""))
        #expect(status.sentence == "The viewer is not available: no \"route\".")
    }

    @Test func fetching() throws {
        let status = status { $0.fetching = (3, 70) }
        #expect(try json(status)["state"] == .string("fetching"))
        #expect(try json(status)["fetching"]?["files"] == .number(3))
        #expect(status.sentence == "The viewer is being fetched.")
    }

    @Test func ready() throws {
        let status = status { $0.current = Self.build }
        #expect(try json(status)["state"] == .string("ready"))
        #expect(try json(status)["build"]?["buildId"] == .string("2026-07-27.1"))
        #expect(try json(status)["build"]?["bytes"] == .number(16_850_000))
        #expect(status.sentence == "The viewer is build 2026-07-27.1 of 2026-11-21.")
    }

    @Test func stale() throws {
        let status = status {
            $0.current = Self.build
            $0.lastError = "offline"
        }
        #expect(try json(status)["state"] == .string("stale"))
        #expect(
            status.sentence
                == "The viewer is build 2026-07-27.1 of 2026-11-21, and its origin cannot be asked for a newer one: offline."
        )
    }
}

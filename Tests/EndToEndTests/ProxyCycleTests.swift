import TestSupport
import Testing

/// Gateways that are upstreams of gateways, of each other and of themselves.
struct ProxyCycleTests {
    private func url(_ fixture: ProxyFixture) -> String { "http://127.0.0.1:\(fixture.gateway.port)" }

    private func register(_ mount: String, _ url: String, at fixture: ProxyFixture) throws {
        let document = "{\"url\": \"\(url)\", \"ttl\": 600}"
        let client = try fixture.connect()
        let fields = ["Content-Type: application/json", "Content-Length: \(document.utf8.count)"]
        try client.send("PUT", "/_gateway/backends/\(mount)", fields)
        try client.send(document)
        #expect(try client.readResponse().status == 201)
    }

    private func paths(_ fixture: ProxyFixture, _ fields: [String] = []) throws -> [String] {
        let entries = try JSON(fixture.ask("/_cellucid/datasets", fields).body)["datasets"]?.elements ?? []
        return entries.compactMap { $0["path"]?.text }.sorted()
    }

    private func waits(for expected: [String], _ fixture: ProxyFixture) -> Bool {
        Deadline(seconds: 30).wait { (try? paths(fixture)) == expected }
    }

    @Test("The listings of gateways that have each other do not grow")
    func twoGateways() throws {
        let first = try ProxyFixture([:])
        let second = try ProxyFixture(["a": url(first)])
        #expect(waits(for: ["/a-cells/", "/cells/"], second))
        try register("b", url(second), at: first)
        #expect(waits(for: ["/b-cells/", "/cells/"], first))
        #expect(try paths(second) == ["/a-cells/", "/cells/"])
        // What the first one is told when it asks the next time.
        #expect(try paths(second, ["Via: 1.1 cellucid-gateway-0"]) == ["/cells/"])
        #expect(try paths(first, ["Via: 1.1 cellucid-gateway-0"]) == ["/cells/"])
        #expect(try paths(first, ["Via: 1.1 nginx"]) == ["/b-cells/", "/cells/"])
        #expect(try first.ask("/b-cells/dataset_identity.json").status == 200)
        #expect(try first.ask("/b/a/_cellucid/info").status == 508)
    }

    @Test("A Cellucid server behind a gateway is listed by a gateway before it")
    func chain() throws {
        let upstream = try ScriptedUpstream(.first, folders: ["pbmc"])
        let inner = try ProxyFixture(upstream)
        let middle = try ProxyFixture(["in": url(inner)])
        #expect(waits(for: ["/cells/", "/in-cells/", "/in-up-pbmc/"], middle))
        let outer = try ProxyFixture(["mid": url(middle)])
        #expect(waits(for: ["/cells/", "/mid-cells/"], outer))
    }

    @Test("A gateway is not its own upstream")
    func itself() throws {
        let fixture = try ProxyFixture([:])
        try register("self", url(fixture), at: fixture)
        let isKnown = try Deadline(seconds: 30).wait {
            let entry = try JSON(fixture.ask("/_gateway/backends/self").body)
            return entry["reason"]?.text == "it leads back to this gateway"
        }
        #expect(isKnown)
        #expect(try paths(fixture) == ["/cells/"])
        #expect(try fixture.ask("/self/_cellucid/info").status == 508)
    }
}

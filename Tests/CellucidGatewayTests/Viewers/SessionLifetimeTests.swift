import Testing

@testable import CellucidGateway

@Suite struct SessionLifetimeTests {
    @Test(
        arguments: [
            ("{}", 60), (" {\"ttl\": 1} ", 1), ("{\"ttl\":3600}", 3600), ("{\"ttl\":0}", nil),
            ("{\"ttl\":3601}", nil), ("{\"ttl\":1.5}", nil), ("{\"ttl\":null}", nil), ("{\"ttl\":-1}", nil),
            ("{\"ttl\":60,\"x\":1}", nil), ("[]", nil), ("", nil), ("60", nil), ("{ttl:60}", nil),
        ] as [(String, Int64?)]
    )
    func seconds(json: String, seconds: Int64?) {
        #expect(SessionLifetime.seconds(Array(json.utf8)) == seconds)
    }
}

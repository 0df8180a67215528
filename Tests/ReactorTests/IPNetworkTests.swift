import Testing

@testable import Reactor

@Suite struct IPNetworkTests {
    @Test(
        arguments: [
            ("10.0.0.0/8", "10.255.0.1", true), ("10.0.0.0/8", "11.0.0.1", false),
            ("192.168.4.0/22", "192.168.7.255", true), ("192.168.4.0/22", "192.168.8.0", false),
            ("10.1.2.3", "10.1.2.3", true), ("10.1.2.3", "10.1.2.4", false),
            ("0.0.0.0/0", "203.0.113.9", true), ("0.0.0.0/0", "2001:db8::1", false),
            ("::/0", "2001:db8::1", true), ("fd00::/8", "fdff::1", true), ("fd00::/8", "fe80::1", false),
            ("2001:db8::/33", "2001:db8:7fff::1", true), ("2001:db8::/33", "2001:db8:8000::1", false),
            ("10.0.0.0/8", "::ffff:10.2.3.4", true), ("10.0.0.0/8", "no address", false),
        ]
    )
    func contains(network: String, address: String, isInside: Bool) throws {
        #expect(try #require(IPNetwork(network)).contains(address) == isInside)
    }

    @Test(
        arguments: [
            "", "/8", "10.0.0.0/", "10.0.0.0/33", "10.0.0.0/-1", "10.0.0/8", "::/129", "localhost",
            "10.0.0.0/8/8",
            "1.2.3.4 ",
        ]
    )
    func isNone(text: String) {
        #expect(IPNetwork(text) == nil)
    }

    @Test func differentWordsForTheSameAddress() {
        #expect(IPNetwork("::0") == IPNetwork("::"))
        #expect(IPNetwork("::ffff:1.2.3.4") == IPNetwork("1.2.3.4"))
        #expect(IPNetwork("10.0.0.0/8") != IPNetwork("10.0.0.0"))
    }
}

import Glibc
import Testing

@testable import Reactor

@Suite struct SocketAddressTests {
    @Test(
        arguments: [
            ("127.0.0.1", false, "127.0.0.1:80"), ("0.0.0.0", false, "0.0.0.0:80"), ("::1", true, "[::1]:80"),
            ("::", true, "[::]:80"), ("fe80::1", true, "[fe80::1]:80"),
            ("2001:db8::7", true, "[2001:db8::7]:80"),
        ]
    )
    func numericAddresses(host: String, isIPv6: Bool, description: String) throws {
        let address = try #require(SocketAddress(host: host, port: 80))
        #expect(address.isIPv6 == isIPv6)
        #expect(address.host == host)
        #expect(address.port == 80)
        #expect("\(address)" == description)
    }

    @Test(
        arguments: [
            "", "localhost", "127.0.0", "127.0.0.256", "127.0.0.1:80", "[::1]", "::g", "1:2:3", " 127.0.0.1",
            "fe80::1%lo", "0x7f.1",
        ]
    )
    func notNumeric(host: String) {
        #expect(SocketAddress(host: host, port: 80) == nil)
    }

    /// To the form that system calls take, and back.
    @Test(
        arguments: [
            ("127.0.0.1", 8765), ("255.255.255.255", 65_535), ("::1", 1), ("2001:db8::ff00:42:8329", 443),
            ("::", 0),
            ("::ffff:10.1.2.3", 80),
        ] as [(String, UInt16)]
    )
    func throughTheSystemsForm(host: String, port: UInt16) throws {
        let address = try #require(SocketAddress(host: host, port: port))
        func systemForm(_ address: SocketAddress) -> [UInt8] {
            address.withSocketAddress { pointer, length in
                Array(UnsafeRawBufferPointer(start: pointer, count: Int(length)))
            }
        }
        let bytes = systemForm(address)
        var storage = sockaddr_storage()
        withUnsafeMutableBytes(of: &storage) { $0.copyBytes(from: bytes) }
        let back = SocketAddress(storage: storage)
        #expect(back.port == port)
        #expect(back.host == host)
        #expect(back.shownHost == (host.hasPrefix("::ffff:") ? String(host.dropFirst(7)) : host))
        #expect(systemForm(back) == bytes, "it must stay the same address")
    }

    @Test func resolving() {
        #expect(SocketAddress.resolve(host: "127.0.0.1", port: 5).map(\.description) == ["127.0.0.1:5"])
        #expect(SocketAddress.resolve(host: "::1", port: 5).map(\.description) == ["[::1]:5"])
        #expect(
            SocketAddress.resolve(host: "localhost", port: 5).allSatisfy {
                ["127.0.0.1", "::1"].contains($0.host)
            }
        )
        #expect(SocketAddress.resolve(host: "no-such-host.invalid", port: 5).isEmpty)
    }

    @Test func thisMachineHasALoopbackAddress() {
        #expect(SocketAddress.localHosts().contains("127.0.0.1"))
    }
}

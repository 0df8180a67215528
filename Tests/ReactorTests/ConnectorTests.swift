import CLinux
import Glibc
import TestSupport
import Testing

@testable import Reactor

@Suite struct ConnectorTests {
    /// A listening socket whose connections nobody accepts.
    private final class Port {
        let address: SocketAddress
        private let socket: Descriptor

        init(_ host: String = "127.0.0.1") throws {
            socket = try Listener.bind(try #require(SocketAddress(host: host, port: 0)))
            address = Listener.localAddress(of: socket)
        }
    }

    /// The address of a port where nobody listens.
    private func address(_ port: RefusingPort) throws -> SocketAddress {
        try #require(SocketAddress(host: "127.0.0.1", port: port.number))
    }

    private func connect(
        _ addresses: [SocketAddress],
        milliseconds: Int64 = 20_000
    ) async throws -> SocketAddress? {
        try await LoopHarness().run { loop in
            let deadline = loop.now + milliseconds
            let channel = try await Connector.connect(to: addresses, loop: loop, until: deadline)
            defer { channel.close() }
            return Listener.peerAddress(of: channel.descriptor)
        }
    }

    @Test(arguments: ["127.0.0.1", "::1"])
    func oneAddress(host: String) async throws {
        let port = try Port(host)
        #expect(try await connect([port.address]) == port.address)
    }

    @Test func nextAddressAfterARefusal() async throws {
        let port = try Port()
        let refusing = try RefusingPort()
        let none = try address(refusing)
        #expect(try await connect([none, none, port.address]) == port.address)
        withExtendedLifetime(refusing) {}
    }

    /// 192.0.2.1 is for documentation (RFC 5737): packets to it are lost, or the network says so.
    @Test func nextAddressAfterSilence() async throws {
        let port = try Port()
        let silent = try #require(SocketAddress(host: "192.0.2.1", port: 9))
        #expect(try await connect([silent, port.address]) == port.address)
    }

    @Test func everyReasonIsTold() async throws {
        let ports = [try RefusingPort(), try RefusingPort()]
        let addresses = try ports.map(address)
        let error = await #expect(throws: ConnectError.self) { try await connect(addresses) }
        #expect(error?.attempts.map(\.address) == addresses)
        #expect(error?.attempts.map(\.error.code) == [ECONNREFUSED, ECONNREFUSED])
        #expect(error?.description == addresses.map { "\($0): Connection refused" }.joined(separator: "; "))
        withExtendedLifetime(ports) {}
    }

    @Test func deadline() async throws {
        // A full queue of connections drops what else comes: the next one waits until its deadline.
        let type = Int32(SOCK_STREAM.rawValue)
        let bound = try #require(SocketAddress(host: "127.0.0.1", port: 0))
        let socket = try Descriptor(Glibc.socket(AF_INET, type, 0), from: "socket")
        #expect(bound.withSocketAddress { Glibc.bind(socket.raw, $0, $1) } == 0)
        #expect(listen(socket.raw, 0) == 0)
        let address = Listener.localAddress(of: socket)
        try await LoopHarness().run { loop in
            var held: [Channel] = []
            defer { for channel in held { channel.close() } }
            var error: ConnectError?
            while error == nil, held.count < 20 {
                do throws(ConnectError) {
                    let deadline = loop.now + 100
                    held.append(try await Connector.connect(to: [address], loop: loop, until: deadline))
                } catch let failure {
                    error = failure
                }
            }
            #expect(error?.attempts.map(\.error.code) == [ETIMEDOUT])
        }
        _ = socket.raw
    }

    @Test func unknownName() {
        let error = #expect(throws: NameLookupError.self) {
            try SocketAddress.lookUp(host: "no-such-host.invalid", port: 1)
        }
        #expect(error?.description.isEmpty == false)
    }
}

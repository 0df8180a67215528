import CLinux
import Glibc
import Testing

@testable import Reactor

@Suite struct ListenerTests {
    private static func loopback(port: UInt16 = 0) throws -> SocketAddress {
        try #require(SocketAddress(host: "127.0.0.1", port: port))
    }

    private static func connect(to address: SocketAddress) -> Int32 {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        let code = address.withSocketAddress { Glibc.connect(descriptor, $0, $1) }
        precondition(code == 0, "connect failed")
        return descriptor
    }

    @Test func theSystemChoosesAPort() throws {
        let socket = try Listener.bind(Self.loopback())
        let address = Listener.localAddress(of: socket)
        #expect(address.host == "127.0.0.1")
        #expect(address.port > 0)
        #expect(!address.isIPv6)
        // A second socket of this program shares the port, as each event loop has one.
        _ = try Listener.bind(address)
    }

    @Test func aPortInUseIsNoticed() throws {
        let socket = try Listener.bind(Self.loopback())
        let address = Listener.localAddress(of: socket)
        let error = #expect(throws: SystemError.self) { try Listener.probe(address) }
        #expect(error?.code == EADDRINUSE)
        try Listener.probe(Self.loopback())
    }

    @Test func foreignAddressesCannotBeBound() throws {
        let address = try #require(SocketAddress(host: "192.0.2.1", port: 0))
        let error = #expect(throws: SystemError.self) { try Listener.probe(address) }
        #expect(error?.code == EADDRNOTAVAIL)
        #expect(error?.call == "bind")
    }

    @Test func acceptsWhoConnects() async throws {
        let harness = try LoopHarness()
        try await harness.run { loop in
            let socket = try Listener.bind(Self.loopback())
            let address = Listener.localAddress(of: socket)
            let listener = try Listener(socket, loop: loop)
            if case .none = listener.accept() {} else { Issue.record("nobody has connected") }
            let clients = (0..<3).map { _ in Self.connect(to: address) }
            #expect(await listener.waitForConnections())
            var accepted = 0
            accepting: while true {
                switch listener.accept() {
                case .connection(let connection):
                    accepted += 1
                    #expect(fcntl(connection.raw, F_GETFL) & O_NONBLOCK != 0)
                    #expect(fcntl(connection.raw, F_GETFD) & FD_CLOEXEC != 0)
                    #expect(Listener.peerAddress(of: connection.raw)?.host == "127.0.0.1")
                case .none: break accepting
                case .exhausted:
                    Issue.record("there are descriptors")
                    break accepting
                }
            }
            #expect(accepted == 3)
            for client in clients { close(client) }
            let waiting = LoopBound(listener, loop: loop)
            Task(executorPreference: loop) { waiting.value.interrupt() }
            #expect(await !listener.waitForConnections())
            listener.close()
        }
    }

    /// In a process of its own, which runs out of descriptors.
    @Test func withoutDescriptorsPeersAreTurnedAway() async {
        await #expect(processExitsWith: .success) {
            let loop = try EventLoop()
            let thread = try Thread(name: "loop") { loop.run() }
            try await Task(executorPreference: loop) {
                let socket = try Listener.bind(try Self.loopback())
                let address = Listener.localAddress(of: socket)
                let listener = try Listener(socket, loop: loop)
                let client = Self.connect(to: address)
                try #require(await listener.waitForConnections())
                var taken: [Int32] = []
                var limit = rlimit(rlim_cur: 256, rlim_max: 256)
                setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
                while true {
                    let descriptor = open("/dev/null", O_RDONLY)
                    if descriptor < 0 { break }
                    taken.append(descriptor)
                }
                guard case .exhausted = listener.accept() else { exit(11) }
                var byte: UInt8 = 0
                guard read(client, &byte, 1) <= 0 else { exit(12) }
                for descriptor in taken { close(descriptor) }
                let other = Self.connect(to: address)
                try #require(await listener.waitForConnections())
                guard case .connection = listener.accept() else { exit(13) }
                close(other)
                listener.close()
            }.value
            loop.stop()
            thread.join()
        }
    }
}

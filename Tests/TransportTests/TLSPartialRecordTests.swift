import Bytes
import CLinux
import Glibc
import Reactor
import TestSupport
import Testing

@testable import Transport

/// A part of a record waits inside OpenSSL, and nobody may spin until the rest comes.
@Suite(.enabled(if: TLSTestFiles.isAvailable))
struct TLSPartialRecordTests {
    @Test func readingEndsWithAPartOfARecord() async throws {
        let context = try TLSContext(
            certificates: [TLSCertificateFiles(certificatePath: TLSTestFiles.one)],
            applicationProtocols: [],
            previous: nil
        )
        var ends: [Int32] = [0, 0]
        let kind = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_NONBLOCK.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
        try #require(socketpair(AF_UNIX, kind, 0, &ends) == 0)
        let (server, client) = (ends[0], ends[1])
        defer { close(client) }
        let loop = try EventLoop()
        let thread = try Thread(name: "loop") { loop.run() }
        defer {
            loop.stop()
            thread.join()
        }
        let reading = Task(executorPreference: loop) {
            let channel = try Channel(Descriptor(server, from: "socketpair"), loop: loop)
            let stream = ByteStream(channel, tls: context, scratch: ByteStream.Scratch())
            defer { stream.close() }
            try await stream.handshake(until: .max)
            let buffer = ByteBuffer(capacity: 4096)
            while buffer.isEmpty {
                _ = await channel.waitReadable(until: .max)
                _ = try stream.read(into: buffer)
            }
            let next = try stream.read(into: buffer)
            return (next == .wouldBlock, buffer.unread.copied(), channel.isReadReady)
        }
        let peer = TLSTestClient()
        while !peer.handshake() { peer.exchange(client) }
        peer.write([1, 2, 3])
        peer.write([UInt8](repeating: 4, count: 1000))
        let flight = peer.takeOutput().dropLast(500)
        precondition(send(client, Array(flight), flight.count, Int32(MSG_NOSIGNAL)) == flight.count)
        let (isWaiting, bytes, isReadReady) = try await reading.value
        #expect(isWaiting)
        #expect(bytes == [1, 2, 3])
        #expect(!isReadReady, "the socket has nothing more")
    }
}

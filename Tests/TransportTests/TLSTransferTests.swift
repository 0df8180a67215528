import COpenSSL
import Glibc
import Testing
import Transport

@Suite(.enabled(if: TLSTestFiles.isAvailable))
struct TLSTransferTests {
    private func pair(version: Int32 = TLS1_3_VERSION, bufferBytes: Int32 = 0) throws -> TLSTestPair {
        let context = try TLSContext(
            certificates: [TLSCertificateFiles(certificatePath: TLSTestFiles.one)],
            applicationProtocols: [],
            previous: nil
        )
        let pair = try TLSTestPair(context, .init(version: version), bufferBytes: bufferBytes)
        try pair.establish()
        pair.client.receive(pair.clientDescriptor)
        #expect(pair.client.read().isEmpty)
        return pair
    }

    private let megabyte = (0..<(1 << 20)).map { UInt8(truncatingIfNeeded: $0 &* 31 ^ $0 >> 8) }

    @Test(arguments: [TLS1_2_VERSION, TLS1_3_VERSION], [0, 8192] as [Int32])
    func downloadToASlowReader(version: Int32, bufferBytes: Int32) throws {
        let pair = try pair(version: version, bufferBytes: bufferBytes)
        var written = 0
        var received: [UInt8] = []
        var timesBlocked = 0
        for _ in 0..<10_000 where received.count < megabyte.count {
            if written < megabyte.count {
                switch try pair.write(megabyte[written...]) {
                case .bytes(let count):
                    #expect(count > 0)
                    written += count
                case .wouldBlock:
                    #expect(pair.session.hasPendingOutput)
                    timesBlocked += 1
                }
            } else {
                _ = try pair.session.flush()
            }
            pair.client.receive(pair.clientDescriptor, limit: 5000)
            received += pair.client.read()
        }
        #expect(written == megabyte.count)
        #expect(received == megabyte)
        #expect(timesBlocked > 0)
        #expect(try pair.session.flush())
        #expect(!pair.session.hasPendingOutput)
    }

    @Test(arguments: [TLS1_2_VERSION, TLS1_3_VERSION], [1000, 16_384, 65_536])
    func upload(version: Int32, capacity: Int) throws {
        let pair = try pair(version: version)
        var received: [UInt8] = []
        for start in stride(from: 0, to: megabyte.count, by: 50_000) {
            pair.client.write(Array(megabyte[start..<min(start + 50_000, megabyte.count)]))
            pair.client.exchange(pair.clientDescriptor)
            repeat {
                received += try pair.read(capacity: capacity).bytes
            } while pair.session.mayHaveMoreInput
            // What an edge-triggered loop relies on: the kernel has nothing left when reading stops.
            var byte: UInt8 = 0
            #expect(recv(pair.serverDescriptor, &byte, 1, Int32(MSG_PEEK | MSG_DONTWAIT)) == -1)
            #expect(try pair.read(capacity: capacity).result == .wouldBlock)
        }
        #expect(received == megabyte)
    }

    @Test func oneReadIsEnoughForAShortRequest() throws {
        let pair = try pair()
        pair.client.write([1, 2, 3])
        pair.client.exchange(pair.clientDescriptor)
        #expect(try pair.read().bytes == [1, 2, 3])
        #expect(!pair.session.mayHaveMoreInput)
        #expect(try pair.read().result == .wouldBlock)
        #expect(!pair.session.mayHaveMoreInput)
    }

    @Test func recordsReadAheadAreAnnounced() throws {
        let pair = try pair()
        pair.client.write([1])
        pair.client.write([2])
        pair.client.exchange(pair.clientDescriptor)
        #expect(try pair.read().bytes == [1])
        #expect(pair.session.mayHaveMoreInput)
        // Arrives while the second record waits inside the session, and must not be forgotten after it.
        pair.client.write([3])
        pair.client.exchange(pair.clientDescriptor)
        #expect(try pair.read().bytes == [2])
        #expect(pair.session.mayHaveMoreInput)
        #expect(try pair.read().bytes == [3])
        #expect(!pair.session.mayHaveMoreInput)
    }

    @Test func aRecordInPiecesBlocksUntilItIsWhole() throws {
        let pair = try pair()
        pair.client.write([1, 2, 3])
        let record = pair.client.takeOutput()
        for byte in record.dropLast() {
            pair.sendRaw([byte])
            #expect(try pair.read().result == .wouldBlock)
        }
        pair.sendRaw([record[record.count - 1]])
        #expect(try pair.read().bytes == [1, 2, 3])
    }

    @Test func writingNothing() throws {
        #expect(try pair().write([]) == .bytes(0))
    }

    @Test func closeNotifyIsAnEnd() throws {
        let pair = try pair()
        pair.client.write([1])
        pair.client.sendClose()
        pair.client.exchange(pair.clientDescriptor)
        #expect(try pair.read().bytes == [1])
        #expect(try pair.read().result == .closed)
        #expect(try pair.read().result == .closed)
        #expect(try pair.write([2]) == .bytes(1), "the other direction is still open")
        pair.session.shutdown()
        pair.client.receive(pair.clientDescriptor)
        #expect(pair.client.read() == [2])
        #expect(pair.client.hasReceivedClose)
    }

    @Test func endWithoutCloseNotifyIsATruncation() throws {
        let pair = try pair()
        pair.client.write([1])
        pair.client.exchange(pair.clientDescriptor)
        pair.closeClient()
        #expect(try pair.read().bytes == [1])
        #expect(try pair.read().result == .truncated)
        #expect(try pair.read().result == .truncated)
    }

    @Test func endWithinARecordIsATruncation() throws {
        let pair = try pair()
        pair.client.write([1, 2, 3])
        pair.sendRaw(Array(pair.client.takeOutput().dropLast()))
        pair.closeClient()
        #expect(try pair.read().result == .truncated)
    }

    @Test func shutdownSaysCloseNotifyOnce() throws {
        let pair = try pair()
        pair.session.shutdown()
        pair.session.shutdown()
        #expect(pair.client.receive(pair.clientDescriptor) == 24)
        #expect(pair.client.read().isEmpty)
        #expect(pair.client.hasReceivedClose)
        #expect(throws: TLSError.closed) { try pair.write([1]) }
    }

    @Test func shutdownWaitsBehindPendingOutput() throws {
        let pair = try pair(bufferBytes: 8192)
        var written = 0
        while case .bytes(let count) = try pair.write(megabyte[written...]) { written += count }
        #expect(pair.session.hasPendingOutput)
        pair.session.shutdown()
        var received: [UInt8] = []
        for _ in 0..<1000 where !pair.client.hasReceivedClose {
            pair.client.receive(pair.clientDescriptor)
            received += pair.client.read()
            _ = try pair.session.flush()
        }
        #expect(pair.client.hasReceivedClose)
        #expect(received == Array(megabyte[..<written]))
    }

    @Test func shutdownBeforeTheHandshakeDoesNothing() throws {
        let context = try TLSContext(
            certificates: [TLSCertificateFiles(certificatePath: TLSTestFiles.one)],
            applicationProtocols: [],
            previous: nil
        )
        let pair = try TLSTestPair(context)
        pair.session.shutdown()
        #expect(pair.client.receive(pair.clientDescriptor) == 0)
        try pair.establish()
    }

    @Test func aForgedRecordIsAProtocolError() throws {
        let pair = try pair()
        pair.client.write([1, 2, 3])
        var record = pair.client.takeOutput()
        record[record.count - 1] ^= 1
        pair.sendRaw(record)
        let expected = TLSError.protocolError(reason: "decryption failed or bad record mac")
        #expect(throws: expected) { try pair.read() }
        #expect(throws: expected) { try pair.read() }
        #expect(throws: expected) { try pair.write([1]) }
    }

    @Test func writingToAGonePeer() throws {
        let pair = try pair()
        pair.closeClient()
        #expect(throws: TLSError.system(EPIPE)) { try pair.write([1]) }
        #expect(throws: TLSError.system(EPIPE)) { try pair.read() }
    }

    @Test func keyUpdatesBetweenDataAreFollowed() throws {
        let pair = try pair()
        for round in 0..<100 as Range<UInt8> {
            pair.client.updateKeys()
            pair.client.write([round])
            pair.client.exchange(pair.clientDescriptor)
            #expect(try pair.read().bytes == [round])
            #expect(try pair.write([round, round]) == .bytes(2))
            pair.client.receive(pair.clientDescriptor)
            #expect(pair.client.read() == [round, round])
        }
    }

    @Test func keyUpdatesWithoutDataEndTheConnection() throws {
        let pair = try pair()
        var rounds = 0
        let expected = TLSError.protocolError(reason: "too many handshake messages")
        #expect(throws: expected) {
            for _ in 0..<100 {
                pair.client.updateKeys()
                pair.client.exchange(pair.clientDescriptor)
                _ = pair.client.read()
                _ = try pair.read()
                rounds += 1
            }
        }
        #expect(rounds == 32)
    }

    @Test func renegotiationIsRefused() throws {
        let pair = try pair(version: TLS1_2_VERSION)
        pair.client.write([1])
        #expect(pair.client.startRenegotiation())
        pair.client.exchange(pair.clientDescriptor)
        #expect(try pair.read().bytes == [1])
        #expect(try pair.read().result == .wouldBlock)
        #expect(pair.client.receive(pair.clientDescriptor) > 0, "a warning alert")
        #expect(!pair.client.handshake())
        #expect(pair.client.lastReason == "no renegotiation")
    }

    @Test func sessionsShareAStagingBlock() throws {
        let context = try TLSContext(
            certificates: [TLSCertificateFiles(certificatePath: TLSTestFiles.one)],
            applicationProtocols: [],
            previous: nil
        )
        let staging = TLSStaging()
        let pairs = try (0..<3).map { _ in try TLSTestPair(context, bufferBytes: 8192, staging: staging) }
        for pair in pairs { try pair.establish() }
        var written = [0, 0, 0]
        for index in pairs.indices {
            while case .bytes(let count) = try pairs[index].write(megabyte[written[index]...]) {
                written[index] += count
            }
        }
        for (pair, count) in zip(pairs, written) {
            var received: [UInt8] = []
            for _ in 0..<1000 where received.count < count {
                pair.client.receive(pair.clientDescriptor)
                received += pair.client.read()
                _ = try pair.session.flush()
            }
            #expect(received == Array(megabyte[..<count]))
        }
    }
}

import Bytes
import HTTP
import Server
import Transport

/// A protocol that gives every byte back, ends with the client's side, and says "bye" when the server stops.
final class TestUpgrade: ConnectionUpgrade {
    enum Event: Equatable, Sendable {
        case run(String)
        case ended
        case drained
        case abandoned
    }

    private let switches: TestSwitches
    private var stream: ByteStream?
    private var isDraining = false

    init(_ switches: TestSwitches) { self.switches = switches }

    /// Answers with a 101, whatever was asked.
    static func accept(_ exchange: Exchange, _ switches: TestSwitches) {
        exchange.response.status = .switchingProtocols
        exchange.response.fields.add("Connection", "Upgrade")
        exchange.response.fields.add("Upgrade", "echo")
        exchange.response.upgrade = TestUpgrade(switches)
    }

    func run(_ stream: ByteStream, received: [UInt8]) async -> UInt64 {
        self.stream = stream
        note(.run(String(decoding: received, as: UTF8.self)))
        defer { note(.ended) }
        let buffer = ByteBuffer(capacity: 16 * 1024)
        buffer.append(received)
        var sent = 0
        do {
            while true {
                while !buffer.isEmpty {
                    let count = try stream.write(buffer.unread, [UInt8]().span)
                    sent += count
                    buffer.consume(count)
                    if count == 0 { _ = await stream.channel.waitWritable(until: .max) }
                }
                if isDraining {
                    buffer.append("bye")
                    isDraining = false
                    sent += try stream.write(buffer.unread, [UInt8]().span)
                    return UInt64(sent)
                }
                if try stream.read(into: buffer) == .endOfStream { return UInt64(sent) }
                if buffer.isEmpty, !isDraining { _ = await stream.channel.waitForActivity(until: .max) }
            }
        } catch {
            return UInt64(sent)
        }
    }

    func drain() {
        note(.drained)
        isDraining = true
        stream?.channel.notify()
    }

    func abandon() { note(.abandoned) }

    private func note(_ event: Event) { switches.upgradeEvents.withLock { $0.append(event) } }
}

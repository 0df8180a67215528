import Bytes
import Glibc
import Reactor
import Synchronization
import Transport

/// A server on the loopback interface that does what a script says, on a thread of its own.
///
/// It understands nothing but the empty line at the end of a request, and then performs the next of the actions that
/// the script has for the connection.
final class ScriptedOrigin: Sendable {
    enum Action: Sendable {
        /// Sends text as it is.
        case send(String)
        /// Sends so many bytes.
        case fill(Int)
        /// Sends the text byte by byte with a pause before each.
        case drip(String, milliseconds: Int64)
        /// Waits for a whole request head.
        case request
        /// Waits for so many bytes, which are noted as a request's head is.
        case bytes(Int)
        /// Waits until so many requests have come on all connections.
        case requests(Int)
        /// Waits, then goes on.
        case sleep(milliseconds: Int64)
        /// Waits until the client has gone.
        case waitForEnd
        /// Ends the connection in order.
        case close
        /// Ends it without TLS's closing alert.
        case closeWithoutAlert
        /// Ends it by a reset.
        case reset
        /// Passes everything on to another port of this machine, as a proxy's tunnel.
        case tunnel(port: UInt16)
    }

    let port: UInt16
    private let loop: EventLoop
    private let thread: Thread
    private let log = Mutex<[(connection: Int, text: String)]>([])

    /// - Parameters:
    ///   - scripts: for each connection what is done; the last one counts for all that follow.
    ///   - tls: the certificate when it speaks TLS.
    ///   - host: the address to listen on.
    /// - Throws: `SystemError` when it cannot listen.
    convenience init(_ scripts: [[Action]], tls: TLSContext? = nil, host: String = "127.0.0.1") throws {
        guard let address = SocketAddress(host: host, port: 0) else {
            throw SystemError(code: EINVAL, call: host)
        }
        let socket = try Listener.bind(address)
        try self.init(scripts, tls, port: Listener.localAddress(of: socket).port, socket.release())
    }

    /// Listens on a Unix socket instead.
    convenience init(_ scripts: [[Action]], socketPath: String) throws {
        let type = Int32(SOCK_STREAM.rawValue | SOCK_NONBLOCK.rawValue | SOCK_CLOEXEC.rawValue)
        let socket = try Descriptor(Glibc.socket(AF_UNIX, type, 0), from: "socket")
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: socketPath.utf8) }
        let size = socklen_t(MemoryLayout<sockaddr_un>.size)
        let code = withUnsafeBytes(of: &address) { bytes in
            bytes.withMemoryRebound(to: sockaddr.self) { Glibc.bind(socket.raw, $0.baseAddress, size) }
        }
        guard code == 0, listen(socket.raw, 16) == 0 else { throw SystemError.last("bind") }
        try self.init(scripts, nil, port: 0, socket.release())
    }

    private init(_ scripts: [[Action]], _ tls: TLSContext?, port: UInt16, _ raw: Int32) throws {
        let loop = try EventLoop()
        self.loop = loop
        self.port = port
        thread = try Thread(name: "origin") { loop.run() }
        Task(executorPreference: loop) { [weak self] in
            guard let listener = try? Listener(Descriptor(raw, from: "bind"), loop: loop) else { return }
            var count = 0
            while await listener.waitForConnections() {
                while case .connection(let socket) = listener.accept() {
                    guard let channel = try? Channel(socket, loop: loop) else { continue }
                    let stream = ByteStream(channel, tls: tls, scratch: ByteStream.Scratch())
                    let script = count < scripts.count ? scripts[count] : scripts.last ?? []
                    self?.serve(LoopBound(stream, loop: loop), script, count)
                    count += 1
                }
            }
            listener.close()
        }
    }

    deinit {
        loop.stop()
        thread.join()
    }

    /// Origin as a URL.
    func url(_ scheme: String = "http", host: String = "127.0.0.1") -> String {
        "\(scheme)://\(host):\(port)"
    }

    /// The request heads received so far.
    var requests: [String] { log.withLock { $0.map(\.text) } }

    /// For each request the number of its connection.
    var connections: [Int] { log.withLock { $0.map(\.connection) } }

    private func serve(_ bound: LoopBound<ByteStream>, _ script: [Action], _ number: Int) {
        Task(executorPreference: loop) { [self] in
            let stream = bound.value
            let input = ByteBuffer(capacity: 64 * 1024)
            do {
                try await stream.handshake(until: .max)
                for action in script {
                    guard try await perform(action, stream, input, number) else {
                        stream.close()
                        return
                    }
                }
                while try await fill(input, stream) { input.removeAll() }
            } catch {}
            stream.close()
        }
    }

    /// - Returns: `false` when the connection is to be closed.
    private func perform(
        _ action: Action,
        _ stream: ByteStream,
        _ input: ByteBuffer,
        _ number: Int
    ) async throws -> Bool {
        switch action {
        case .send(let text): try await send(Array(text.utf8), stream)
        case .fill(let count): try await send([UInt8](repeating: 0x78, count: count), stream)
        case .drip(let text, let milliseconds):
            for byte in text.utf8 {
                await loop.sleep(milliseconds: milliseconds)
                try await send([byte], stream)
            }
        case .request:
            while true {
                let text = input.unread.text()
                if let end = text.firstRange(of: "\r\n\r\n") {
                    log.withLock { $0.append((number, String(text[..<end.lowerBound]))) }
                    input.consume(text[..<end.upperBound].utf8.count)
                    break
                }
                guard try await fill(input, stream) else { return false }
            }
        case .bytes(let count):
            while input.count < count {
                input.reserve(16 * 1024)
                guard try await fill(input, stream) else { return false }
            }
            log.withLock { $0.append((number, input.unread.extracting(0..<count).text())) }
            input.consume(count)
        case .requests(let count):
            while requests.count < count { await loop.sleep(milliseconds: 1) }
        case .sleep(let milliseconds): await loop.sleep(milliseconds: milliseconds)
        case .waitForEnd:
            while try await fill(input, stream) { input.removeAll() }
            return false
        case .close: return false
        case .closeWithoutAlert:
            shutdown(stream.channel.descriptor, Int32(SHUT_WR))
            return false
        case .reset:
            stream.close(abruptly: true)
            throw CancellationError()
        case .tunnel(let port):
            guard let address = SocketAddress(host: "127.0.0.1", port: port) else { return false }
            let channel = try await Connector.connect(to: [address], loop: loop, until: .max)
            let other = ByteStream(channel, tls: nil, scratch: ByteStream.Scratch())
            let back = LoopBound((other, stream), loop: loop)
            let pump = Task(executorPreference: loop) { [self] in
                try? await pass(back.value.0, ByteBuffer(capacity: 16 * 1024), to: back.value.1)
            }
            try? await pass(stream, input, to: other)
            await pump.value
            other.close()
            return false
        }
        return true
    }

    /// Passes everything on until one side ends.
    private func pass(_ source: ByteStream, _ buffer: ByteBuffer, to sink: ByteStream) async throws {
        defer { sink.finishSending() }
        repeat {
            try await send(buffer.unread.copied(), sink)
            buffer.removeAll()
        } while try await fill(buffer, source)
    }

    private func fill(_ input: ByteBuffer, _ stream: ByteStream) async throws -> Bool {
        while true {
            switch try stream.read(into: input) {
            case .bytes: return true
            case .endOfStream: return false
            case .wouldBlock: _ = await stream.channel.waitReadable(until: .max)
            }
        }
    }

    private func send(_ bytes: [UInt8], _ stream: ByteStream) async throws {
        let buffer = ByteBuffer(capacity: max(1, bytes.count))
        buffer.append(bytes)
        while true {
            if !buffer.isEmpty { buffer.consume(try stream.write(buffer.unread, [UInt8]().span)) }
            if buffer.isEmpty, try stream.flush() { return }
            if !stream.channel.isWriteReady { _ = await stream.channel.waitWritable(until: .max) }
        }
    }
}

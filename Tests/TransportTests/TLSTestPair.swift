import CLinux
import Glibc
import TestSupport
import Testing
import Transport

/// A server session and a client joined by a socketpair, driven in turns on one thread.
final class TLSTestPair {
    let session: TLSSession
    let client: TLSTestClient
    private(set) var serverDescriptor: Int32
    private(set) var clientDescriptor: Int32

    // `bufferBytes` is the size of the server's send buffer; 0 for the system's choice.
    init(
        _ context: TLSContext,
        _ options: TLSTestClient.Options = TLSTestClient.Options(),
        bufferBytes: Int32 = 0,
        staging: TLSStaging = TLSStaging()
    ) throws {
        var ends: [Int32] = [0, 0]
        let kind = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_NONBLOCK.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
        try #require(socketpair(AF_UNIX, kind, 0, &ends) == 0)
        if bufferBytes > 0 {
            var size = bufferBytes
            setsockopt(ends[0], SOL_SOCKET, SO_SNDBUF, &size, socklen_t(MemoryLayout<Int32>.size))
        }
        serverDescriptor = ends[0]
        clientDescriptor = ends[1]
        session = TLSSession(context: context, descriptor: ends[0], staging: staging)
        client = TLSTestClient(options)
    }

    deinit {
        close(serverDescriptor)
        closeClient()
    }

    /// Both handshakes to their ends.
    func establish() throws {
        var isClientDone = false
        var progress = TLSProgress.wantRead
        for _ in 0..<20 {
            isClientDone = client.handshake()
            client.exchange(clientDescriptor)
            if progress != .done { progress = try session.handshake() }
            if isClientDone, progress == .done { return }
            client.receive(clientDescriptor)
        }
        Issue.record("the handshake does not end")
    }

    /// Ends the client's side of the connection without a word.
    func closeClient() {
        endSocket(clientDescriptor)
        clientDescriptor = -1
    }

    /// Sends `bytes` as they are.
    func sendRaw(_ bytes: [UInt8]) {
        precondition(send(clientDescriptor, bytes, bytes.count, Int32(MSG_NOSIGNAL)) == bytes.count)
    }

    /// One `read` of the session, and its bytes.
    func read(capacity: Int = 65_536) throws -> (result: TLSReadResult, bytes: [UInt8]) {
        var bytes = [UInt8](repeating: 0, count: capacity)
        let result = try bytes.withUnsafeMutableBytes { buffer throws(TLSError) in
            try session.read(into: buffer)
        }
        guard case .bytes(let count) = result else { return (result, []) }
        return (result, Array(bytes[..<count]))
    }

    func write(_ bytes: some Collection<UInt8>) throws -> TLSWriteResult {
        try Array(bytes).withUnsafeBytes { buffer throws(TLSError) in try session.write(buffer) }
    }
}

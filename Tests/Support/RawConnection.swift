import Glibc

/// A TCP connection to a server under test, as plain as it can be: bytes go out when and as they are given.
///
/// Every call blocks, and fails instead of waiting longer than the time-out.
public final class RawConnection {
    /// Why a call failed.
    public enum Failure: Error, Equatable {
        /// Nothing came, or nothing was taken, for the length of the time-out.
        case timedOut
        /// The server ended the connection where more was due; with what had come of it.
        case ended([UInt8])
        /// The server reset the connection.
        case reset
        /// What came is not an HTTP/1.1 answer.
        case malformed(String)
        /// A system call failed with this error number.
        case system(String, Int32)
    }

    /// What came and was not yet taken.
    public private(set) var pending: [UInt8] = []

    private var descriptor: Int32
    private let text: String

    /// Connects.
    /// - Parameters:
    ///   - port: the port.
    ///   - host: an IPv4 or IPv6 address.
    ///   - receiveBuffer: bytes of the socket's receive buffer; small ones make a slow reader.
    ///   - timeoutSeconds: how long each call waits at most.
    /// - Throws: `Failure.system` when the server cannot be reached.
    public init(
        port: UInt16,
        host: String = "127.0.0.1",
        receiveBuffer: Int32? = nil,
        timeoutSeconds: Int = 30
    ) throws(Failure) {
        let isIPv6 = host.contains(":")
        text = isIPv6 ? "[\(host)]:\(port)" : "\(host):\(port)"
        let type = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
        descriptor = socket(isIPv6 ? AF_INET6 : AF_INET, type, 0)
        guard descriptor >= 0 else { throw .system("socket", errno) }
        if let receiveBuffer { set(SOL_SOCKET, SO_RCVBUF, receiveBuffer) }
        set(Int32(IPPROTO_TCP), TCP_NODELAY, Int32(1))
        let time = timeval(tv_sec: timeoutSeconds, tv_usec: 0)
        set(SOL_SOCKET, SO_RCVTIMEO, time)
        set(SOL_SOCKET, SO_SNDTIMEO, time)
        guard isIPv6 ? connectIPv6(host, port) : connectIPv4(host, port) else {
            throw .system("connect", errno)
        }
    }

    deinit { close() }

    // MARK: Sending

    /// Sends all of `bytes`.
    public func send(_ bytes: some Collection<UInt8>) throws(Failure) {
        let array = Array(bytes)
        var sent = 0
        while sent < array.count {
            let count = array.withUnsafeBytes { buffer in
                Glibc.send(
                    descriptor,
                    buffer.baseAddress.map { $0 + sent },
                    array.count - sent,
                    Int32(MSG_NOSIGNAL)
                )
            }
            if count < 0 { try fail("send") } else { sent += count }
        }
    }

    /// Sends text as it is: line ends are up to the caller.
    public func send(_ text: String) throws(Failure) { try send(Array(text.utf8)) }

    /// Sends a request with a Host field of the server's address and CR LF after each line.
    /// - Parameters:
    ///   - method: the method.
    ///   - target: the request target.
    ///   - fields: lines like `Range: bytes=0-1`; a Host line among them takes the place of the usual one.
    /// - Throws: `Failure` when the server does not take it.
    public func send(_ method: String, _ target: String, _ fields: [String] = []) throws(Failure) {
        try send(request(method, target, fields))
    }

    /// The text of the request that ``send(_:_:_:)`` sends.
    public func request(_ method: String, _ target: String, _ fields: [String] = []) -> String {
        let hasHost = fields.contains { $0.lowercased().hasPrefix("host:") }
        let lines = ["\(method) \(target) HTTP/1.1"] + (hasHost ? [] : ["Host: \(text)"]) + fields
        return lines.joined(separator: "\r\n") + "\r\n\r\n"
    }

    /// Ends the sending side.
    public func finishSending() { shutdown(descriptor, Int32(SHUT_WR)) }

    /// Sends a reset and closes.
    public func reset() {
        // At once, also while a child process that is being started holds a copy; the system does that for a socket that
        // is disconnected in the middle.
        var address = sockaddr(sa_family: sa_family_t(AF_UNSPEC), sa_data: sockaddr().sa_data)
        connect(descriptor, &address, socklen_t(MemoryLayout<sockaddr>.size))
        close()
    }

    /// Closes, which the server sees at once.
    public func close() {
        endSocket(descriptor)
        descriptor = -1
    }

    // MARK: Receiving

    /// Sends a request and reads its answer.
    public func exchange(
        _ method: String,
        _ target: String,
        _ fields: [String] = []
    ) throws(Failure) -> RawResponse {
        try send(method, target, fields)
        return try readResponse(to: method)
    }

    /// Reads one answer; an interim one (1xx) counts as one.
    /// - Parameter method: the method of the request; the answer to HEAD has no body.
    /// - Returns: the answer with its body.
    /// - Throws: `Failure` when no whole answer comes.
    public func readResponse(to method: String = "GET") throws(Failure) -> RawResponse {
        var response = try readHead()
        if method == "HEAD" || response.status < 200 || [204, 304].contains(response.status) {
            return response
        }
        if response.values("transfer-encoding").contains("chunked") {
            response.body = try readChunks()
        } else if let length = response["content-length"] {
            guard let count = Int(length) else { throw .malformed("Content-Length: \(length)") }
            response.body = try readBytes(count)
        } else {
            response.body = try readToEnd()
        }
        return response
    }

    /// Reads the head of an answer up to and with its empty line.
    public func readHead() throws(Failure) -> RawResponse {
        var searched = 0
        while true {
            if let end = endOfHead(from: searched) {
                let head = Array(pending[..<end])
                pending.removeFirst(end)
                guard let response = RawResponse(head: head) else {
                    throw .malformed(String(decoding: head, as: UTF8.self))
                }
                return response
            }
            searched = max(0, pending.count - 3)
            guard try receive() else { throw .ended(takePending()) }
        }
    }

    /// Reads exactly `count` bytes.
    public func readBytes(_ count: Int) throws(Failure) -> [UInt8] {
        while pending.count < count {
            guard try receive() else { throw .ended(takePending()) }
        }
        defer { pending.removeFirst(count) }
        return Array(pending[..<count])
    }

    /// Reads at least one byte and at most what one system call gives; empty at the end.
    public func readSome() throws(Failure) -> [UInt8] {
        if pending.isEmpty { _ = try receive() }
        return takePending()
    }

    /// Reads until the server ends the connection.
    public func readToEnd() throws(Failure) -> [UInt8] {
        while try receive() {}
        return takePending()
    }

    /// Reads until the server ends the connection, in order or by a reset.
    public func readToEndOrReset() throws(Failure) -> [UInt8] {
        do throws(Failure) {
            while try receive() {}
        } catch {
            guard error == .reset else { throw error }
        }
        return takePending()
    }

    /// Whether the server ends the connection, in order or by a reset, without another byte.
    public func endsWithoutMore() throws(Failure) -> Bool { try readToEndOrReset().isEmpty }

    private func readChunks() throws(Failure) -> [UInt8] {
        var body: [UInt8] = []
        while true {
            let line = try readLine()
            let digits = line.prefix { $0 != ";" }
            guard let size = Int(digits, radix: 16) else { throw .malformed("chunk size \(line)") }
            if size == 0 {
                while try !readLine().isEmpty {}
                return body
            }
            body += try readBytes(size)
            guard try readLine().isEmpty else { throw .malformed("chunk longer than its size") }
        }
    }

    /// Reads a line, without its CR LF.
    public func readLine() throws(Failure) -> String {
        while true {
            if let newline = pending.firstIndex(of: 0x0a) {
                let line = Array(pending[..<newline])
                pending.removeFirst(newline + 1)
                guard line.last == 0x0d else { throw .malformed("a line without CR") }
                return String(decoding: line.dropLast(), as: UTF8.self)
            }
            guard try receive() else { throw .ended(takePending()) }
        }
    }

    /// - Returns: `false` when the server has ended its side.
    private func receive() throws(Failure) -> Bool {
        var buffer = [UInt8](repeating: 0, count: 64 * 1024)
        while true {
            let count = recv(descriptor, &buffer, buffer.count, 0)
            if count < 0 {
                try fail("recv")
                continue
            }
            pending += buffer[..<count]
            return count > 0
        }
    }

    private func takePending() -> [UInt8] {
        defer { pending.removeAll() }
        return pending
    }

    private func endOfHead(from start: Int) -> Int? {
        guard pending.count >= 4, start <= pending.count - 4 else { return nil }
        for index in start...(pending.count - 4) where pending[index] == 0x0d {
            if pending[index + 1] == 0x0a, pending[index + 2] == 0x0d, pending[index + 3] == 0x0a {
                return index + 4
            }
        }
        return nil
    }

    /// Throws what `errno` says, unless it only says that a signal came.
    private func fail(_ call: String) throws(Failure) {
        switch errno {
        case EINTR: return
        case EAGAIN: throw .timedOut
        case ECONNRESET, EPIPE: throw .reset
        default: throw .system(call, errno)
        }
    }

    // MARK: Connecting

    private func connectIPv4(_ host: String, _ port: UInt16) -> Bool {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        guard inet_pton(AF_INET, host, &address.sin_addr) == 1 else { return false }
        return withUnsafePointer(to: address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
            }
        }
    }

    private func connectIPv6(_ host: String, _ port: UInt16) -> Bool {
        var address = sockaddr_in6()
        address.sin6_family = sa_family_t(AF_INET6)
        address.sin6_port = port.bigEndian
        guard inet_pton(AF_INET6, host, &address.sin6_addr) == 1 else { return false }
        return withUnsafePointer(to: address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in6>.size)) == 0
            }
        }
    }

    private func set(_ level: Int32, _ option: Int32, _ value: some BitwiseCopyable) {
        withUnsafeBytes(of: value) { bytes in
            _ = setsockopt(descriptor, level, option, bytes.baseAddress, socklen_t(bytes.count))
        }
    }
}

import Glibc

/// A TCP port of the loopback address at which nobody listens for as long as the object lives: who connects is refused.
///
/// A port that was only found free is soon another test's. This one is bound, without listening, so that the system
/// gives it to nobody who asks for any port; a server that is told its number and allows addresses to be used again
/// (`SO_REUSEADDR`) may listen there, and when it ends, connections are refused again.
public final class RefusingPort: Sendable {
    /// The number of the port.
    public let number: UInt16

    private let descriptor: Int32

    /// Binds any free port.
    /// - Throws: `ChildProcess.Failure` when there is none.
    public init() throws(ChildProcess.Failure) {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        var on: Int32 = 1
        setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &on, socklen_t(MemoryLayout<Int32>.size))
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let isBound = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, size) == 0 && getsockname(descriptor, $0, &size) == 0
            }
        }
        let error = errno
        self.descriptor = descriptor
        number = UInt16(bigEndian: address.sin_port)
        // The object is whole by now, so its deinit closes the socket.
        guard isBound else {
            throw ChildProcess.Failure(description: "no port: \(String(cString: strerror(error)))")
        }
    }

    deinit { close(descriptor) }
}

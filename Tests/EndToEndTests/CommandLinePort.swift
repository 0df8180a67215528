import Glibc

/// A TCP port of the loopback address that a test keeps busy.
final class CommandLinePort {
    /// The number of the port.
    let number: UInt16

    private let descriptor: Int32

    /// Listens on a port; `nil` when it is busy already.
    /// - Parameter number: the port; 0 for any free one.
    init?(_ number: UInt16 = 0) {
        let type = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
        let descriptor = socket(AF_INET, type, 0)
        // As the gateway does: connections that have ended lately do not keep a port busy.
        var on: Int32 = 1
        setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &on, socklen_t(MemoryLayout<Int32>.size))
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = number.bigEndian
        address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let isListening = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, size) == 0 && listen(descriptor, 1) == 0
                    && getsockname(descriptor, $0, &size) == 0
            }
        }
        self.descriptor = descriptor
        self.number = UInt16(bigEndian: address.sin_port)
        // The object is whole by now, so its deinit closes the socket.
        if !isListening { return nil }
    }

    deinit { close(descriptor) }
}

import Glibc

/// The descriptors 0, 1 and 2.
enum StandardStreams {
    /// Opens those that the parent has closed on `/dev/null`: the next file or socket would get their number, and
    /// what is meant for the log would be written into it.
    static func open() {
        for descriptor in Int32(0)...2 where fcntl(descriptor, F_GETFD) < 0 {
            _ = unsafe Glibc.open("/dev/null", O_RDWR)
        }
    }
}

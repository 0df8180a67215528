import Glibc

/// Ends a socket for its peer at once, and closes it.
///
/// Closing alone ends nothing while a child process that another test is starting holds a copy, which it does until it
/// becomes another program.
/// - Parameter descriptor: the socket; below 0 for none.
public func endSocket(_ descriptor: Int32) {
    guard descriptor >= 0 else { return }
    shutdown(descriptor, Int32(SHUT_RDWR))
    close(descriptor)
}

/// How a connection's protocol came to an end.
enum ConnectionEnding {
    /// Close in order; the last answer is complete.
    case close
    /// Close in order, but let the peer read the answer first although it may still be sending.
    case linger
    /// Reset: the peer must not take what it got for a whole answer.
    case abort
    /// Nothing came for a while: wait on without a task.
    case park
}

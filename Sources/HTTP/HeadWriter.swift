public import Bytes

/// Writes the head of an HTTP/1.1 answer (RFC 9112 sections 4 to 6).
public enum HeadWriter {
    /// How the answer's body is delimited.
    public enum Framing: Sendable, Equatable {
        /// No body and no length: 101, 204 and 304.
        case none
        /// That many bytes, in the head even when the body is left out for HEAD.
        case length(UInt64)
        /// In chunks.
        case chunked
        /// By the end of the connection, for HTTP/1.0.
        case untilClose
    }

    /// What is said about the connection.
    public enum ConnectionOption: Sendable, Equatable {
        /// Nothing: HTTP/1.1 keeps it.
        case standard
        /// It ends after this answer.
        case close
        /// It is kept for an HTTP/1.0 client that asked for it.
        case keepAlive
    }

    /// Appends a head to `buffer`.
    /// - Parameters:
    ///   - status: the status.
    ///   - date: the `Date` field's whole line, with its line end.
    ///   - fields: everything else.
    ///   - framing: adds the matching field.
    ///   - connection: adds a Connection field.
    ///   - buffer: gets the head.
    public static func write(
        status: Status,
        date: [UInt8],
        fields: ResponseFields,
        framing: Framing,
        connection: ConnectionOption,
        into buffer: ByteBuffer
    ) {
        status.appendLine(to: buffer)
        buffer.append(date)
        buffer.append(fields.block)
        switch framing {
        case .length(let length):
            buffer.append("Content-Length: ")
            buffer.append(decimal: length)
            buffer.append("\r\n")
        case .chunked: buffer.append("Transfer-Encoding: chunked\r\n")
        case .none, .untilClose: break
        }
        switch connection {
        case .standard: buffer.append("\r\n")
        case .close: buffer.append("Connection: close\r\n\r\n")
        case .keepAlive: buffer.append("Connection: keep-alive\r\n\r\n")
        }
    }

    /// Appends a chunk's size line; the data and a CR LF follow it (RFC 9112 section 7.1).
    public static func writeChunkSize(_ size: Int, into buffer: ByteBuffer) {
        buffer.append(hexadecimal: UInt64(size))
        buffer.append("\r\n")
    }
}

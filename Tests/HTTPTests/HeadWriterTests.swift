import Bytes
import Testing

@testable import HTTP

@Suite struct HeadWriterTests {
    private func head(
        _ status: Status,
        _ framing: HeadWriter.Framing,
        _ connection: HeadWriter.ConnectionOption
    ) -> String {
        let fields = ResponseFields()
        fields.add("Content-Type", "text/plain")
        let buffer = ByteBuffer(capacity: 4)
        let date = Array("Date: Sun, 06 Nov 1994 08:49:37 GMT\r\n".utf8)
        HeadWriter.write(
            status: status,
            date: date,
            fields: fields,
            framing: framing,
            connection: connection,
            into: buffer
        )
        return buffer.unread.text()
    }

    @Test(
        arguments: [
            (.none, .standard, ""), (.length(0), .standard, "Content-Length: 0\r\n"),
            (.length(UInt64.max), .standard, "Content-Length: 18446744073709551615\r\n"),
            (.chunked, .standard, "Transfer-Encoding: chunked\r\n"),
            (.chunked, .close, "Transfer-Encoding: chunked\r\nConnection: close\r\n"),
            (.length(7), .keepAlive, "Content-Length: 7\r\nConnection: keep-alive\r\n"),
            (.untilClose, .close, "Connection: close\r\n"),
        ] as [(HeadWriter.Framing, HeadWriter.ConnectionOption, String)]
    )
    func exactBytes(framing: HeadWriter.Framing, connection: HeadWriter.ConnectionOption, lines: String) {
        let expected =
            "HTTP/1.1 206 Partial Content\r\nDate: Sun, 06 Nov 1994 08:49:37 GMT\r\nContent-Type: text/plain\r\n"
            + lines + "\r\n"
        #expect(head(.partialContent, framing, connection) == expected)
    }

    @Test(
        arguments: [
            Status.ok, .noContent, .partialContent, .movedPermanently, .notModified, .temporaryRedirect,
            .permanentRedirect,
            .badRequest, .forbidden, .notFound, .methodNotAllowed, .requestTimeout, .lengthRequired,
            .preconditionFailed,
            .contentTooLarge, .uriTooLong, .rangeNotSatisfiable, .expectationFailed, .misdirectedRequest,
            .headerFieldsTooLarge, .internalServerError, .notImplemented, .serviceUnavailable,
            .versionNotSupported,
        ]
    )
    func statusLines(status: Status) {
        let buffer = ByteBuffer(capacity: 64)
        status.appendLine(to: buffer)
        let line = buffer.unread.text()
        #expect(line.hasPrefix("HTTP/1.1 \(status.code) "))
        #expect(line.hasSuffix("\r\n"))
        #expect(line.utf8.count > 16)
        #expect(line.utf8.filter { $0 < 0x20 }.count == 2)
    }

    /// Other servers may answer with codes that have no phrase here (RFC 9112 section 4).
    @Test func unknownStatusLine() {
        let buffer = ByteBuffer(capacity: 64)
        Status(299).appendLine(to: buffer)
        #expect(buffer.unread.text() == "HTTP/1.1 299 \r\n")
    }

    @Test(arguments: [(1, "1\r\n"), (10, "a\r\n"), (16, "10\r\n"), (65_536, "10000\r\n")])
    func chunkSizes(size: Int, text: String) {
        let buffer = ByteBuffer(capacity: 4)
        HeadWriter.writeChunkSize(size, into: buffer)
        #expect(buffer.unread.text() == text)
    }
}

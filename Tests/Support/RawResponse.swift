/// An HTTP/1.1 answer as it came.
public struct RawResponse: Sendable {
    /// The status code.
    public let status: Int
    /// The status line.
    public let statusLine: String
    /// The fields in their order.
    public let fields: [(name: String, value: String)]
    /// The body, with a chunked coding taken off; a content coding stays.
    public var body: [UInt8] = []

    /// Takes a head with its empty line apart.
    init?(head: [UInt8]) {
        let lines = String(decoding: head, as: UTF8.self).split(
            separator: "\r\n",
            omittingEmptySubsequences: false
        )
        guard let first = lines.first, first.hasPrefix("HTTP/1.1 "),
            let status = Int(first.dropFirst(9).prefix(3))
        else { return nil }
        var fields: [(name: String, value: String)] = []
        for line in lines.dropFirst() where !line.isEmpty {
            guard let colon = line.firstIndex(of: ":") else { return nil }
            let value = line[line.index(after: colon)...].drop { $0 == " " }
            fields.append((String(line[..<colon]), String(value)))
        }
        self.status = status
        statusLine = String(first)
        self.fields = fields
    }

    /// What must be the same whenever the same is asked: everything but the date.
    public struct Lasting: Equatable, Sendable, CustomStringConvertible {
        let head: [String]
        let body: [UInt8]

        /// The head, and the length of the body.
        public var description: String { head.joined(separator: " | ") + " | \(body.count) bytes" }
    }

    /// What is left without the date.
    public var lasting: Lasting {
        let lines = fields.filter { $0.name != "Date" }.map { "\($0.name): \($0.value)" }
        return Lasting(head: [statusLine] + lines, body: body)
    }

    /// The body as text.
    public var text: String { String(decoding: body, as: UTF8.self) }

    /// The value of the first field with this name, without regard to case.
    public subscript(name: String) -> String? { values(name).first }

    /// The values of all fields with this name, without regard to case.
    public func values(_ name: String) -> [String] {
        fields.filter { $0.name.lowercased() == name.lowercased() }.map(\.value)
    }
}

extension RawResponse {
    /// The boundary of a `multipart/byteranges` answer, or `nil` for another one.
    public var boundary: String? {
        guard let type = self["Content-Type"], let mark = type.firstRange(of: "boundary=") else { return nil }
        return String(type[mark.upperBound...])
    }
}

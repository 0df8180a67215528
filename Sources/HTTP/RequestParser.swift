import Bytes

/// Reads the head of an HTTP/1.x request, strictly, from as many pieces as the network delivers it in.
///
/// RFC 9112 sections 2 to 5. Anything that two programs might read differently is an error: a bare LF or CR, a
/// folded line, white space before the colon, control characters, more than one Host.
public struct RequestParser {
    /// Sizes beyond which a request is refused.
    public struct Limits: Sendable {
        /// Bytes of the request line.
        public var requestLineBytes = 16 * 1024
        /// Number of field lines.
        public var fieldLines = 100
        /// Bytes of all field lines together.
        public var fieldBytes = 64 * 1024

        /// The limits of RFC 9112's recommendations and of common browsers, with room to spare.
        public init() {}
    }

    private var reader: HeadReader
    private var requestLine: RequestLine?

    /// Length of the head that was completed last, also of one that was refused for what it means: an error that
    /// leaves the framing intact is answered once and its head consumed.
    public private(set) var completedLength = 0

    /// Makes a parser for one request after another.
    public init(limits: Limits = Limits()) {
        reader = HeadReader(
            limits: HeadReader.Limits(
                startLineBytes: limits.requestLineBytes,
                fieldLines: limits.fieldLines,
                fieldBytes: limits.fieldBytes
            )
        )
    }

    /// Forgets a head that was not completed.
    public mutating func reset() {
        requestLine = nil
        reader.reset()
    }

    /// Tries to read a head.
    /// - Parameters:
    ///   - input: everything received and not yet consumed; across calls it may only grow at its end.
    ///   - head: gets the request and has it when it is complete; the same one for all of a head.
    /// - Returns: the length of the head, to be consumed by the caller, or `nil` when more bytes are needed.
    /// - Throws: `HTTPError` 400, 414, 431 or 505; the connection cannot go on after it.
    public mutating func parse(_ input: Span<UInt8>, into head: RequestHead) throws(HTTPError) -> Int? {
        if requestLine == nil {
            requestLine = try readRequestLine(input, head)
            guard requestLine != nil else { return nil }
            reader.beginFields()
        }
        let length: Int?
        do throws(HeadFault) {
            length = try reader.readFields(input, into: &head.lines, storage: head.storage)
        } catch {
            throw HTTPError(error)
        }
        guard let length else { return nil }
        completedLength = length
        try finish(head)
        return length
    }

    private mutating func readRequestLine(
        _ input: Span<UInt8>,
        _ head: RequestHead
    ) throws(HTTPError) -> RequestLine? {
        var position = reader.lineStart
        if reader.isAtLineStart, let line = RequestLine(wholeIn: input, at: &position),
            reader.takeStartLine(before: position)
        {
            head.reset()
            return line
        }
        while true {
            let line: Range<Int>
            do throws(HeadFault) {
                guard let newline = try reader.lineEnd(in: input) else { return nil }
                line = try reader.takeLine(of: input, endingAt: newline)
            } catch {
                throw HTTPError(error)
            }
            // RFC 9112 section 2.2: an empty line before the request line is to be ignored.
            if line.isEmpty && line.lowerBound < 4 { continue }
            head.reset()
            return try RequestLine(input, line)
        }
    }

    private mutating func finish(_ head: RequestHead) throws(HTTPError) {
        guard let requestLine else { throw .malformed("the request line is missing") }
        head.methodRange = requestLine.methodName
        head.targetRange = requestLine.target
        head.version = requestLine.version
        head.method = requestLine.method
        reset()
        try RequestTarget.resolve(head)
        try HostRule.check(head)
    }
}

extension HTTPError {
    /// What a client is told of a fault of its request's head.
    fileprivate init(_ fault: HeadFault) {
        switch fault {
        case .startLineTooLong: self.init(.uriTooLong, "the request line is too long")
        case .fieldsTooLarge: self.init(.headerFieldsTooLarge, "the header fields are too large")
        case .tooManyFields: self.init(.headerFieldsTooLarge, "there are too many header fields")
        case .bareLineFeed: self = .malformed("a line of the request ends in LF without CR")
        case .foldedLine: self = .malformed("a header field is folded over two lines")
        case .name: self = .malformed("a header field's name is not a token followed by a colon")
        case .value: self = .malformed("a header field's value has a control character")
        }
    }
}

import Bytes

/// Reads the head of an HTTP/1.x answer, strictly, from as many pieces as the network delivers it in.
///
/// RFC 9112 sections 2, 4 and 5. Anything that two programs might read differently is an error: a bare LF or CR, a
/// folded line, white space before the colon, control characters. Only the space before a missing reason
/// phrase may be missing too, as many servers leave it out.
public struct ResponseParser {
    /// Sizes beyond which an answer is refused.
    public struct Limits: Sendable {
        /// Bytes of the status line.
        public var statusLineBytes = 8 * 1024
        /// Number of field lines.
        public var fieldLines = 200
        /// Bytes of all field lines together.
        public var fieldBytes = 64 * 1024

        /// More than well-meant servers send.
        public init() {}
    }

    private var reader: HeadReader
    private var statusLine: StatusLine?

    /// Makes a parser for one answer after another.
    public init(limits: Limits = Limits()) {
        reader = HeadReader(
            limits: HeadReader.Limits(
                startLineBytes: limits.statusLineBytes,
                fieldLines: limits.fieldLines,
                fieldBytes: limits.fieldBytes
            )
        )
    }

    /// Forgets a head that was not completed.
    public mutating func reset() {
        statusLine = nil
        reader.reset()
    }

    /// Tries to read a head.
    /// - Parameters:
    ///   - input: everything received and not yet consumed; across calls it may only grow at its end.
    ///   - head: gets the answer and has it when it is complete; the same one for all of a head.
    /// - Returns: the length of the head, to be consumed by the caller, or `nil` when more bytes are needed.
    /// - Throws: `ResponseError`; the connection cannot go on after it.
    public mutating func parse(_ input: Span<UInt8>, into head: ResponseHead) throws(ResponseError) -> Int? {
        if statusLine == nil {
            statusLine = try readStatusLine(input, head)
            guard statusLine != nil else { return nil }
            reader.beginFields()
        }
        let length: Int?
        do throws(HeadFault) {
            length = try reader.readFields(input, into: &head.lines, storage: head.storage)
        } catch {
            throw ResponseError(error)
        }
        if length != nil { finish(head) }
        return length
    }

    private mutating func readStatusLine(
        _ input: Span<UInt8>,
        _ head: ResponseHead
    ) throws(ResponseError) -> StatusLine? {
        var position = 0
        if reader.isAtLineStart, let line = StatusLine(wholeIn: input, at: &position),
            reader.takeStartLine(before: position)
        {
            head.reset()
            return line
        }
        let newline: Int?
        do throws(HeadFault) { newline = try reader.lineEnd(in: input) } catch { throw ResponseError(error) }
        try checkBeginning(input)
        guard let newline else { return nil }
        let line: Range<Int>
        do throws(HeadFault) {
            line = try reader.takeLine(of: input, endingAt: newline)
        } catch {
            throw ResponseError(error)
        }
        head.reset()
        return try StatusLine(input.extracting(line))
    }

    /// Refuses what is not HTTP at once: the end of a line may never come.
    private func checkBeginning(_ input: Span<UInt8>) throws(ResponseError) {
        let beginning: [UInt8] = [0x48, 0x54, 0x54, 0x50, 0x2f]
        guard input.extracting(first: beginning.count).equals(beginning.span.extracting(first: input.count))
        else { throw ResponseError("the answer does not begin with HTTP/") }
    }

    private mutating func finish(_ head: ResponseHead) {
        if let statusLine {
            head.version = statusLine.version
            head.status = statusLine.status
        }
        reset()
    }
}

extension ResponseError {
    /// What is said of a fault of an answer's head.
    fileprivate init(_ fault: HeadFault) {
        switch fault {
        case .startLineTooLong: self.init("the status line is too long")
        case .fieldsTooLarge: self.init("the header fields are too large")
        case .tooManyFields: self.init("there are too many header fields")
        case .bareLineFeed: self.init("a line of the answer's head ends in LF without CR")
        case .foldedLine: self.init("a header field is folded over two lines")
        case .name: self.init("a header field's name is not a token followed by a colon")
        case .value: self.init("a header field's value has a control character")
        }
    }
}

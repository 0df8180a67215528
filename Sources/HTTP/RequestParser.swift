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

    private let limits: Limits
    /// Where the line that is being looked at begins, counted from the first byte of the head.
    private var lineStart = 0
    /// Up to where that line has been searched for its end.
    private var scanned = 0
    private var fieldsStart = 0
    private var requestLine: (method: Range<Int>, target: Range<Int>, minorVersion: UInt8)?

    /// Length of the head that was completed last, also of one that was refused for what it means: an error that
    /// leaves the framing intact is answered once and its head consumed.
    public private(set) var completedLength = 0

    /// Makes a parser for one request after another.
    public init(limits: Limits = Limits()) {
        self.limits = limits
    }

    /// Forgets a head that was not completed.
    public mutating func reset() {
        requestLine = nil
        lineStart = 0
        scanned = 0
    }

    /// Tries to read a head.
    /// - Parameters:
    ///   - input: everything received and not yet consumed; across calls it may only grow at its end.
    ///   - head: gets the request and has it when it is complete; the same one for all of a head.
    /// - Returns: the length of the head, to be consumed by the caller, or `nil` when more bytes are needed.
    /// - Throws: `HTTPError` 400, 414, 431 or 505; the connection cannot go on after it.
    public mutating func parse(_ input: Span<UInt8>, into head: RequestHead) throws(HTTPError) -> Int? {
        while true {
            if requestLine != nil, scanned == lineStart { parseWholeLines(input, head) }
            guard let newline = input.firstOffset(of: 0x0a, from: scanned) else {
                scanned = input.count
                try checkLimits(lineEnd: input.count)
                return nil
            }
            try checkLimits(lineEnd: newline)
            guard newline > lineStart, input[newline - 1] == 0x0d else {
                throw .malformed("a line of the request ends in LF without CR")
            }
            let line = lineStart..<(newline - 1)
            lineStart = newline + 1
            scanned = lineStart
            if requestLine == nil {
                // RFC 9112 section 2.2: an empty line before the request line is to be ignored.
                if line.isEmpty && line.lowerBound < 4 { continue }
                head.reset()
                try parseRequestLine(input, line)
                fieldsStart = lineStart
            } else if line.isEmpty {
                return try finish(input, length: lineStart, head)
            } else {
                try parseFieldLine(input, line, head)
            }
        }
    }

    private func checkLimits(lineEnd: Int) throws(HTTPError) {
        if requestLine == nil {
            if lineEnd - lineStart > limits.requestLineBytes {
                throw HTTPError(.uriTooLong, "the request line is too long")
            }
        } else if lineEnd - fieldsStart > limits.fieldBytes {
            throw HTTPError(.headerFieldsTooLarge, "the header fields are too large")
        }
    }

    private mutating func parseRequestLine(_ input: Span<UInt8>, _ line: Range<Int>) throws(HTTPError) {
        let bytes = input.extracting(line)
        guard let first = bytes.firstOffset(of: 0x20), first > 0,
            let second = bytes.firstOffset(of: 0x20, from: first + 1), second > first + 1
        else { throw .malformed("the request line is not METHOD TARGET VERSION") }
        guard bytes.tokenLength() >= first else {
            throw .malformed("the method has a character that is not allowed")
        }
        guard !bytes.containsControlCharacter(from: first + 1, to: second),
            bytes.firstOffset(of: 0x09).map({ $0 > second }) ?? true
        else {
            throw .malformed("the request target has a control character")
        }
        let version = bytes.extracting((second + 1)..<bytes.count)
        guard version.count == 8, version.extracting(0..<5).equals("HTTP/"), ASCII.isDigit(version[5]),
            version[6] == 0x2e, ASCII.isDigit(version[7])
        else { throw .malformed("the request line does not end in an HTTP version") }
        guard version[5] == 0x31 else {
            throw HTTPError(.versionNotSupported, "this port speaks HTTP/1.1")
        }
        let base = line.lowerBound
        requestLine = (base..<(base + first), (base + first + 1)..<(base + second), version[7] - 0x30)
    }

    /// Reads the field lines that are there and good; what stops it is looked at more closely by others.
    private mutating func parseWholeLines(_ input: Span<UInt8>, _ head: RequestHead) {
        while lineStart < input.count, let line = FieldLine(wholeIn: input, from: lineStart),
            line.end - fieldsStart <= limits.fieldBytes, head.fieldCount < limits.fieldLines
        {
            head.append(line, of: input)
            lineStart = line.end + 2
            scanned = lineStart
        }
    }

    private func parseFieldLine(
        _ input: Span<UInt8>,
        _ line: Range<Int>,
        _ head: RequestHead
    ) throws(HTTPError) {
        guard head.fieldCount < limits.fieldLines else {
            throw HTTPError(.headerFieldsTooLarge, "there are too many header fields")
        }
        do throws(FieldLine.Fault) {
            head.append(try FieldLine(input, line), of: input)
        } catch {
            throw .malformed(error.message)
        }
    }

    private mutating func finish(
        _ input: Span<UInt8>,
        length: Int,
        _ head: RequestHead
    ) throws(HTTPError) -> Int {
        guard let requestLine else { throw .malformed("the request line is missing") }
        head.storage.append(input.extracting(0..<length))
        head.methodRange = requestLine.method
        head.targetRange = requestLine.target
        head.version = requestLine.minorVersion == 0 ? .http10 : .http11
        head.method = Method(input.extracting(requestLine.method))
        reset()
        completedLength = length
        try RequestTarget.resolve(head)
        try HostRule.check(head)
        return length
    }
}

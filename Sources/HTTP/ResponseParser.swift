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

    private let limits: Limits
    /// Where the line that is being looked at begins, counted from the first byte of the head.
    private var lineStart = 0
    /// Up to where that line has been searched for its end.
    private var scanned = 0
    private var fieldsStart = 0
    private var statusLine: (version: RequestHead.Version, status: Status)?

    /// Makes a parser for one answer after another.
    public init(limits: Limits = Limits()) {
        self.limits = limits
    }

    /// Forgets a head that was not completed.
    public mutating func reset() {
        statusLine = nil
        lineStart = 0
        scanned = 0
    }

    /// Tries to read a head.
    /// - Parameters:
    ///   - input: everything received and not yet consumed; across calls it may only grow at its end.
    ///   - head: gets the answer and has it when it is complete; the same one for all of a head.
    /// - Returns: the length of the head, to be consumed by the caller, or `nil` when more bytes are needed.
    /// - Throws: `ResponseError`; the connection cannot go on after it.
    public mutating func parse(_ input: Span<UInt8>, into head: ResponseHead) throws(ResponseError) -> Int? {
        while true {
            if statusLine != nil, scanned == lineStart { parseWholeLines(input, head) }
            guard let newline = input.firstOffset(of: 0x0a, from: scanned) else {
                scanned = input.count
                try checkLimits(lineEnd: input.count)
                if statusLine == nil { try checkBeginning(input) }
                return nil
            }
            try checkLimits(lineEnd: newline)
            if statusLine == nil { try checkBeginning(input) }
            guard newline > lineStart, input[newline - 1] == 0x0d else {
                throw ResponseError("a line of the answer's head ends in LF without CR")
            }
            let line = lineStart..<(newline - 1)
            lineStart = newline + 1
            scanned = lineStart
            if statusLine == nil {
                head.reset()
                statusLine = try Self.statusLine(input.extracting(line))
                fieldsStart = lineStart
            } else if line.isEmpty {
                return finish(input, length: lineStart, head)
            } else {
                try parseFieldLine(input, line, head)
            }
        }
    }

    private func checkLimits(lineEnd: Int) throws(ResponseError) {
        if statusLine == nil {
            if lineEnd - lineStart > limits.statusLineBytes {
                throw ResponseError("the status line is too long")
            }
        } else if lineEnd - fieldsStart > limits.fieldBytes {
            throw ResponseError("the header fields are too large")
        }
    }

    /// Refuses what is not HTTP at once: the end of a line may never come.
    private func checkBeginning(_ input: Span<UInt8>) throws(ResponseError) {
        let expected: [UInt8] = [0x48, 0x54, 0x54, 0x50, 0x2f]
        for index in 0..<min(input.count, expected.count) where input[index] != expected[index] {
            throw ResponseError("the answer does not begin with HTTP/")
        }
    }

    private static func statusLine(
        _ line: Span<UInt8>
    ) throws(ResponseError) -> (version: RequestHead.Version, status: Status) {
        guard line.count >= 12, line[5] == 0x31, line[6] == 0x2e, ASCII.isDigit(line[7]), line[8] == 0x20
        else { throw ResponseError("the status line does not begin with HTTP/1.x and a status code") }
        var code: UInt16 = 0
        for index in 9..<12 {
            guard ASCII.isDigit(line[index]) else {
                throw ResponseError("the status code is not a number of three digits")
            }
            code = code * 10 + UInt16(line[index] - 0x30)
        }
        guard line.count == 12 || line[12] == 0x20 else {
            throw ResponseError("the status code is not a number of three digits")
        }
        guard (100...599).contains(code) else {
            throw ResponseError("the status code is not between 100 and 599")
        }
        guard !line.containsControlCharacter(from: 12, to: line.count) else {
            throw ResponseError("the status line has a control character")
        }
        return (line[7] == 0x30 ? .http10 : .http11, Status(code))
    }

    /// Reads the field lines that are there and good; what stops it is looked at more closely by others.
    private mutating func parseWholeLines(_ input: Span<UInt8>, _ head: ResponseHead) {
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
        _ head: ResponseHead
    ) throws(ResponseError) {
        guard head.fieldCount < limits.fieldLines else {
            throw ResponseError("there are too many header fields")
        }
        do throws(FieldLine.Fault) {
            head.append(try FieldLine(input, line), of: input)
        } catch {
            throw ResponseError(error.message)
        }
    }

    private mutating func finish(_ input: Span<UInt8>, length: Int, _ head: ResponseHead) -> Int {
        head.storage.append(input.extracting(0..<length))
        if let statusLine {
            head.version = statusLine.version
            head.status = statusLine.status
        }
        reset()
        return length
    }
}

import Bytes

/// Reads the lines of a head (RFC 9112 sections 2.1 and 5) from as many pieces as the network delivers it in.
///
/// The start line is its owner's to understand. Anything that two programs might read differently is a fault: a bare LF
/// or CR, a folded line, white space before the colon, control characters.
struct HeadReader {
    /// Sizes beyond which a head is refused.
    struct Limits {
        let startLineBytes: Int
        let fieldLines: Int
        let fieldBytes: Int
    }

    private let limits: Limits
    /// Where the line that is being looked at begins, counted from the first byte of the head.
    private(set) var lineStart = 0
    /// Up to where that line has been searched for its end.
    private var scanned = 0
    /// Where the field section begins; `nil` before the end of the start line.
    private var fieldsStart: Int?

    init(limits: Limits) { self.limits = limits }

    /// Forgets a head that was not completed.
    mutating func reset() {
        lineStart = 0
        scanned = 0
        fieldsStart = nil
    }

    /// Whether the current line has not been looked at; what is looked at again and again must not be all of it.
    var isAtLineStart: Bool { scanned == lineStart }

    /// Begins the field section with the current line.
    mutating func beginFields() { fieldsStart = lineStart }

    /// Looks for the end of the current line.
    /// - Returns: where its LF is; `nil` when more bytes are needed.
    mutating func lineEnd(in input: Span<UInt8>) throws(HeadFault) -> Int? {
        let newline = input.firstOffset(of: 0x0a, from: scanned)
        scanned = newline ?? input.count
        if let fieldsStart {
            guard scanned - fieldsStart <= limits.fieldBytes else { throw .fieldsTooLarge }
        } else {
            guard scanned - lineStart <= limits.startLineBytes else { throw .startLineTooLong }
        }
        return newline
    }

    /// Takes the line that ends in the LF at `newline`, and goes on to the next.
    /// - Returns: where it is, without its line end.
    mutating func takeLine(of input: Span<UInt8>, endingAt newline: Int) throws(HeadFault) -> Range<Int> {
        guard newline > lineStart, input[newline - 1] == 0x0d else { throw .bareLineFeed }
        let line = lineStart..<(newline - 1)
        skip(to: newline + 1)
        return line
    }

    /// Takes a start line that ends before `position` and has been looked at by others.
    /// - Returns: `false` when it is too long.
    mutating func takeStartLine(before position: Int) -> Bool {
        guard position - 1 - lineStart <= limits.startLineBytes else { return false }
        skip(to: position)
        return true
    }

    private mutating func skip(to position: Int) {
        lineStart = position
        scanned = position
    }

    /// Reads field lines.
    /// - Parameters:
    ///   - input: what was received, from the first byte of the head on.
    ///   - lines: gets the lines.
    ///   - storage: gets the bytes of all lines that have been read, also when one is at fault: the access log looks
    ///     at the fields of requests that are refused, too.
    /// - Returns: the length of the head when it is complete, `nil` when more bytes are needed.
    /// - Throws: what is wrong with the first line that is at fault.
    mutating func readFields(
        _ input: Span<UInt8>,
        into lines: inout FieldLines,
        storage: ByteBuffer
    ) throws(HeadFault) -> Int? {
        defer {
            if storage.count < lineStart { storage.append(input.extracting(storage.count..<lineStart)) }
        }
        while true {
            if isAtLineStart, let length = readWholeLines(input, into: &lines) { return length }
            guard let newline = try lineEnd(in: input) else { return nil }
            let line = try takeLine(of: input, endingAt: newline)
            if line.isEmpty { return lineStart }
            guard lines.count < limits.fieldLines else { throw .tooManyFields }
            lines.append(try FieldLine(input, line))
        }
    }

    /// Reads the field lines that are there and good; what stops it is looked at more closely.
    /// - Returns: the length of the head when that is the empty line at its end.
    private mutating func readWholeLines(_ input: Span<UInt8>, into lines: inout FieldLines) -> Int? {
        let latestEnd = (fieldsStart ?? lineStart) + limits.fieldBytes
        var position = lineStart
        while position + 1 < input.count {
            if input[position] == 0x0d {
                guard input[position + 1] == 0x0a, position < latestEnd else { return nil }
                skip(to: position + 2)
                return lineStart
            }
            guard lines.count < limits.fieldLines, let line = FieldLine(wholeIn: input, at: &position),
                position - 1 <= latestEnd
            else { return nil }
            lines.append(line)
            skip(to: position)
        }
        return nil
    }
}

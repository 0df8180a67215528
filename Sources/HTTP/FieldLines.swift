import Bytes

/// The field lines of a received head, with a set of the known names that are there.
struct FieldLines: ~Copyable {
    /// The lines, and behind them what is left of earlier heads.
    private var lines: [FieldLine] = []
    /// Number of lines.
    private(set) var count = 0
    /// The known names that are there, a bit each, and those that are there more than once.
    private var present: UInt64 = 0
    private var repeated: UInt64 = 0

    /// The line at `index`, below ``count``.
    subscript(index: Int) -> FieldLine {
        precondition(index < count)
        return lines[index]
    }

    /// Forgets the lines and keeps the memory.
    mutating func removeAll() {
        count = 0
        present = 0
        repeated = 0
    }

    /// Adds a line.
    @inline(__always)
    mutating func append(_ line: FieldLine) {
        if let known = line.known {
            repeated |= present & known.bit
            present |= known.bit
        }
        if count < lines.count { lines[count] = line } else { lines.append(line) }
        count += 1
    }

    /// Whether there is a line of that name.
    func has(_ name: FieldName) -> Bool { present & name.bit != 0 }

    /// Number of lines of that name.
    func count(of name: FieldName) -> Int {
        if repeated & name.bit == 0 { return has(name) ? 1 : 0 }
        return lines[..<count].count { $0.known == name }
    }

    /// The first line of that name; `nil` when there is none.
    func firstIndex(of name: FieldName) -> Int? {
        guard has(name) else { return nil }
        return lines.firstIndex { $0.known == name }
    }

    /// Whether a list-valued field has `token` among its members, without regard to case.
    /// - Parameters:
    ///   - name: the field.
    ///   - token: ASCII in lower case.
    ///   - bytes: those of the head.
    /// - Returns: whether it is there.
    func list(_ name: FieldName, contains token: StaticString, of bytes: Span<UInt8>) -> Bool {
        guard let first = firstIndex(of: name) else { return false }
        if bytes.extracting(self[first].value).hasListMember(token) { return true }
        guard repeated & name.bit != 0 else { return false }
        for index in (first + 1)..<count where self[index].known == name {
            if bytes.extracting(self[index].value).hasListMember(token) { return true }
        }
        return false
    }

    /// Makes the first line of that name stand for all, with another value.
    mutating func combine(_ name: FieldName, value: Range<Int>) {
        guard let index = firstIndex(of: name) else { return }
        lines[index] = lines[index].with(value: value)
        repeated &= ~name.bit
    }

    /// Appends a line as it is passed on.
    /// - Parameters:
    ///   - index: below ``count``.
    ///   - bytes: those of the head.
    ///   - buffer: gets it.
    func copyLine(at index: Int, of bytes: Span<UInt8>, to buffer: ByteBuffer) {
        let line = self[index]
        if line.isPlain {
            buffer.append(bytes.extracting(line.name.lowerBound..<(line.value.upperBound + 2)))
        } else {
            buffer.append(name: bytes.extracting(line.name), value: bytes.extracting(line.value))
        }
    }
}

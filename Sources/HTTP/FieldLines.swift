import Bytes

/// The field lines of a received head, as offsets into its bytes, with an index of the known names.
struct FieldLines {
    struct Line {
        let name: Range<Int>
        /// Without the white space around it.
        var value: Range<Int>
        let known: FieldName?
    }

    private var lines: [Line] = []
    /// The known names that are there, a bit each, and those that are there more than once.
    private var present: UInt64 = 0
    private var repeated: UInt64 = 0
    /// The first line of each known name that is there.
    private var first = InlineArray<64, UInt16>(repeating: 0)

    /// Number of lines.
    var count: Int { lines.count }

    /// The line at `index`, below ``count``.
    subscript(index: Int) -> Line { lines[index] }

    /// Forgets the lines and keeps the memory.
    mutating func removeAll() {
        lines.removeAll(keepingCapacity: true)
        present = 0
        repeated = 0
    }

    /// Adds a line.
    mutating func append(name: Range<Int>, value: Range<Int>, known: FieldName?) {
        if let known {
            if present & known.bit == 0 {
                first[Int(known.rawValue)] = UInt16(truncatingIfNeeded: lines.count)
                present |= known.bit
            } else {
                repeated |= known.bit
            }
        }
        lines.append(Line(name: name, value: value, known: known))
    }

    /// Whether there is a line of that name.
    func has(_ name: FieldName) -> Bool { present & name.bit != 0 }

    /// Number of lines of that name.
    func count(of name: FieldName) -> Int {
        if repeated & name.bit == 0 { return has(name) ? 1 : 0 }
        return lines.count { $0.known == name }
    }

    /// The first line of that name; `nil` when there is none.
    func firstIndex(of name: FieldName) -> Int? { has(name) ? Int(first[Int(name.rawValue)]) : nil }

    /// Whether a list-valued field has `token` among its members, without regard to case.
    /// - Parameters:
    ///   - name: the field.
    ///   - token: ASCII in lower case.
    ///   - bytes: those of the head.
    /// - Returns: whether it is there.
    func list(_ name: FieldName, contains token: StaticString, of bytes: Span<UInt8>) -> Bool {
        guard has(name) else { return false }
        for line in lines where line.known == name {
            if bytes.extracting(line.value).hasListMember(token) { return true }
        }
        return false
    }

    /// Makes the first line of that name stand for all, with another value.
    mutating func combine(_ name: FieldName, value: Range<Int>) {
        guard let index = firstIndex(of: name) else { return }
        lines[index].value = value
        repeated &= ~name.bit
    }
}

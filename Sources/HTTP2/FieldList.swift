import Bytes
import CNghttp2

/// Header fields in the form that nghttp2 takes them: pairs of pointers, valid while the list is being used.
@safe
final class FieldList {
    private var pairs: UnsafeMutablePointer<nghttp2_nv>
    private var capacity = 64
    private var count = 0
    /// Numbers as text.
    private let digits = ByteBuffer(capacity: 64)

    init() { unsafe pairs = .allocate(capacity: capacity) }

    deinit { unsafe pairs.deallocate() }

    /// Lists `:status`, the lines of `date` and `block`, and `content-length`, and calls `body` with them.
    ///
    /// nghttp2 copies the pairs and turns the names into lower case.
    /// - Parameters:
    ///   - status: the status code, three digits.
    ///   - date: a line `Name: value` CR LF.
    ///   - block: such lines.
    ///   - length: the length of the content, if it is known.
    ///   - body: gets the pairs and their number.
    /// - Returns: what `body` returns.
    @unsafe
    func with(
        status: UInt16,
        date: Span<UInt8>,
        block: Span<UInt8>,
        length: UInt64?,
        _ body: (UnsafePointer<nghttp2_nv>, Int) -> Int32
    ) -> Int32 {
        count = 0
        digits.removeAll()
        digits.append(decimal: UInt64(status))
        let statusDigits = digits.count
        if let length { digits.append(decimal: length) }
        let digits = digits
        return unsafe digits.unread.withUnsafeBufferPointer { text in
            unsafe date.withUnsafeBufferPointer { date in
                unsafe block.withUnsafeBufferPointer { block in
                    unsafe append(":status", UnsafeBufferPointer(rebasing: text[..<statusDigits]))
                    unsafe append(lines: date)
                    unsafe append(lines: block)
                    if length != nil {
                        unsafe append("content-length", UnsafeBufferPointer(rebasing: text[statusDigits...]))
                    }
                    return unsafe body(pairs, count)
                }
            }
        }
    }

    private func append(_ name: StaticString, _ value: UnsafeBufferPointer<UInt8>) {
        unsafe append(
            UnsafeBufferPointer(start: name.utf8Start, count: name.utf8CodeUnitCount),
            value
        )
    }

    private func append(lines: UnsafeBufferPointer<UInt8>) {
        var start = 0
        while start < lines.count {
            var colon = start
            while unsafe colon < lines.count && lines[colon] != UInt8(ascii: ":") { colon += 1 }
            var end = colon
            while unsafe end < lines.count && lines[end] != UInt8(ascii: "\r") { end += 1 }
            precondition(colon + 2 <= end && end + 2 <= lines.count, "a field is not a line")
            unsafe append(
                UnsafeBufferPointer(rebasing: lines[start..<colon]),
                UnsafeBufferPointer(rebasing: lines[(colon + 2)..<end])
            )
            start = end + 2
        }
    }

    private func append(_ name: UnsafeBufferPointer<UInt8>, _ value: UnsafeBufferPointer<UInt8>) {
        if count == capacity { grow() }
        unsafe pairs[count] = nghttp2_nv(
            name: UnsafeMutablePointer(mutating: name.baseAddress),
            value: UnsafeMutablePointer(mutating: value.baseAddress),
            namelen: name.count,
            valuelen: value.count,
            flags: UInt8(NGHTTP2_NV_FLAG_NONE.rawValue)
        )
        count += 1
    }

    private func grow() {
        let larger = UnsafeMutablePointer<nghttp2_nv>.allocate(capacity: capacity * 2)
        unsafe larger.update(from: pairs, count: count)
        unsafe pairs.deallocate()
        unsafe pairs = larger
        capacity *= 2
    }
}

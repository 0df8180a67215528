import Glibc

/// A growable window of bytes between a producer and a consumer: `consumed | unread | free`.
///
/// Producers append at the end, consumers take from the front. It is a class so that a pool can keep it; it
/// belongs to one thread at a time.
@safe
public final class ByteBuffer {
    @usableFromInline var base: UnsafeMutablePointer<UInt8>
    @usableFromInline var start = 0
    @usableFromInline var end = 0
    @usableFromInline var allocated: Int

    /// Bytes that the buffer holds memory for.
    @inlinable
    public var capacity: Int { allocated }

    /// Makes an empty buffer.
    /// - Parameter capacity: bytes to reserve; at least 1.
    public init(capacity: Int) {
        precondition(capacity > 0)
        unsafe base = .allocate(capacity: capacity)
        allocated = capacity
    }

    deinit { unsafe base.deallocate() }

    /// Number of bytes that are there to be consumed.
    @inlinable
    public var count: Int { end - start }

    /// Whether nothing is left to consume.
    @inlinable
    public var isEmpty: Bool { start == end }

    /// Bytes that can be appended without moving or growing.
    @inlinable
    public var freeCount: Int { capacity &- end }

    /// The bytes not yet consumed; valid until the buffer is next changed.
    @inlinable
    public var unread: Span<UInt8> {
        @_lifetime(borrow self)
        borrowing get {
            let span = unsafe Span(_unsafeStart: UnsafePointer(base + start), count: end - start)
            return unsafe _overrideLifetime(span, borrowing: self)
        }
    }

    /// Drops bytes from the front.
    /// - Parameter count: at most ``count``.
    @inlinable
    public func consume(_ count: Int) {
        precondition(count >= 0 && count <= end - start)
        start += count
        if start == end { removeAll() }
    }

    /// Drops bytes from the end.
    /// - Parameter count: at most ``count``.
    public func removeLast(_ count: Int) {
        precondition(count >= 0 && count <= end - start)
        end -= count
    }

    /// Forgets everything that is unread.
    @inlinable
    public func removeAll() {
        start = 0
        end = 0
    }

    /// Makes room for more bytes, by moving what is unread to the front or by growing.
    /// - Parameter additional: bytes that must be free afterwards.
    @inlinable
    public func reserve(_ additional: Int) {
        if freeCount < additional { makeRoom(additional) }
    }

    /// What ``reserve(_:)`` does when there is no room yet.
    @inline(never) @usableFromInline
    func makeRoom(_ additional: Int) {
        let held = count
        if capacity - held >= additional && start >= held {
            unsafe base.update(from: base + start, count: held)
        } else if capacity - held >= additional {
            unsafe memmove(base, base + start, held)
        } else {
            var larger = capacity
            while larger - held < additional { larger *= 2 }
            let moved = UnsafeMutablePointer<UInt8>.allocate(capacity: larger)
            unsafe moved.update(from: base + start, count: held)
            unsafe base.deallocate()
            unsafe base = moved
            allocated = larger
        }
        start = 0
        end = held
    }

    /// Appends a copy of `bytes`, growing as needed.
    @inlinable
    public func append(_ bytes: Span<UInt8>) {
        let count = bytes.count
        if count == 0 { return }
        reserve(count)
        unsafe bytes.withUnsafeBufferPointer { source in
            if let from = source.baseAddress {
                unsafe UnsafeMutableRawPointer(base + end).copyMemory(from: from, byteCount: count)
            }
        }
        end &+= count
    }

    /// Appends a copy of `bytes`, growing as needed.
    @inlinable
    public func append(_ bytes: [UInt8]) { append(bytes.span) }

    /// Appends ASCII text that is known at compile time.
    @inlinable @inline(__always)
    public func append(_ text: StaticString) {
        let count = text.utf8CodeUnitCount
        reserve(count)
        unsafe UnsafeMutableRawPointer(base + end).copyMemory(from: text.utf8Start, byteCount: count)
        end &+= count
    }

    /// Appends a field line of HTTP/1.1 (RFC 9112 section 5): `name: value` and CR LF.
    public func append(name: Span<UInt8>, value: Span<UInt8>) {
        reserve(name.count + value.count + 4)
        append(name)
        unsafe base[end] = UInt8(ascii: ":")
        unsafe base[end + 1] = UInt8(ascii: " ")
        end += 2
        append(value)
        unsafe base[end] = UInt8(ascii: "\r")
        unsafe base[end + 1] = UInt8(ascii: "\n")
        end += 2
    }

    /// Appends text that is made at run time as UTF-8; a literal is meant for the other one.
    @_disfavoredOverload
    public func append(_ text: String) {
        var text = text
        text.withUTF8 { unsafe append(Span(_unsafeElements: $0)) }
    }

    /// Appends one byte.
    @inlinable
    public func append(byte: UInt8) {
        reserve(1)
        unsafe base[end] = byte
        end += 1
    }

    /// Appends a number in decimal, without leading zeros.
    public func append(decimal value: UInt64) {
        reserve(20)
        var digits = 1
        var rest = value
        while rest >= 10 {
            rest /= 10
            digits += 1
        }
        rest = value
        var position = end + digits
        repeat {
            position -= 1
            unsafe base[position] = UInt8(truncatingIfNeeded: 0x30 + rest % 10)
            rest /= 10
        } while rest > 0
        end += digits
    }

    /// Appends a number in lower-case hexadecimal, without leading zeros.
    public func append(hexadecimal value: UInt64) {
        reserve(16)
        var shift = max(0, 60 - value.leadingZeroBitCount / 4 * 4)
        while shift >= 0 {
            append(byte: ASCII.hexadecimalDigit(UInt8(truncatingIfNeeded: (value >> UInt64(shift)) & 15)))
            shift -= 4
        }
    }

    /// Lets `body` write into the free space and report how many bytes it wrote.
    ///
    /// The one door for system calls and C libraries that fill memory.
    /// - Parameter body: gets the free space and returns the number of bytes it filled, or a negative number
    ///   that is passed through with nothing appended.
    /// - Returns: what `body` returned.
    @unsafe
    public func withFreeBytes(_ body: (UnsafeMutableRawBufferPointer) -> Int) -> Int {
        let room = unsafe UnsafeMutableRawBufferPointer(start: base + end, count: capacity - end)
        let written = unsafe body(room)
        precondition(written <= capacity - end)
        if written > 0 { end += written }
        return written
    }
}

/// The block of memory in which one event loop collects TLS records, so that several leave with one `send`.
///
/// It belongs to all sessions of a loop together: a session uses it only within one of its calls and leaves
/// it empty.
@safe public final class TLSStaging {
    /// Four records of the greatest size with their headers and authentication tags.
    private static let capacity = 4 * (16_384 + 256 + 5)

    private let storage: UnsafeMutableRawBufferPointer
    private(set) var count = 0

    public init() {
        unsafe storage = UnsafeMutableRawBufferPointer.allocate(byteCount: Self.capacity, alignment: 64)
    }

    deinit {
        unsafe storage.deallocate()
    }

    /// The bytes collected so far.
    var bytes: UnsafeRawBufferPointer { unsafe UnsafeRawBufferPointer(rebasing: storage[..<count]) }

    /// Takes as much of `source` as there is room for.
    ///
    /// - Returns: the number of bytes taken.
    func append(_ source: UnsafeRawBufferPointer) -> Int {
        let length = unsafe min(source.count, storage.count - count)
        unsafe UnsafeMutableRawBufferPointer(rebasing: storage[count...])
            .copyMemory(from: UnsafeRawBufferPointer(rebasing: source[..<length]))
        count += length
        return length
    }

    func removeAll() {
        count = 0
    }
}

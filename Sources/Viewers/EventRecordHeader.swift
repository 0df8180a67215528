/// What precedes each event in a segment of a log.
///
/// ```text
/// offset  0  CRC-32C of the other 24 bytes of the header
///         4  bytes of the event
///         8  its number
///        16  Unix time in milliseconds
///        24  CRC-32C of the event
/// ```
///
/// The header has a checksum of its own so that a record that was not written to its end can be told from one
/// that was damaged later: of the latter, the number must not be given again.
struct EventRecordHeader {
    /// Bytes of a header.
    static let size = 28

    let count: Int
    let id: UInt64
    let unixMilliseconds: Int64
    let checksum: UInt32

    /// Describes an event.
    init(_ json: [UInt8], id: UInt64, unixMilliseconds: Int64) {
        count = json.count
        self.id = id
        self.unixMilliseconds = unixMilliseconds
        checksum = CRC32C.checksum(json.span)
    }

    /// Reads a header; `nil` when it is damaged.
    init?(_ bytes: Span<UInt8>) {
        guard bytes.count == Self.size,
            bytes.littleEndian32(at: 0) == CRC32C.checksum(bytes.extracting(4..<Self.size))
        else { return nil }
        count = Int(bytes.littleEndian32(at: 4))
        guard count > 0 && count <= EventLog.mostEventBytes else { return nil }
        id = bytes.littleEndian64(at: 8)
        unixMilliseconds = Int64(bitPattern: bytes.littleEndian64(at: 16))
        checksum = bytes.littleEndian32(at: 24)
    }

    /// Appends the header to the bytes of a segment.
    func append(to bytes: inout [UInt8]) {
        var content: [UInt8] = []
        content.reserveCapacity(Self.size)
        content.append(littleEndian: UInt32(count))
        content.append(littleEndian: id)
        content.append(littleEndian: unixMilliseconds)
        content.append(littleEndian: checksum)
        bytes.append(littleEndian: CRC32C.checksum(content.span))
        bytes += content
    }
}

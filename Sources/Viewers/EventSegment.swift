import Reactor

/// What is known of one file of a log.
///
/// Its name is the number of its first event. It begins with a header:
///
/// ```text
/// offset  0  "CELLEVT1"
///         8  the number of the first event
///        16  when the file was made, Unix time in milliseconds
///        24  CRC-32C of the 24 bytes before
/// ```
struct EventSegment: Sendable, Equatable {
    /// A place where a record begins.
    struct Mark: Sendable, Equatable {
        let id: UInt64
        let offset: Int
    }

    /// Bytes of the header.
    static let headerSize = 28
    /// A mark is kept for about every so many bytes.
    static let markDistance = 16 * 1024
    private static let signature = Array("CELLEVT1".utf8)
    private static let suffix = ".events"
    /// No log gets so far; what comes after a number can be counted without overflow.
    private static let mostFirst: UInt64 = 1 << 62

    /// The number of its first event, which may not be there yet.
    let first: UInt64
    /// When it was made, Unix time in milliseconds; no event in the file before is younger.
    let created: Int64
    /// Bytes that can be read.
    var size: Int
    /// Some of its records, in order; more are added as it is written and read.
    var marks: [Mark] = []

    /// Its file's name.
    var name: String { Self.name(first: first) }

    /// The last mark that is not behind the record `id`, or its begin.
    func mark(for id: UInt64) -> Mark {
        marks.last { $0.id <= id } ?? Mark(id: first, offset: Self.headerSize)
    }

    /// Notes where a record begins, if it is far enough from the last that is noted.
    mutating func note(_ mark: Mark) {
        if mark.offset >= (marks.last?.offset ?? Self.headerSize) + Self.markDistance { marks.append(mark) }
    }

    static func name(first: UInt64) -> String {
        let digits = String(first)
        return String(repeating: "0", count: 20 - digits.count) + digits + suffix
    }

    /// The first number from a file's name; `nil` when it is not that of a segment.
    static func first(ofName name: String) -> UInt64? {
        guard name.hasSuffix(suffix), let first = UInt64(name.dropLast(suffix.count)), 1...mostFirst ~= first,
            self.name(first: first) == name
        else { return nil }
        return first
    }

    /// The header of a new file.
    var header: [UInt8] {
        var bytes = Self.signature
        bytes.append(littleEndian: first)
        bytes.append(littleEndian: created)
        bytes.append(littleEndian: CRC32C.checksum(bytes.span))
        return bytes
    }

    /// When the file was made, by its header; `nil` when that is damaged.
    static func created(_ file: borrowing Descriptor, first: UInt64) -> Int64? {
        guard let bytes = file.read(headerSize, at: 0), bytes.prefix(8).elementsEqual(signature),
            bytes.span.littleEndian64(at: 8) == first,
            bytes.span.littleEndian32(at: 24) == CRC32C.checksum(bytes.span.extracting(0..<24))
        else { return nil }
        return Int64(bitPattern: bytes.span.littleEndian64(at: 16))
    }
}

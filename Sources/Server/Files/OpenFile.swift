public import Bytes
import Glibc
public import Reactor

/// A file that is open for reading, with the version of its content that answers are made from.
public final class OpenFile: Sendable {
    private let owner: Descriptor
    /// The version when it was opened.
    public let version: FileVersion

    /// Takes over an open file.
    public init(_ descriptor: consuming Descriptor, version: FileVersion) {
        owner = descriptor
        self.version = version
    }

    /// The descriptor.
    public var descriptor: Int32 { owner.raw }

    /// Bytes.
    public var size: UInt64 { version.size }

    /// Whether the content is still the version that was opened.
    ///
    /// A file that was replaced by renaming still is.
    public var isUnchanged: Bool {
        guard let now = FileVersion.of(descriptor: owner.raw) else { return false }
        return now.size == version.size && now.modified == version.modified
    }

    /// Appends a part of the file to `buffer`.
    /// - Returns: `false` when the file has fewer bytes than that; some may have been appended.
    public func read(_ range: Range<UInt64>, into buffer: ByteBuffer) -> Bool {
        buffer.reserve(range.count)
        var offset = range.lowerBound
        while offset < range.upperBound {
            let wanted = Int(range.upperBound - offset)
            let count = unsafe buffer.withFreeBytes { room in
                unsafe pread(owner.raw, room.baseAddress, min(room.count, wanted), off_t(offset))
            }
            if count < 0 && errno == EINTR { continue }
            guard count > 0 else { return false }
            offset += UInt64(count)
        }
        return true
    }
}

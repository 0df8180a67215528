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
}

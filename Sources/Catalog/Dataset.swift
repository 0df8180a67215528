import Reactor
internal import Synchronization

/// One served export folder: its place in the URL space, what listings show, and its open directory.
///
/// A dataset never changes but for its size, which is measured later; a folder that changes on disk becomes a
/// new object with a new serial.
public final class Dataset: Sendable {
    /// The URL segment, a valid `MountName`.
    public let mount: String
    /// `id` of the identity document, else the directory's name.
    public let id: String
    /// `name` of the identity document, else the directory's name.
    public let name: String
    /// Number of cells, if the identity document says it.
    public let cells: Int?
    /// Number of genes, if the identity document says it.
    public let genes: Int?
    /// The folder relative to its root, or the root's display name when it is the root itself.
    public let folder: String
    /// A number that no other dataset object of this process has or will have.
    public let serial: UInt64
    /// The open directory, for `openat` and `fstatat`.
    public let directory: DirectoryDescriptor
    /// What the dataset was read from; changes exactly when the dataset has to be read again.
    public let identityVersion: DatasetVersion

    /// Which of the scanner's roots it was found in.
    public var rootIndex: Int { location.root }

    let location: Location
    private let size: Atomic<UInt64>
    private static let unmeasured = UInt64.max
    private static let lastSerial = Atomic<UInt64>(0)

    /// Where a folder was found, independent of how it is shown.
    struct Location: Hashable, Sendable {
        /// Index into the scanner's roots.
        let root: Int
        /// The path below the root; empty for the root itself.
        let path: FileName
    }

    /// Creates a dataset that has not been measured; `directoryName` stands in for a missing id or name.
    init(
        mount: String,
        identity: DatasetIdentity,
        folder: String,
        directoryName: String,
        location: Location,
        directory: DirectoryDescriptor,
        version: DatasetVersion
    ) {
        self.mount = mount
        id = identity.id ?? directoryName
        name = identity.name ?? directoryName
        cells = identity.cells
        genes = identity.genes
        self.folder = folder
        serial = Self.lastSerial.add(1, ordering: .relaxed).newValue
        self.directory = directory
        identityVersion = version
        self.location = location
        size = Atomic(Self.unmeasured)
    }

    /// The same folder under another mount.
    init(_ other: Dataset, mount: String) {
        self.mount = mount
        id = other.id
        name = other.name
        cells = other.cells
        genes = other.genes
        folder = other.folder
        serial = Self.lastSerial.add(1, ordering: .relaxed).newValue
        directory = other.directory
        identityVersion = other.identityVersion
        location = other.location
        size = Atomic(other.size.load(ordering: .relaxed))
    }

    /// The bytes of all regular files in the folder, or `nil` until `measureSize()` has counted them.
    public var sizeBytes: UInt64? {
        let bytes = size.load(ordering: .relaxed)
        return bytes == Self.unmeasured ? nil : bytes
    }

    /// Counts the bytes of all regular files below the folder and stores them in `sizeBytes`.
    ///
    /// Blocks for as long as the walk takes. Symbolic links are not followed; what cannot be read counts
    /// nothing.
    @discardableResult
    public func measureSize() -> UInt64 {
        let bytes = FileSystem.totalSize(below: directory)
        size.store(bytes, ordering: .relaxed)
        return bytes
    }
}

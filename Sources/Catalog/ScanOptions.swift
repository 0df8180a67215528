/// How roots are searched for datasets.
public struct ScanOptions: Sendable, Hashable {
    /// Whether folders that are not datasets are searched too, at most `maximumDepth` levels below the root.
    public var recursive: Bool
    /// Names that are never mounts, in addition to `MountName.reserved`.
    public var reservedMounts: Set<String>

    /// The deepest level at which a recursive search finds a dataset; the entries of the root are level 1.
    public static let maximumDepth = 8

    /// Creates options; by default only the direct entries of a root are looked at.
    public init(recursive: Bool = false, reservedMounts: Set<String> = []) {
        self.recursive = recursive
        self.reservedMounts = reservedMounts
    }
}

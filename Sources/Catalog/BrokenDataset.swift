/// A folder that is meant to be a dataset but cannot be served, and the reason why.
public struct BrokenDataset: Sendable, Hashable {
    /// The folder relative to its root, or the root's display name when it is the root itself.
    public let folder: String
    /// The mount the folder has as soon as it is repaired; `nil` for a root that cannot be read.
    public let mount: String?
    /// One English line, without absolute paths, that says what to repair.
    public let reason: String

    /// Creates the report of one folder.
    public init(folder: String, mount: String?, reason: String) {
        self.folder = folder
        self.mount = mount
        self.reason = reason
    }
}

public import Reactor

/// Everything whose change makes a served dataset another one.
///
/// Two equal versions mean the same directory with unchanged identity, manifest and points files; the files
/// of single fields and genes are not part of it.
public struct DatasetVersion: Sendable, Hashable {
    /// The dataset's directory.
    public let directory: DirectoryID
    /// `dataset_identity.json`.
    public let identity: FileVersion
    /// `obs_manifest.json`.
    public let manifest: FileVersion
    /// The points files that exist, in the order of `DatasetFiles.points`.
    public let points: [FileVersion]
}

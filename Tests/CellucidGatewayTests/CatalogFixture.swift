import Catalog
import TestSupport

/// A folder of small datasets and what is found in it.
final class CatalogFixture {
    let folder = TemporaryDirectory()

    /// Makes a dataset with an identity document of these members.
    func add(_ name: String, _ identity: String) {
        folder.write("\(name)/dataset_identity.json", identity)
        folder.write("\(name)/obs_manifest.json", "{}")
        folder.write("\(name)/points_3d.bin", [1, 2, 3, 4])
    }

    func scan() throws -> CatalogSnapshot {
        try RootScanner(roots: [Root(path: folder.path)]).scan(previous: nil)
    }
}

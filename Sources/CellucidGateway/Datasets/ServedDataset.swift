import Bytes
import Catalog

/// A dataset of the catalogue with what requests about it need, made once.
final class ServedDataset: Sendable {
    let dataset: Dataset
    /// `/_cellucid/datasets` as seen from the dataset's own mount.
    let ownListing: [UInt8]
    /// The name of the web app that can read it.
    let webApp: String

    init(_ dataset: Dataset, webApp: String = Configuration.WebApp.usualName) {
        self.dataset = dataset
        self.webApp = webApp
        ownListing = Array(CellucidDocuments.datasets([(dataset.id, "/", dataset.name)]).utf8)
    }

    /// A number that no other dataset, nor another version of this one, ever has.
    var serial: UInt64 { dataset.serial }

    /// Runs `body` with the descriptor of the dataset's directory, which stays open meanwhile.
    func withDirectory<Result>(_ body: (Int32) -> Result) -> Result {
        withExtendedLifetime(dataset) { body(dataset.directory.raw) }
    }
}

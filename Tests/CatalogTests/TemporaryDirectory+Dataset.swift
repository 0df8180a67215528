import TestSupport

extension TemporaryDirectory {
    /// Makes a small complete export folder.
    func makeDataset(_ name: String, identity: String? = nil, compressed: Bool = false) {
        write(
            "\(name)/dataset_identity.json",
            identity
                ?? #"{"id": "id-\#(name)", "name": "Name \#(name)", "stats": {"n_cells": 3, "n_genes": 2}}"#
        )
        write("\(name)/obs_manifest.json", #"{"_format":"compact_v1"}"#)
        write("\(name)/points_\(compressed ? "3d.bin.gz" : "2d.bin")", "12345678")
    }
}

import Bytes
import Catalog

/// `/_gateway/datasets`: every dataset with its state, the broken ones included.
enum CatalogDocument {
    /// The document.
    static func json(_ catalog: CatalogView) -> String {
        let snapshot = catalog.snapshot
        let ready = snapshot.datasets.map { dataset in
            JSONText.object([
                "mount": JSONText.string(dataset.mount), "id": JSONText.string(dataset.id),
                "name": JSONText.string(dataset.name), "kind": "\"export\"", "state": "\"ready\"",
                "folder": JSONText.string(dataset.folder), "cells": number(dataset.cells),
                "genes": number(dataset.genes), "bytes": number(dataset.sizeBytes),
            ])
        }
        let broken = snapshot.broken.map { dataset in
            JSONText.object([
                "mount": dataset.mount.map { JSONText.string($0) } ?? "null", "kind": "\"export\"",
                "state": "\"broken\"", "folder": JSONText.string(dataset.folder),
                "reason": JSONText.string(dataset.reason),
            ])
        }
        let upstream = catalog.backends.backends.flatMap(BackendDocuments.catalogEntries)
        return JSONText.object([
            "datasets": JSONText.array(ready + broken + upstream),
            "warnings": JSONText.array(catalog.warnings.map { JSONText.string($0) }),
        ])
    }

    private static func number(_ value: (some BinaryInteger)?) -> String { value.map { "\($0)" } ?? "null" }
}

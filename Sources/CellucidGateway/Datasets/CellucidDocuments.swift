import Bytes
import Catalog

/// The documents of `/_cellucid/`, key for key as the Cellucid export server answers them.
///
/// The viewer compares the sets of keys, so nothing may be added.
enum CellucidDocuments {
    /// `/_cellucid/health` of an export server.
    static func health() -> String {
        JSONText.object([
            "status": "\"ok\"", "type": "\"exported\"", "version": JSONText.string(Version.current),
        ])
    }

    /// `/_cellucid/info` of an export server.
    /// - Parameters:
    ///   - host: the host as it was given to bind to.
    ///   - port: the port that is listened on.
    /// - Returns: the document.
    static func info(host: String, port: UInt16) -> String {
        JSONText.object([
            "version": JSONText.string(Version.current), "host": JSONText.string(host), "port": "\(port)",
            "mode": "\"standalone\"",
        ])
    }

    /// `/_cellucid/datasets`.
    static func datasets(_ entries: [(id: String, path: String, name: String)]) -> String {
        let list = entries.map { entry in
            JSONText.object([
                "id": JSONText.string(entry.id), "path": JSONText.string(entry.path),
                "name": JSONText.string(entry.name),
            ])
        }
        return JSONText.object(["datasets": JSONText.array(list)])
    }

    /// The `datasets.json` that static hosting of several exports has at its root, for pages that are given the
    /// gateway as their place of exports.
    static func staticCatalogue(_ datasets: [Dataset]) -> String {
        let list = datasets.map { dataset in
            var members = [
                "\"id\":\(JSONText.string(dataset.id))",
                "\"path\":\(JSONText.string(dataset.mount + "/"))",
                "\"name\":\(JSONText.string(dataset.name))",
            ]
            if let cells = dataset.cells, cells > 0 { members.append("\"n_cells\":\(cells)") }
            if let genes = dataset.genes, genes > 0 { members.append("\"n_genes\":\(genes)") }
            return "{" + members.joined(separator: ",") + "}"
        }
        return JSONText.object([
            "version": "1", "default": datasets.first.map { JSONText.string($0.id) } ?? "null",
            "datasets": JSONText.array(list),
        ])
    }
}

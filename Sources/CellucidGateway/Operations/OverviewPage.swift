import Bytes
import Catalog

/// `/_gateway/`: one self-contained page that lists the datasets, for a person with a browser.
///
/// It needs no script and follows the browser's dark or light setting.
enum OverviewPage {
    /// The page.
    /// - Parameters:
    ///   - catalog: what is served.
    ///   - basePath: the prefix of all URLs, begins and ends with a slash.
    ///   - opensViewer: whether the viewer is served, so that links can open it.
    ///   - viewer: a sentence about the viewer.
    /// - Returns: the whole HTML document.
    static func html(
        _ catalog: CatalogView,
        basePath: String,
        opensViewer: Bool = false,
        viewer: String? = nil
    ) -> String {
        let snapshot = catalog.snapshot
        var body = "<h1>Cellucid gateway</h1>\n"
        let count = snapshot.datasets.count
        body +=
            "<p class=\"lead\">\(count == 0 ? "No dataset" : count == 1 ? "One dataset" : "\(count) datasets")"
        body += snapshot.broken.isEmpty ? "" : ", \(snapshot.broken.count) with a problem"
        body += ".\(viewer.map { " " + PageLayout.escaped($0) } ?? "")</p>\n"
        if count > 0 { body += table(snapshot.datasets, basePath, opensViewer: opensViewer) }
        let backends = catalog.backends.backends
        if !backends.isEmpty { body += servers(backends, basePath, opensViewer: opensViewer) }
        if !snapshot.broken.isEmpty { body += problems(snapshot.broken) }
        if !catalog.warnings.isEmpty {
            let items = catalog.warnings.map { "<li>\(PageLayout.escaped($0))</li>\n" }.joined()
            body += "<h2>Warnings</h2>\n<ul>\n\(items)</ul>\n"
        }
        body += """
            <footer>Gateway \(Version.current). For programs: <a href="\(basePath)_gateway/datasets">datasets as JSON</a>, \
            <a href="\(basePath)_cellucid/datasets">listing of the Cellucid server API</a>.</footer>\n
            """
        return PageLayout.document(body)
    }

    /// A table of datasets, each with a link.
    static func table(_ datasets: [Dataset], _ basePath: String, opensViewer: Bool = false) -> String {
        let rows = datasets.map { dataset in
            let base = basePath + PercentCoding.encode(dataset.mount) + "/"
            return """
                <tr><td><a href="\(base)\(opensViewer ? "" : "dataset_identity.json")">\(PageLayout.escaped(dataset.name))</a>\
                <small>\(PageLayout.escaped(base))</small></td>\
                <td class="n">\(dataset.cells.map(grouped) ?? "–")</td>\
                <td class="n">\(dataset.genes.map(grouped) ?? "–")</td>\
                <td class="n">\(dataset.sizeBytes.map(size) ?? "–")</td>\
                <td><span class="ok">ready</span></td></tr>\n
                """
        }
        return """
            <table>
            <thead><tr><th scope="col">Dataset</th><th scope="col" class="n">Cells</th>\
            <th scope="col" class="n">Genes</th><th scope="col" class="n">Size</th><th scope="col">State</th></tr></thead>
            <tbody>
            \(rows.joined())</tbody>
            </table>\n
            """
    }

    /// A table of running servers, each with a link.
    private static func servers(_ backends: [Backend], _ basePath: String, opensViewer: Bool) -> String {
        let rows = backends.map { backend in
            let specification = backend.specification
            let base = "\(basePath)\(specification.mount)/"
            let current = backend.current
            var state = "<span class=\"ok\">running</span>"
            switch current.condition {
            case .healthy: break
            case .unknown: state = "not asked yet"
            case .unavailable(let reason):
                state = "<span class=\"bad\">unavailable</span> <small>\(PageLayout.escaped(reason))</small>"
            }
            let names = current.datasets.map(\.name).joined(separator: ", ")
            return """
                <tr><td><a href="\(base)\(opensViewer ? "" : "_cellucid/datasets")">\(PageLayout.escaped(specification.name ?? specification.mount))</a>\
                <small>\(PageLayout.escaped(base))</small></td><td>\(PageLayout.escaped(names))</td><td>\(state)</td></tr>\n
                """
        }
        return """
            <h2>Running servers</h2>
            <table>
            <thead><tr><th scope="col">Server</th><th scope="col">Datasets</th><th scope="col">State</th></tr></thead>
            <tbody>
            \(rows.joined())</tbody>
            </table>\n
            """
    }

    private static func problems(_ broken: [BrokenDataset]) -> String {
        let rows = broken.map { dataset in
            """
            <tr><td>\(PageLayout.escaped(dataset.folder))</td><td><span class="bad">broken</span></td>\
            <td>\(PageLayout.escaped(dataset.reason))</td></tr>\n
            """
        }
        return """
            <h2>Not served</h2>
            <table>
            <thead><tr><th scope="col">Folder</th><th scope="col">State</th><th scope="col">What is wrong</th></tr></thead>
            <tbody>
            \(rows.joined())</tbody>
            </table>\n
            """
    }

    /// A number with a thin space between each three digits.
    private static func grouped(_ value: Int) -> String {
        let digits = Array(String(value))
        var result = ""
        for (index, digit) in digits.enumerated() {
            if index > 0, (digits.count - index) % 3 == 0 { result += "\u{2009}" }
            result.append(digit)
        }
        return result
    }

    /// A size in the largest unit that leaves a number of at least one, with one decimal.
    private static func size(_ bytes: UInt64) -> String {
        var value = Double(bytes)
        var unit = 0
        let units = ["B", "KB", "MB", "GB", "TB"]
        while value >= 1000, unit < units.count - 1 {
            value /= 1000
            unit += 1
        }
        if unit == 0 { return "\(bytes) B" }
        let tenths = Int((value * 10).rounded())
        return "\(tenths / 10).\(tenths % 10) \(units[unit])"
    }
}

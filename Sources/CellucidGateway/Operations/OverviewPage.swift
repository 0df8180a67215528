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
    /// - Returns: the whole HTML document.
    static func html(_ catalog: CatalogView, basePath: String) -> String {
        let snapshot = catalog.snapshot
        var body = "<h1>Cellucid gateway</h1>\n"
        let count = snapshot.datasets.count
        body +=
            "<p class=\"lead\">\(count == 0 ? "No dataset" : count == 1 ? "One dataset" : "\(count) datasets")"
        body += snapshot.broken.isEmpty ? "" : ", \(snapshot.broken.count) with a problem"
        body += ".</p>\n"
        if count > 0 { body += table(snapshot.datasets, basePath) }
        if !snapshot.broken.isEmpty { body += problems(snapshot.broken) }
        if !snapshot.warnings.isEmpty {
            let items = snapshot.warnings.map { "<li>\(escaped($0))</li>\n" }.joined()
            body += "<h2>Warnings</h2>\n<ul>\n\(items)</ul>\n"
        }
        body += """
            <footer>Gateway \(Version.current). For programs: <a href="\(basePath)_gateway/datasets">datasets as JSON</a>, \
            <a href="\(basePath)_cellucid/datasets">listing of the Cellucid server API</a>.</footer>\n
            """
        return document(body)
    }

    private static func table(_ datasets: [Dataset], _ basePath: String) -> String {
        let rows = datasets.map { dataset in
            let base = basePath + PercentCoding.encode(dataset.mount) + "/"
            return """
                <tr><td><a href="\(base)dataset_identity.json">\(escaped(dataset.name))</a>\
                <small>\(escaped(base))</small></td>\
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

    private static func problems(_ broken: [BrokenDataset]) -> String {
        let rows = broken.map { dataset in
            """
            <tr><td>\(escaped(dataset.folder))</td><td><span class="bad">broken</span></td>\
            <td>\(escaped(dataset.reason))</td></tr>\n
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

    private static func document(_ body: String) -> String {
        """
        <!DOCTYPE html>
        <html lang="en">
        <head>
        <meta charset="utf-8">
        <meta name="viewport" content="width=device-width, initial-scale=1">
        <title>Cellucid gateway</title>
        <style>
        :root { color-scheme: light dark; --text: #1c2330; --soft: #5c6778; --line: #d9dee6; --back: #fff;
          --link: #1558b0; --ok: #1a7f37; --bad: #b42318; }
        @media (prefers-color-scheme: dark) { :root { --text: #e4e8ef; --soft: #98a3b5; --line: #313a48;
          --back: #14181f; --link: #7db4ff; --ok: #5fd07f; --bad: #ff8a7a; } }
        body { margin: 0 auto; max-width: 62rem; padding: 2rem 1.25rem; background: var(--back); color: var(--text);
          font: 16px/1.5 system-ui, sans-serif; }
        h1 { font-size: 1.6rem; margin: 0; } h2 { font-size: 1.15rem; margin: 2rem 0 .5rem; }
        .lead { color: var(--soft); margin: .25rem 0 1.5rem; }
        table { border-collapse: collapse; width: 100%; }
        th, td { padding: .55rem 1.25rem .55rem 0; border-bottom: 1px solid var(--line); text-align: left;
          vertical-align: top; overflow-wrap: break-word; }
        th { color: var(--soft); font-weight: 600; font-size: .85rem; }
        .n, .ok, .bad { white-space: nowrap; }
        .n { text-align: right; font-variant-numeric: tabular-nums; }
        small { display: block; color: var(--soft); font-family: ui-monospace, monospace; font-size: .8rem; }
        a { color: var(--link); } .ok { color: var(--ok); } .bad { color: var(--bad); }
        footer { margin-top: 2.5rem; color: var(--soft); font-size: .85rem; }
        </style>
        </head>
        <body>
        \(body)</body>
        </html>

        """
    }

    /// `text` with the characters that mean something in HTML replaced.
    static func escaped(_ text: String) -> String {
        var result = ""
        for character in text.unicodeScalars {
            switch character {
            case "&": result += "&amp;"
            case "<": result += "&lt;"
            case ">": result += "&gt;"
            case "\"": result += "&quot;"
            case "'": result += "&#39;"
            default: result.unicodeScalars.append(character)
            }
        }
        return result
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

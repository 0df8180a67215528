import Bytes
import Catalog

/// The page instead of the viewer, as long as there is no build of the web app.
enum UnavailablePage {
    /// The page.
    /// - Parameters:
    ///   - view: says why there is none.
    ///   - catalog: the datasets to link to.
    ///   - basePath: the prefix of all URLs, begins and ends with a slash.
    /// - Returns: the whole HTML document, which reloads itself while the first build is being fetched.
    static func html(_ view: WebAppView, _ catalog: CatalogView, basePath: String) -> String {
        var body = ""
        switch view.absence {
        case .fetching(let files, let bytes):
            let progress = files == 0 ? "" : " \(files) files (\(bytes / 1000) kB) are here so far."
            body = """
                <h1>The viewer is on its way</h1>
                <p class="lead">The gateway is fetching the Cellucid viewer from \
                \(PageLayout.escaped(view.origin)).\(progress) This page tries again every two seconds.</p>\n
                """
        case .failed(let reason):
            body = """
                <h1>The viewer is not available</h1>
                <p class="lead">The gateway could not fetch the Cellucid viewer, and has no earlier copy of it.</p>
                <p>\(PageLayout.escaped(reason))</p>
                <h2>What to do</h2>
                <ul>
                <li>If this machine can reach the Internet through a proxy, start the gateway with <code>HTTPS_PROXY</code> set.</li>
                <li>If it cannot, run <code>gateway web-app update</code> and <code>gateway web-app export viewer.tar</code> on one \
                that can, copy the file here, and run <code>gateway web-app import viewer.tar</code>.</li>
                <li>The gateway tries again by itself; <code>gateway web-app update</code> tries now and says what is wrong.</li>
                </ul>\n
                """
        }
        if !catalog.snapshot.datasets.isEmpty {
            body += "<h2>Datasets</h2>\n" + OverviewPage.table(catalog.snapshot.datasets, basePath)
        }
        body += "<footer><a href=\"\(basePath)_gateway/\">About this gateway</a></footer>\n"
        if case .fetching = view.absence {
            return PageLayout.document(body, reloadSeconds: 2)
        }
        return PageLayout.document(body)
    }
}

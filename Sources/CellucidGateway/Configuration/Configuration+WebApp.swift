import Catalog

extension Configuration {
    /// The viewer's web app: where its builds come from, and how they are served.
    struct WebApp: Sendable, Equatable {
        /// Whether the gateway serves no web app.
        var isDisabled = false
        /// Where builds come from: scheme, host and port.
        var origin = "https://www.cellucid.com"
        /// The absolute path of a PEM file of certificate authorities to trust instead of the system's.
        var certificateAuthorities: String?
        /// The folder that the Cellucid Python package is told to keep its web app in, if it is; the gateway's builds are in
        /// a folder of their own there.
        var cacheDirectory: String?
        /// Hours between two looks for a newer build, 1 to 8760.
        var checkHours = 6
        /// Whether pages may load the public demo datasets.
        var demoData = DemoData.auto
        /// Other web apps by name, for datasets that need an older or newer build.
        var others: [NamedWebApp] = []
        /// The names of the web apps that single datasets need, by their mounts.
        var ofDatasets: [String: String] = [:]

        /// The name of the web app that is not one of the others.
        static let usualName = "default"
        /// The variable of the Cellucid Python package that names its cache folder.
        static let cacheVariable = "CELLUCID_WEB_PROXY_CACHE_DIR"
    }

    /// Whether pages may load the public demo datasets from where the web app says.
    enum DemoData: String, Sendable, CaseIterable {
        /// As long as the origin of the web app can be reached.
        case auto
        case on
        case off
    }
}

/// A web app beside the usual one.
struct NamedWebApp: Sendable, Equatable {
    /// What roots and datasets call it.
    var name: String
    /// Where its builds come from; nil if they are only imported.
    var origin: String?
}

extension Configuration {
    /// The names of all web apps, the usual one first.
    var webAppNames: [String] { [WebApp.usualName] + webApp.others.map(\.name) }

    /// The name of the web app that a dataset needs: its own, or that of its root, or the usual one.
    func webApp(of dataset: Dataset) -> String {
        webApp.ofDatasets[dataset.mount]
            ?? (roots.indices.contains(dataset.rootIndex) ? roots[dataset.rootIndex].webApp : nil)
            ?? WebApp.usualName
    }
}

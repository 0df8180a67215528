import Codecs
import WebApp

/// A build with what requests need of it, in both forms of its page.
final class OpenBuild: Sendable {
    let build: Build
    let summary: WebAppStatus.BuildSummary
    private let withDemoData: ServedBuild
    private let withoutDemoData: ServedBuild

    /// Reads the build; waits for the disk.
    init(_ build: Build) throws(BuildStoreError) {
        self.build = build
        withDemoData = try ServedBuild(loading: build, showsDemoData: true)
        withoutDemoData = withDemoData.with(page: try ServedBuild.page(of: build, showsDemoData: false))
        summary = Self.summary(build)
    }

    private init(_ build: Build, _ withDemoData: ServedBuild, _ withoutDemoData: ServedBuild) {
        self.build = build
        self.withDemoData = withDemoData
        self.withoutDemoData = withoutDemoData
        summary = Self.summary(build)
    }

    /// The same with the files that `grown` has more.
    func with(_ grown: Build) throws(BuildStoreError) -> OpenBuild {
        let more = try withDemoData.adding(filesOf: grown)
        return OpenBuild(grown, more, more.with(page: withoutDemoData.page))
    }

    /// What requests see.
    func served(showsDemoData: Bool) -> ServedBuild { showsDemoData ? withDemoData : withoutDemoData }

    /// Whether that is the build's page.
    func isPage(_ content: [UInt8]) -> Bool { build.file(.index)?.sha256 == SHA256.hexDigest(of: content) }

    private static func summary(_ build: Build) -> WebAppStatus.BuildSummary {
        WebAppStatus.BuildSummary(
            id: build.manifest.id,
            buildID: build.manifest.buildID,
            files: build.manifest.files.count,
            bytes: build.manifest.files.reduce(0) { $0 + $1.bytes },
            fetchedAt: build.manifest.fetchedAt
        )
    }
}

/// The builds of a store that are served.
struct OpenBuilds: Sendable {
    var current: OpenBuild?
    var previous: OpenBuild?
    /// What was wrong with one that is on the disk.
    var problem: String?

    /// Opens the builds of a store; waits for the disk.
    init(_ store: BuildStore) {
        do throws(BuildStoreError) {
            let contents = try store.open()
            current = try contents.current.map { build throws(BuildStoreError) in try OpenBuild(build) }
            previous = try contents.previous.map { build throws(BuildStoreError) in try OpenBuild(build) }
            problem = contents.damages.first?.description
        } catch {
            problem = error.description
        }
    }

    /// The builds of the store when they are no longer these; waits for the disk.
    ///
    /// A store that somebody has emptied does not take away what is being served.
    func changed(in store: BuildStore) -> OpenBuilds? {
        guard let id = store.currentID() else { return nil }
        guard let current, id == current.build.id else { return OpenBuilds(store) }
        do throws(BuildStoreError) {
            guard let grown = try store.refresh(current.build) else { return nil }
            var builds = self
            builds.current = try current.with(grown)
            return builds
        } catch {
            return OpenBuilds(store)
        }
    }
}

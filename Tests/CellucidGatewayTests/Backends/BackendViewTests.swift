import Bytes
import Catalog
import Testing

@testable import CellucidGateway

/// Where backends and their datasets are in the URL space.
@Suite struct BackendViewTests {
    private func place(_ view: BackendView, _ mount: String) -> MountedBackend? {
        let path = Array("/\(mount)/x".utf8)
        return view.backend(at: path, 1..<(1 + mount.utf8.count))
    }

    @Test func none() {
        #expect(BackendView.empty.backends.isEmpty)
        #expect(BackendView.empty.entries.isEmpty)
        #expect(place(.empty, "a") == nil)
        #expect(!BackendView.empty.has(mount: "a"))
    }

    /// The paths of a server's datasets and where each is, with the part of the server's paths that is left out.
    @Test(
        arguments: [
            (["/"], ["lab": "/"]), ([], ["lab": "/"]),
            (["/kidney/"], ["lab": "/", "lab-kidney": "/kidney/"]),
            (["/a/", "/b/"], ["lab": "/", "lab-a": "/a/", "lab-b": "/b/"]),
            (["/", "/b/"], ["lab": "/", "lab-b": "/b/"]), (["/a/b/"], ["lab": "/", "lab-a-b": "/a/b/"]),
            (["/a%20b/"], ["lab": "/", "lab-a_20b": "/a%20b/"]),
            (["/a/b/", "/a-b/"], ["lab": "/", "lab-a-b": "/a/b/", "lab-a-b-2": "/a-b/"]),
            (["/a/", "/a/", "/a/"], ["lab": "/", "lab-a": "/a/", "lab-a-2": "/a/", "lab-a-3": "/a/"]),
        ] as [([String], [String: String])]
    )
    func places(paths: [String], expected: [String: String]) throws {
        let backend = try BackendFixture.backend("lab", paths: paths)
        let view = BackendView([backend])
        for (mount, prefix) in expected {
            let mounted = try #require(place(view, mount), "nothing at \(mount)")
            #expect(mounted.backend === backend)
            #expect(mounted.mount == mount)
            #expect(String(decoding: mounted.targetPrefix, as: UTF8.self) == prefix)
            #expect((mounted.ownListing == nil) == (mount == "lab"))
            #expect(view.has(mount: mount))
        }
        #expect(view.entries.count == paths.count)
        #expect(Set(view.entries.map(\.mount)).isSubset(of: expected.keys))
        #expect(view.entries.map(\.id) == paths.map { "id \($0)" }, "in the server's order")
        #expect(place(view, "la") == nil)
        #expect(place(view, "labx") == nil)
        #expect(place(view, "") == nil)
    }

    /// What a page below the mount of one dataset sees: that dataset, at the root.
    @Test func ownListing() throws {
        let view = BackendView([try BackendFixture.backend("lab", paths: ["/a/", "/b/"])])
        let mounted = try #require(place(view, "lab-b"))
        let listing = try #require(mounted.ownListing)
        #expect(
            String(decoding: listing, as: UTF8.self)
                == #"{"datasets":[{"id":"id /b/","path":"/","name":"name /b/"}]}"#
        )
    }

    /// A mount of a backend goes before one that was made up, whichever of them is first.
    @Test(arguments: [false, true]) func collisions(isFirst: Bool) throws {
        let several = try BackendFixture.backend("lab", paths: ["/a/", "/b/"])
        let other = try BackendFixture.backend("lab-a", paths: ["/"])
        let view = BackendView(isFirst ? [several, other] : [other, several])
        #expect(place(view, "lab-a")?.backend === other)
        #expect(place(view, "lab-a-2")?.backend === several)
        #expect(place(view, "lab-a-2")?.targetPrefix == Array("/a/".utf8))
        #expect(place(view, "lab-b")?.backend === several)
        #expect(["lab-a-2", "lab-b"].allSatisfy { view.hasDataset(mount: $0) })
        #expect(!["lab", "lab-a", "lab-c", ""].contains { view.hasDataset(mount: $0) })
        #expect(Set(view.entries.map(\.mount)) == ["lab-a", "lab-a-2", "lab-b"])
    }

    /// Pages accept no other segments (contract 7.4.3).
    @Test(
        arguments: [
            ["/a/", "/%2E%2E/"], ["/%C3%A9/", "/%C3%A8/"], ["/" + String(repeating: "a", count: 300) + "/"],
            ["/" + String(repeating: "a", count: 300) + "/", "/" + String(repeating: "a", count: 301) + "/"],
        ]
    )
    func mountsAreMounts(paths: [String]) throws {
        let view = BackendView([try BackendFixture.backend("lab", paths: paths)])
        #expect(view.entries.count == paths.count)
        #expect(Set(view.entries.map(\.mount)).count == paths.count)
        for entry in view.entries {
            #expect(MountName.isValid(entry.mount), "\(entry.mount)")
            #expect(place(view, entry.mount) != nil)
        }
    }

    /// Those that do not answer keep their places, so that requests get an answer that says why.
    @Test func onlyThoseThatAnswerAreListed() throws {
        let healthy = try BackendFixture.backend("a", paths: ["/"])
        let dead = try BackendFixture.backend("b", paths: ["/", "/x/"])
        dead.noteFailure("refused")
        let new = Backend(try BackendFixture.specification("c"))
        let view = BackendView([dead, new, healthy])
        #expect(view.entries.map(\.mount) == ["a"])
        #expect(view.backends.count == 3)
        for mount in ["a", "b", "b-x", "c"] { #expect(place(view, mount) != nil, "\(mount)") }
        dead.noteAnswer()
        #expect(view.entries.count == 1, "a view does not change")
        #expect(BackendView([dead, new, healthy]).entries.map(\.mount) == ["b", "b-x", "a"])
    }

    @Test(arguments: [(nil, "default"), ("g0", "g0"), ("upstream", nil)] as [(String?, String?)])
    func webApp(given: String?, expected: String?) throws {
        let backend = Backend(try BackendFixture.specification("a", webApp: given))
        #expect(MountedBackend(backend, mount: "a").webApp == expected)
    }
}

import Catalog
import Testing

@testable import CellucidGateway

@Suite struct OverviewPageTests {
    private let fixture = CatalogFixture()

    @Test func whatComesFromDatasetsIsEscaped() throws {
        fixture.add(
            "a",
            #"{"id": "a", "name": "<script>alert('x')</script> & \"co\"", "stats": {"n_cells": 1234567, "n_genes": 2}}"#
        )
        fixture.folder.write("<img src=x>/dataset_identity.json", "{}")
        let page = OverviewPage.html(CatalogView(try fixture.scan()), basePath: "/base/")
        #expect(!page.contains("<script"))
        #expect(!page.contains("<img"))
        #expect(page.contains("&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt; &amp; &quot;co&quot;"))
        #expect(page.contains("&lt;img src=x&gt;"))
        #expect(page.contains("href=\"/base/a/dataset_identity.json\""))
        #expect(page.contains("One dataset"))
    }

    /// It is served with a policy that allows nothing from elsewhere.
    @Test func nothingIsLoadedAndNothingRuns() throws {
        fixture.add("a", #"{"id": "a"}"#)
        fixture.add("b", #"{"id": "a"}"#)
        let page = OverviewPage.html(CatalogView(try fixture.scan()), basePath: "/")
        for word in [
            "<script", "javascript:", "src=", "http://", "https://", "@import", "url(", "onclick", "onload",
            "<form",
        ] {
            #expect(!page.contains(word), "\(word)")
        }
        #expect(page.hasPrefix("<!DOCTYPE html>"))
        #expect(page.contains("2 datasets"))
        #expect(page.contains("Warnings"))
    }

    @Test func anEmptyCatalogue() throws {
        let page = OverviewPage.html(CatalogView(try fixture.scan()), basePath: "/")
        #expect(page.contains("No dataset."))
        #expect(!page.contains("<table>"))
    }

    @Test(arguments: [
        ("", ""), ("plain", "plain"), (#"<>&"'"#, "&lt;&gt;&amp;&quot;&#39;"), ("&lt;", "&amp;lt;"),
        ("ü–", "ü–"),
    ])
    func escapes(text: String, escaped: String) {
        #expect(PageLayout.escaped(text) == escaped)
    }
}

import Testing

@testable import WebApp

@Suite struct PageTests {
    @Test(arguments: [
        ("<meta name=\"cellucid-web-build-id\" content=\"2026-07-27.1\">", "2026-07-27.1"),
        ("<meta content='a' name='cellucid-web-build-id' />", "a"),
        ("<META data-x NAME='Cellucid-Web-Build-ID'\n CONTENT=\" a b \t\n\">", "a b"),
        (
            "<meta charset='utf-8'><meta name=\"viewport\" content=\"x\"><meta name='cellucid-web-build-id' content='1'>",
            "1"
        ),
        (
            "<meta name='cellucid-web-build-id' content='1'><meta name='cellucid-web-build-id' content='2'>",
            "1"
        ),
        (
            "<meta name='cellucid-web-build-id' content=''><meta name='cellucid-web-build-id' content='2'>",
            "2"
        ),
        (
            "<!-- <meta name='cellucid-web-build-id' content='1'> --><meta name='cellucid-web-build-id' content='2'>",
            "2"
        ),
        ("<script>\"<meta name='cellucid-web-build-id' content='1'>\"</script>", nil),
        ("<meta name='cellucid-web-build-id' content='a>b'>", "a>b"),
        ("<meta name='cellucid-web-build-id' content='\u{a0}\u{e9}\u{2003}'>", "\u{e9}"),
        ("<meta name=cellucid-web-build-id content='1'>", nil),
        ("<meta name='cellucid-web-build-id' content=1>", nil),
        ("<meta name='cellucid-web-build-id'>", nil),
        ("<meta name='cellucid-web-build-id' content='  '>", nil),
        ("<meta name='cellucid-web-build-ids' content='1'>", nil),
        ("<meta data-name='cellucid-web-build-id' content='1'>", nil),
        ("<metadata name='cellucid-web-build-id' content='1'>", nil),
        ("<meta name='cellucid-web-build-id' content='1", nil),
        ("", nil),
    ])
    func readsTheBuildID(html: String, buildID: String?) {
        #expect(Page(html: Array(html.utf8)).buildID == buildID)
    }

    @Test func cutsLongBuildIDs() {
        let html = "<meta name='cellucid-web-build-id' content=' \(String(repeating: "\u{e9}", count: 300))'>"
        #expect(BuildIDMeta.read(from: Array(html.utf8)) == String(repeating: "\u{e9}", count: 200))
    }

    @Test(arguments: [
        ("<script src=\"assets/a.js\">", "<script src=\"@1f/assets/a.js\">"),
        ("<LINK HREF='./assets/a.css'>", "<LINK HREF='@1f/assets/a.css'>"),
        (
            "<img src=assets/a.png><img src = \"assets/b.png\">",
            "<img src=@1f/assets/a.png><img src = \"@1f/assets/b.png\">"
        ),
        ("<img src=' assets/a.png'>", "<img src=' @1f/assets/a.png'>"),
        ("<a href='assets/'>", "<a href='@1f/assets/'>"),
        ("<a href=\"assets/a.js\" src='assets/b.js'>", "<a href=\"@1f/assets/a.js\" src='@1f/assets/b.js'>"),
    ])
    func addressesTheBuild(html: String, rewritten: String) {
        let result = Page(html: Array(html.utf8)).rewritten(id: "1f")
        #expect(String(decoding: result, as: UTF8.self) == rewritten)
        #expect(Page(html: result).rewritten(id: "2e") == result)
    }

    @Test(arguments: [
        "", "assets/a.js", "<!-- <img src='assets/a.png'> -->",
        "<script>a = '<img src=\"assets/a.png\">';</script>",
        "<script type=\"application/ld+json\">{\"logo\": \"assets/a.png\", \"x\": \"<img src='assets/a.png'>\"}</script>",
        "<style>a{background:url(assets/a.png)}</style>", "<title><img src=\"assets/a.png\"></title>",
        "<meta http-equiv=\"Content-Security-Policy\" content=\"script-src 'self' 'sha256-AA='; src='assets/a.png'\">",
        "<img src='/assets/a.png'>", "<img src='../assets/a.png'>", "<img src='myassets/a.png'>",
        "<img src='assets'>",
        "<img src='ASSETS/a.png'>", "<img src='@2e/assets/a.png'>", "<img data-src='assets/a.png'>",
        "<img alt='assets/a.png' srcset='assets/a.png 2x'>", "<a href='https://example.org/assets/a.png'>",
        "</a href='assets/a.png'>", "<img src='assets/a.png", "<a title=\"<img src='assets/a.png'>\">",
        "<meta name='cellucid-exports-base-url' content='https://example.org/'>", "<img src>",
        "\r\n\t<p>\u{e9}</p >\0",
    ])
    func leavesAllElse(html: String) {
        #expect(Page(html: Array(html.utf8)).rewritten(id: "1f") == Array(html.utf8))
    }

    @Test(arguments: [
        (
            "<meta name=\"cellucid-exports-base-url\" content=\"https://e.org/x/\">", "",
            "<meta name=\"cellucid-exports-base-url\" content=\"\">"
        ),
        (
            "<meta content='x' NAME='Cellucid-Exports-Base-URL'/>", "/d/",
            "<meta content=\"/d/\" NAME='Cellucid-Exports-Base-URL'/>"
        ),
        (
            "<meta name=cellucid-exports-base-url content=x>", "a\"b&<",
            "<meta name=cellucid-exports-base-url content=\"a&quot;b&amp;&lt;\">"
        ),
        (
            "<meta name=cellucid-exports-base-url content=''>", "a",
            "<meta name=cellucid-exports-base-url content=\"a\">"
        ),
        ("<meta name=cellucid-exports-base-url><p>", "a", "<meta name=cellucid-exports-base-url><p>"),
        (
            "<!-- <meta name=cellucid-exports-base-url content=x> -->", "a",
            "<!-- <meta name=cellucid-exports-base-url content=x> -->"
        ),
        ("<p name=cellucid-exports-base-url content=x>", "a", "<p name=cellucid-exports-base-url content=x>"),
        ("<meta name=other content=x>", "a", "<meta name=other content=x>"),
    ])
    func replacesTheExportsBaseURL(html: String, url: String, rewritten: String) {
        let result = Page(html: Array(html.utf8)).rewritten(id: "1f", exportsBaseURL: url)
        #expect(String(decoding: result, as: UTF8.self) == rewritten)
    }

    @Test func keepsBytesThatAreNotText() {
        let html = Array("<img src='assets/a.png' alt='".utf8) + [0xff, 0, 0xc3] + Array("'>".utf8) + [0xfe]
        let expected =
            Array("<img src='@1f/assets/a.png' alt='".utf8) + [0xff, 0, 0xc3] + Array("'>".utf8) + [0xfe]
        #expect(Page(html: html).rewritten(id: "1f") == expected)
    }
}

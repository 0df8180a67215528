import Testing

@testable import WebApp

@Suite struct AssetReferencesTests {
    private func find(_ text: String, of path: String) throws -> [String] {
        AssetReferences.find(in: Array(text.utf8), of: try #require(AssetPath(path))).map(\.text)
    }

    @Test(arguments: [
        ("import './b.js'", "assets/js/b.js"),
        ("import\"./b.js\"", "assets/js/b.js"),
        ("import a from './b.js';", "assets/js/b.js"),
        ("import{a as b}from\"../b.js\"", "assets/b.js"),
        ("import * as a\n  from\n  './b.js'", "assets/js/b.js"),
        ("import a /* './never.js' */ from /* x */ './b.js' with { type: 'json' }", "assets/js/b.js"),
        ("export * from './b.js'", "assets/js/b.js"),
        ("export { a } from '/assets/b.mjs?v=1#x'", "assets/b.mjs"),
        ("\u{feff}import './b.js'", "assets/js/b.js"),
        ("#!/usr/bin/env \"node\nimport './b.js'", "assets/js/b.js"),
        ("await import('./b.js')", "assets/js/b.js"),
        ("import ( `./b.js` , {with: {}})", "assets/js/b.js"),
        ("x = [...import('./b.js')]", "assets/js/b.js"),
        ("import('.\\/b\\x2ejs')", "assets/js/b.js"),
        ("import('./b\\u{2e}j\\u0073')", "assets/js/b.js"),
        ("import('./b\\\n.js')", "assets/js/b.js"),
        ("new URL('b.wasm', import.meta.url)", "assets/js/b.wasm"),
        ("new Worker(new URL('./b.js', import . meta /* */ . url), { type: 'module' })", "assets/js/b.js"),
        ("import.meta.resolve('./b.js')", "assets/js/b.js"),
        ("importScripts('a.js', \"b.js\")", "assets/js/a.js assets/js/b.js"),
        ("new Worker('./assets/js/b.js')", "assets/js/b.js assets/js/assets/js/b.js"),
        ("new window.SharedWorker(\"/assets/b.js\", x)", "assets/b.js"),
        ("fetch('assets/img/b.glb')", "assets/img/b.glb"),
        ("a = './assets/b.png';", "assets/b.png"),
        ("a = 'https://www.example.org/assets/b.png'", "assets/b.png"),
        (
            "a = `<img src=\"assets/b.svg\" class=\"${c}\"><i style='x:url(assets/c.png)'>`",
            "assets/b.svg assets/c.png"
        ),
        ("a = \"see assets/b.md, assets/c.txt.\"", "assets/b.md assets/c.txt"),
        ("a = `${b}/assets/c.png`", "assets/c.png"),
        // What follows must be found although what precedes misleads.
        ("a = b / c; d = '//'; import './b.js'", "assets/js/b.js"),
        ("a = /[/'\"`]\\/*/g; import './b.js'", "assets/js/b.js"),
        ("a = b ? /'/ : /\"/; import './b.js'", "assets/js/b.js"),
        ("if (a) /'/.test(b); import './b.js'", "assets/js/b.js"),
        ("(a) / b; c = '/'; import './b.js'", "assets/js/b.js"),
        ("a[0] / b; c = '/'; import './b.js'", "assets/js/b.js"),
        ("return /'/\nimport './b.js'", "assets/js/b.js"),
        ("a.return / b; c = '/'; import './b.js'", "assets/js/b.js"),
        ("a++ / b; c = '/'; import './b.js'", "assets/js/b.js"),
        ("{ a } /'/.test(b); import './b.js'", "assets/js/b.js"),
        ("a = `}${ {b: `${'`'}//`} }/*`; import './b.js'", "assets/js/b.js"),
        ("a = 'it\\'s /*'; import './b.js'", "assets/js/b.js"),
        ("a = '\\\\'; import './b.js'", "assets/js/b.js"),
        ("a = 'unterminated\nimport './b.js'", "assets/js/b.js"),
        ("a = [/unterminated\nimport './b.js'", "assets/js/b.js"),
        ("a => /'/; import './b.js'", "assets/js/b.js"),
        ("a = 1 / 2; b = 1.5e-3 / .5 / 0x1f; c = '/'; import './b.js'", "assets/js/b.js"),
        ("a?.b / c; d = e?.5 / 2:1; f = '/'; import './b.js'", "assets/js/b.js"),
        ("a))}}]] / 1; import './b.js'", "assets/js/b.js"),
        ("a = `${((}`; import './b.js'", "assets/js/b.js"),
        ("\u{e9}t\u{e9} / 2; c = '/'; import './b.js'", "assets/js/b.js"),
    ])
    func readsScripts(script: String, paths: String) throws {
        #expect(try find(script, of: "assets/js/a.js").joined(separator: " ") == paths)
    }

    @Test(arguments: [
        "", "import", "import 'three'", "import three from 'three/b.js'", "// import './b.js'",
        "/* import './b.js'",
        "/* */ // */ import './b.js'", "a = \"import './b.js'\"", "a = `import './b.js'`",
        "a = /import '.\\/b.js'/",
        "import('./' + b + '.js')", "import(`./${b}.js`)", "import(b)", "a.import('./b.js')",
        "a?.import('./b.js')",
        "a.from './b.js'", "this.#import('./b.js')", "import 'https://example.org/b.js'",
        "import '//example.org/b.js'", "import 'data:text/javascript,0'", "import '../../../b.js'",
        "import './b'",
        "import './b.ts'", "import '../../b.js'", "new URL('./b.js', document.baseURI)",
        "new URL(`./${b}.js`, import.meta.url)", "new URL('./', import.meta.url)", "a = 'my-assets/b.png'",
        "a = 'assets/'", "a = 'assets/b'", "a = `assets/${b}.png`", "a = `assets/b.js${c}`",
        "a = 'ASSETS/b.png'",
        "a = 'assets/../../b.png'", "{ from: './b.js' }",
        "import './b.js\n'",
        "import './%zz.js'", "import './b\\n.js'", "assets/b.js",
    ])
    func findsNothingInScripts(script: String) throws {
        #expect(try find(script, of: "assets/js/a.js").isEmpty)
    }

    @Test(arguments: [
        ("@import 'b.css';", "assets/css/b.css"),
        ("@import url(b.css) layer(x) screen;", "assets/css/b.css"),
        ("@IMPORT/**/\"../b.css\"", "assets/b.css"),
        ("a{background:url( '../b.png?x#y' )}", "assets/b.png"),
        ("a{background:URL(b.svg#icon)}", "assets/css/b.svg"),
        ("a{src:url(b.woff2)format(\"woff2\"),url(c.woff)}", "assets/css/b.woff2 assets/css/c.woff"),
        ("a{background:url(/assets/b.png)}", "assets/b.png"),
        ("a{background:url(\"b\\.png\")}", "assets/css/b.png"),
        ("a{background:url(b\\2e png)}", "assets/css/b.png"),
        ("a{background:image-set(\"b.png\" 1x, 'c.png' 2x)}", "assets/css/b.png assets/css/c.png"),
        ("a{background:url(assets/b.png)}", "assets/css/assets/b.png assets/b.png"),
        ("a{content:'unterminated\n}b{background:url(c.png)}", "assets/css/c.png"),
        ("a{content:'\\'/*'}b{background:url(c.png)}", "assets/css/c.png"),
        (".a\\'b{background:url(c.png)}", "assets/css/c.png"),
        (
            "a{content:'/*';background:url(b.png)}/*'*/c{background:url(d.png)}",
            "assets/css/b.png assets/css/d.png"
        ),
        ("/* @import 'b.css'; url(b.png) */ /**/", ""),
        ("a{background:url(\"data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg'/%3E\")}", ""),
        ("a{background:url(data:image/png;base64,AA//)}b{background:url(https://example.org/b.png)}", ""),
        ("a{background:url(#b)}b{background:url()}c{background:url(b", ""),
        ("a{background:myurl(b.png)}@import b.css;", ""),
        ("a{content:\"url(b.png)\"}", ""),
        ("@font-face{font-family:'b'}", ""),
    ])
    func readsStyleSheets(css: String, paths: String) throws {
        #expect(try find(css, of: "assets/css/a.css").joined(separator: " ") == paths)
    }

    @Test(arguments: [
        ("<script src=\"assets/a.js\"></script>", "assets/a.js"),
        (
            "<SCRIPT SRC='./assets/a.js' defer></SCRIPT><link\nhref = assets/b.css >",
            "assets/a.js assets/b.css"
        ),
        ("<link href=/favicon.ico><link href=site.webmanifest>", "favicon.ico site.webmanifest"),
        (
            "<img srcset='assets/a.png 1x,assets/b.png 2x , assets/c.png'>",
            "assets/a.png assets/b.png assets/c.png"
        ),
        ("<link imagesrcset=\"assets/a,b.png, assets/c.png 2x\">", "assets/a,b.png assets/c.png"),
        ("<img srcset=\"assets/a.png 1x, assets/b.png 2x\">", "assets/a.png assets/b.png"),
        ("<meta name=msapplication-config content=browserconfig.xml>", "browserconfig.xml"),
        ("<meta content='https://example.org/assets/a.jpg'>", "assets/a.jpg"),
        ("<div data-icon='assets/a.svg' style='background:url(assets/b.png)'>", "assets/a.svg assets/b.png"),
        ("<img src='assets/a&amp;b.png?x&amp;y'>", "assets/a&b.png"),
        (
            "<script>import './assets/a.js'; // </b>\n'<img src=\"assets/b.png\">'</script>",
            "assets/a.js assets/b.png"
        ),
        ("<script>a<b</script x><img src=assets/c.png>", "assets/c.png"),
        ("<style>@import 'assets/a.css';</style>", "assets/a.css"),
        ("<!-- <img src='assets/a.png'> --><img src='assets/b.png'>", "assets/b.png"),
        ("<!--><img src='assets/b.png'><!---><img src='assets/c.png'>", "assets/b.png assets/c.png"),
        ("<!-- --!><img src='assets/b.png'>", "assets/b.png"),
        ("<title><img src='assets/a.png'></title><textarea><img src=assets/a.png></textareas>", ""),
        ("<a title='>' href=\"assets/a.pdf\">x</a title='<img src=assets/b.png>'>", "assets/a.pdf"),
        ("a < b <img/src=assets/a.png><3>", "assets/a.png"),
        ("<img src='assets/a.png", ""),
        ("<img src><img src=''><a href=#b><a href=?b><a href='mailto:a@b'><base href='/x/'>", ""),
        ("<a href='https://example.org/b.html'><a href='//example.org/b.js'>", ""),
        ("<?xml version='1.0'?><square70x70logo src=\"/assets/a.png\"/>", "assets/a.png"),
    ])
    func readsPages(html: String, paths: String) throws {
        #expect(try find(html, of: "index.html").joined(separator: " ") == paths)
    }

    @Test(arguments: [
        (
            "{\"icons\": [{\"src\": \"assets/a.png\"}, {\"src\" : \"\\/favicon-16x16.png\"}]}",
            "assets/a.png favicon-16x16.png"
        ),
        ("{\"src\": [\"favicon.ico\"], \"name\": \"src\", \"x\": \"favicon.ico\"}", ""),
        ("{\"other\": \"assets/a.png\"}", "assets/a.png"),
        ("{\"src\":\"https://example.org/a.png\"", ""),
    ])
    func readsManifests(json: String, paths: String) throws {
        #expect(try find(json, of: "site.webmanifest").joined(separator: " ") == paths)
    }

    @Test func readsOtherDocumentsOfXML() throws {
        #expect(try find("<image xlink:href='b.png'/>", of: "assets/img/a.svg") == ["assets/img/b.png"])
        #expect(try find("<a src='assets/b.png'/>", of: "browserconfig.xml") == ["assets/b.png"])
    }

    @Test(arguments: ["assets/a.txt", "assets/a.md", "assets/a.wasm", "assets/a"])
    func doesNotReadOtherLanguages(path: String) throws {
        #expect(try find("import './b.js'; 'assets/c.js'; <img src='assets/d.png'>", of: path).isEmpty)
    }

    @Test func listsEachFileOnce() throws {
        let script = "import './b.js'; import './c.js'; import '../js/b.js'; x = 'assets/js/c.js?x'"
        #expect(try find(script, of: "assets/js/a.js") == ["assets/js/b.js", "assets/js/c.js"])
    }

    @Test func tellsReferencesFromMentions() throws {
        let script =
            "x = ['assets/b.js', 'assets/c.js', 'assets/d.js']; import './b.js'; new Worker('assets/c.js')"
        let path = try #require(AssetPath("assets/a.js"))
        let references = AssetReferences(in: Array(script.utf8), of: path)
        #expect(references.paths.map(\.text).prefix(3) == ["assets/b.js", "assets/c.js", "assets/d.js"])
        #expect(references.certain.map(\.text).sorted() == ["assets/b.js", "assets/c.js"])
    }

    @Test func toleratesWhatIsNotUTF8() throws {
        let path = try #require(AssetPath("assets/a.js"))
        let script =
            [0xff, 0x27, 0xc3, 0x27] + Array("/*\u{e9}".utf8) + [0xc3]
            + Array("*/import './b.js';'assets/".utf8)
            + [0xff] + Array(".js'".utf8)
        #expect(AssetReferences.find(in: script, of: path).map(\.text) == ["assets/b.js"])
    }

    @Test func doesNotReadWhatIsTooLong() throws {
        let path = try #require(AssetPath("assets/a.js"))
        var script = Array("import './b.js';".utf8)
        script += [UInt8](repeating: 0x20, count: AssetReferences.largestContent - script.count)
        #expect(AssetReferences.find(in: script, of: path).count == 1)
        #expect(AssetReferences.find(in: script + [0x20], of: path).isEmpty)
    }

    /// Quadratic work on these would take minutes to hours.
    @Test(arguments: [
        "/[", "`${", "${`", "{", "((}", "\"\\", "/*", "//", "import(", "import('./b.js',", "importScripts('",
        "assets/",
        "'assets/", "'assets/b.js", "'assets/b.js'", "\\u{", "[/", "1/", "if(/", "+", "?.", "import './a/",
        "%2e",
        "new URL('x',import.meta.url)",
    ])
    func readsScriptsInLinearTime(part: String) throws {
        try expectLinearTime(part, after: ["", "`"], of: "assets/a.js")
        try expectLinearTime(part, after: [""], of: "assets/a.json")
    }

    @Test(arguments: [
        "/*", "*", "url(", "url('", "url(a)", "url(\\2", "@import", "@import '", "\\", "'\\", "-", "assets/",
        "'assets/'",
    ])
    func readsStyleSheetsInLinearTime(part: String) throws {
        try expectLinearTime(part, after: ["", "/*", "url(", "'"], of: "assets/a.css")
    }

    @Test(arguments: [
        "<", "<a ", "<a b='", "<a b=c", "a=b ", "<!--", "<!---", "-", "--!", "<script>", "<script></scrip",
        "<title>", "</",
        "<style>@import '", "=", "&amp;", "a ,", "a,b", "<a srcset='", "assets/",
    ])
    func readsPagesInLinearTime(part: String) throws {
        try expectLinearTime(
            part,
            after: ["", "<!--", "<a srcset='", "<script>", "<script>`"],
            of: "index.html"
        )
        let page = Page(html: Array(String(repeating: part, count: (1 << 16) / part.utf8.count).utf8))
        #expect(page.rewritten(id: "1f") == page.html)
        #expect(page.buildID == nil)
    }

    @Test(arguments: [
        ("assets/a.js", "/["), ("assets/a.js", "`${"), ("assets/a.js", "{("), ("assets/a.css", "url('"),
        ("index.html", "<a b='"), ("index.html", "<!--"),
    ])
    func readsMegabytes(name: String, part: String) throws {
        let content = Array(String(repeating: part, count: (4 << 20) / part.utf8.count).utf8)
        #expect(AssetReferences.find(in: content, of: try #require(AssetPath(name))).isEmpty)
    }

    private func expectLinearTime(_ part: String, after prefixes: [String], of name: String) throws {
        let path = try #require(AssetPath(name))
        for prefix in prefixes {
            let content = Array((prefix + String(repeating: part, count: (1 << 16) / part.utf8.count)).utf8)
            #expect(AssetReferences.find(in: content, of: path).count <= 1)
        }
    }
}

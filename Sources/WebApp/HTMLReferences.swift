internal import Bytes

/// References of pages, and of SVG and other XML documents.
enum HTMLReferences {
    /// Reads the attributes of every tag and the text of scripts and style sheets.
    static func collect(from html: [UInt8], into collector: inout ReferenceCollector) {
        var tokenizer = HTMLTokenizer(html)
        while let token = tokenizer.next() {
            switch token {
            case .script(let text): ScriptReferences.collect(from: html[text], into: &collector)
            case .style(let text): StyleReferences.collect(from: html[text], into: &collector)
            case .startTag(let tag, let attributes):
                let isMeta = tokenizer.isNamed(tag, "meta")
                for attribute in attributes where !attribute.value.isEmpty {
                    let value = withoutAmpersandReferences(html[attribute.value])
                    let name = attribute.name
                    if ["src", "href", "xlink:href", "poster"].contains(where: { tokenizer.isNamed(name, $0) }
                    ) {
                        collector.add(value)
                    } else if tokenizer.isNamed(name, "srcset") || tokenizer.isNamed(name, "imagesrcset") {
                        collectSourceSet(value, into: &collector)
                    } else if tokenizer.isNamed(name, "style") {
                        StyleReferences.collect(from: value, into: &collector)
                    } else if isMeta, tokenizer.isNamed(name, "content") {
                        collector.addMention(value)
                    }
                    collector.addMentions(in: value)
                }
            }
        }
    }

    /// Reads image candidates: `a.png 1x, b.png 2x` (HTML Living Standard section 4.8.4.2.1).
    private static func collectSourceSet(_ value: ArraySlice<UInt8>, into collector: inout ReferenceCollector)
    {
        var rest = value
        while true {
            rest = rest.drop { HTMLTokenizer.isSpace($0) || $0 == UInt8(ascii: ",") }
            guard !rest.isEmpty else { return }
            // Commas within a URL belong to it, a comma at its end ends the candidate.
            var url = rest.prefix { !HTMLTokenizer.isSpace($0) }
            rest = rest[url.endIndex...]
            let endsCandidate = url.last == UInt8(ascii: ",")
            while url.last == UInt8(ascii: ",") { url.removeLast() }
            collector.add(url)
            if !endsCandidate { rest = rest.drop { $0 != UInt8(ascii: ",") } }
        }
    }

    /// The value with `&amp;` read: the one character reference that URLs need.
    private static func withoutAmpersandReferences(_ value: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
        guard value.contains(UInt8(ascii: "&")) else { return value }
        var result: [UInt8] = []
        var rest = value
        while let byte = rest.first {
            result.append(byte)
            rest.removeFirst()
            if byte == UInt8(ascii: "&"), rest.starts(with: "amp;".utf8) { rest.removeFirst(4) }
        }
        return result[...]
    }
}

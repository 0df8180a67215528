internal import Bytes

/// One attribute of a start tag, by its place in the document.
struct HTMLAttribute {
    let name: Range<Int>
    /// The value without its quotes; empty when the attribute has none.
    let value: Range<Int>
    let isQuoted: Bool
}

/// What ``HTMLTokenizer`` finds in a document.
enum HTMLToken {
    /// A start tag, empty or not.
    case startTag(name: Range<Int>, attributes: [HTMLAttribute])
    /// The text of a `script` element.
    case script(Range<Int>)
    /// The text of a `style` element.
    case style(Range<Int>)
}

/// Finds the start tags of an HTML document: not in comments, not in the text of scripts, style sheets, titles
/// and the like (HTML Living Standard section 13.2.5).
///
/// Every byte is looked at a fixed number of times, whatever the document.
struct HTMLTokenizer {
    /// Attributes of one tag beyond this number are passed over.
    static let mostAttributes = 256

    private let html: [UInt8]
    private var position = 0
    /// The element whose start tag came last, when its content is text only.
    private var textElement: StaticString?

    private static let textElements: [StaticString] = [
        "script", "style", "textarea", "title", "xmp", "iframe", "noembed", "noframes",
    ]

    init(_ html: [UInt8]) {
        self.html = html
    }

    /// The next start tag or text, or `nil` at the end of the document.
    mutating func next() -> HTMLToken? {
        if let element = textElement {
            textElement = nil
            let text = takeText(of: element)
            if element.isEqual(to: "script") { return .script(text) }
            if element.isEqual(to: "style") { return .style(text) }
        }
        while let start = html.span.firstOffset(of: UInt8(ascii: "<"), from: position) {
            position = start + 1
            guard position < html.count else { return nil }
            switch html[position] {
            case UInt8(ascii: "!"): skipDeclaration()
            case UInt8(ascii: "?"): skip(past: ">")
            case UInt8(ascii: "/"): _ = takeTag()
            case let byte where ASCII.isLetter(byte):
                guard let tag = takeTag() else { continue }
                textElement = HTMLTokenizer.textElements.first { isNamed(tag.name, $0) }
                return .startTag(name: tag.name, attributes: tag.attributes)
            default: continue
            }
        }
        position = html.count
        return nil
    }

    /// Whether the name at `range` is `name`, without regard to case.
    func isNamed(_ range: Range<Int>, _ name: StaticString) -> Bool {
        html.span.extracting(range).equalsIgnoringCase(name)
    }

    /// The first of `attributes` with a name, as browsers choose.
    func attribute(_ name: StaticString, of attributes: [HTMLAttribute]) -> HTMLAttribute? {
        attributes.first { isNamed($0.name, name) }
    }

    /// Passes over a comment, a document type or a CDATA section.
    private mutating func skipDeclaration() {
        guard html[position...].starts(with: "!--".utf8) else { return skip(past: ">") }
        position += 3
        for empty in [">", "->"] where html[position...].starts(with: empty.utf8) {
            position += empty.utf8.count
            return
        }
        while let dash = html.span.firstOffset(of: UInt8(ascii: "-"), from: position) {
            position = dash + 1
            for end in ["->", "-!>"] where html[position...].starts(with: end.utf8) {
                position += end.utf8.count
                return
            }
        }
        position = html.count
    }

    private mutating func skip(past byte: Unicode.Scalar) {
        position = html.span.firstOffset(of: UInt8(ascii: byte), from: position).map { $0 + 1 } ?? html.count
    }

    /// Reads a tag from its name, or its slash, to its `>`.
    /// - Returns: `nil` when the document ends before.
    private mutating func takeTag() -> (name: Range<Int>, attributes: [HTMLAttribute])? {
        let name = take { !HTMLTokenizer.isSpace($0) && $0 != UInt8(ascii: ">") && $0 != UInt8(ascii: "/") }
        var attributes: [HTMLAttribute] = []
        while true {
            _ = take { HTMLTokenizer.isSpace($0) || $0 == UInt8(ascii: "/") }
            guard position < html.count else { return nil }
            if html[position] == UInt8(ascii: ">") {
                position += 1
                return (name, attributes)
            }
            let attribute = takeAttribute()
            if attributes.count < HTMLTokenizer.mostAttributes { attributes.append(attribute) }
        }
    }

    private mutating func takeAttribute() -> HTMLAttribute {
        let start = position
        // An equals sign in front is part of the name.
        position += 1
        _ = take {
            !HTMLTokenizer.isSpace($0) && $0 != UInt8(ascii: "=") && $0 != UInt8(ascii: ">")
                && $0 != UInt8(ascii: "/")
        }
        let name = start..<position
        _ = take(while: HTMLTokenizer.isSpace)
        guard position < html.count, html[position] == UInt8(ascii: "=") else {
            return HTMLAttribute(name: name, value: position..<position, isQuoted: false)
        }
        position += 1
        _ = take(while: HTMLTokenizer.isSpace)
        guard position < html.count,
            html[position] == UInt8(ascii: "\"") || html[position] == UInt8(ascii: "'")
        else {
            let value = take { !HTMLTokenizer.isSpace($0) && $0 != UInt8(ascii: ">") }
            return HTMLAttribute(name: name, value: value, isQuoted: false)
        }
        let quote = html[position]
        position += 1
        let end = html.span.firstOffset(of: quote, from: position) ?? html.count
        defer { position = min(end + 1, html.count) }
        return HTMLAttribute(name: name, value: position..<end, isQuoted: true)
    }

    private mutating func take(while condition: (UInt8) -> Bool) -> Range<Int> {
        let start = position
        while position < html.count, condition(html[position]) { position += 1 }
        return start..<position
    }

    /// The text up to the end tag of `element`, which stays to be read.
    private mutating func takeText(of element: StaticString) -> Range<Int> {
        let start = position
        while let less = html.span.firstOffset(of: UInt8(ascii: "<"), from: position) {
            position = less + 1
            let end = position + 1 + element.utf8CodeUnitCount
            guard end <= html.count, html[position] == UInt8(ascii: "/"), isNamed(position + 1..<end, element)
            else {
                continue
            }
            let after = end < html.count ? html[end] : UInt8(ascii: ">")
            if HTMLTokenizer.isSpace(after) || after == UInt8(ascii: ">") || after == UInt8(ascii: "/") {
                return start..<less
            }
        }
        position = html.count
        return start..<position
    }

    /// Whether `byte` is ASCII white space as HTML understands it.
    static func isSpace(_ byte: UInt8) -> Bool {
        byte == 0x20 || byte == 0x0a || byte == 0x09 || byte == 0x0d || byte == 0x0c
    }
}

extension StaticString {
    fileprivate func isEqual(to other: StaticString) -> Bool { description == other.description }
}

internal import Bytes

/// References of style sheets: `url()`, `@import`, and strings that may be files, as in `image-set()`
/// (CSS Syntax Level 3).
enum StyleReferences {
    static func collect(from css: ArraySlice<UInt8>, into collector: inout ReferenceCollector) {
        var scanner = StyleScanner(css)
        var isImport = false
        while let token = scanner.next() {
            switch token {
            case .importRule: isImport = true
            case .string(let text):
                if isImport { collector.add(text) } else { collector.addMention(text) }
                collector.addMentions(in: text[...])
                isImport = false
            case .url(let text):
                collector.add(text)
                collector.addMentions(in: text[...])
                isImport = false
            case .endOfRule: isImport = false
            }
        }
    }
}

/// Passes over everything of a style sheet that cannot refer to a file.
private struct StyleScanner {
    enum Token {
        case importRule
        case string([UInt8])
        case url([UInt8])
        case endOfRule
    }

    private let css: ArraySlice<UInt8>
    private var position: Int

    init(_ css: ArraySlice<UInt8>) {
        self.css = css
        position = css.startIndex
    }

    mutating func next() -> Token? {
        while position < css.endIndex {
            let byte = css[position]
            switch byte {
            case UInt8(ascii: "\""), UInt8(ascii: "'"):
                if let text = takeString() { return .string(text) }
            case UInt8(ascii: "/")
            where position + 1 < css.endIndex && css[position + 1] == UInt8(ascii: "*"):
                skipComment()
            case UInt8(ascii: ";"), UInt8(ascii: "{"), UInt8(ascii: "}"):
                position += 1
                return .endOfRule
            case UInt8(ascii: "@"):
                position += 1
                if takeName(is: "import") { return .importRule }
            case UInt8(ascii: "\\"):
                position = min(position + 2, css.endIndex)
            case _ where StyleScanner.isName(byte):
                if takeName(is: "url"), position < css.endIndex, css[position] == UInt8(ascii: "(") {
                    position += 1
                    if let url = takeURL() { return .url(url) }
                }
            default: position += 1
            }
        }
        return nil
    }

    /// Reads a name, and tells whether it is the one asked for.
    private mutating func takeName(is name: StaticString) -> Bool {
        let start = position
        while position < css.endIndex, StyleScanner.isName(css[position]) { position += 1 }
        let range = start - css.startIndex..<position - css.startIndex
        return css.span.extracting(range).equalsIgnoringCase(name)
    }

    private mutating func skipComment() {
        position += 2
        while let star = css[position...].firstIndex(of: UInt8(ascii: "*")) {
            position = star + 1
            if position < css.endIndex, css[position] == UInt8(ascii: "/") {
                position += 1
                return
            }
        }
        position = css.endIndex
    }

    /// Reads a string from its quote.
    /// - Returns: the text, or `nil` when the line ends first.
    private mutating func takeString() -> [UInt8]? {
        let quote = css[position]
        position += 1
        var text: [UInt8] = []
        while position < css.endIndex {
            let byte = css[position]
            if byte == UInt8(ascii: "\n") { return nil }
            position += 1
            if byte == quote { return text }
            if byte == UInt8(ascii: "\\") { takeEscape(into: &text) } else { text.append(byte) }
        }
        return nil
    }

    /// Reads what stands between the parentheses of `url()`.
    private mutating func takeURL() -> [UInt8]? {
        while position < css.endIndex, HTMLTokenizer.isSpace(css[position]) { position += 1 }
        guard position < css.endIndex else { return nil }
        if css[position] == UInt8(ascii: "\"") || css[position] == UInt8(ascii: "'") { return takeString() }
        var text: [UInt8] = []
        while position < css.endIndex {
            let byte = css[position]
            position += 1
            if byte == UInt8(ascii: ")") { return text }
            if byte == UInt8(ascii: "\\") { takeEscape(into: &text) } else { text.append(byte) }
        }
        return nil
    }

    /// Reads what follows a backslash.
    private mutating func takeEscape(into text: inout [UInt8]) {
        guard position < css.endIndex else { return }
        var value: UInt32 = 0
        var digits = 0
        while digits < 6, position < css.endIndex, let digit = ASCII.hexadecimalValue(css[position]) {
            value = value << 4 | UInt32(digit)
            digits += 1
            position += 1
        }
        if digits == 0 {
            if css[position] != UInt8(ascii: "\n") { text.append(css[position]) }
            position += 1
            return
        }
        text += Array(String(Unicode.Scalar(value).map(Character.init) ?? "\u{fffd}").utf8)
        if position < css.endIndex, HTMLTokenizer.isSpace(css[position]) { position += 1 }
    }

    private static func isName(_ byte: UInt8) -> Bool {
        ASCII.isLetter(byte) || ASCII.isDigit(byte) || byte == UInt8(ascii: "-") || byte == UInt8(ascii: "_")
            || byte >= 0x80
    }
}

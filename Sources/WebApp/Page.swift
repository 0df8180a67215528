internal import Bytes

/// The page of a build, `index.html`, as it is served.
public struct Page: Sendable {
    /// The page as it was published.
    public let html: [UInt8]

    /// Takes the content of `index.html`.
    public init(html: [UInt8]) {
        self.html = html
    }

    /// The stamp the page carries, or `nil` when it has none.
    public var buildID: String? { BuildIDMeta.read(from: html) }

    /// The page with its files addressed below the build that it belongs to.
    ///
    /// Values of `src` and `href` that begin with `assets/` or `./assets/` begin with `@<id>/assets/` afterwards.
    /// Only tags are changed, never comments, the text of scripts or the policy in a `meta` element (the hashes in
    /// it stay right); every other byte stays as it is.
    /// - Parameters:
    ///   - id: the build's identifier, without characters that mean something to HTML or a URL.
    ///   - exportsBaseURL: what the content of `<meta name="cellucid-exports-base-url">` becomes; `nil` leaves it
    ///     as it is, an empty text blanks it.
    /// - Returns: the page to serve.
    public func rewritten(id: String, exportsBaseURL: String? = nil) -> [UInt8] {
        precondition(
            !id.isEmpty && id.utf8.allSatisfy { ASCII.isLetter($0) || ASCII.isDigit($0) || $0 == 0x2d }
        )
        let folder = Array("@\(id)/assets/".utf8)
        let content = exportsBaseURL.map { Array("\"\(Page.escaped($0))\"".utf8) }
        var result: [UInt8] = []
        result.reserveCapacity(html.count + 8192)
        var copied = 0
        var tokenizer = HTMLTokenizer(html)
        while let token = tokenizer.next() {
            guard case .startTag(let tag, let attributes) = token else { continue }
            if let content, tokenizer.isNamed(tag, "meta"),
                let value = exportsBaseContent(attributes, tokenizer)
            {
                result += html[copied..<value.lowerBound] + content
                copied = value.upperBound
                continue
            }
            for attribute in attributes
            where tokenizer.isNamed(attribute.name, "src") || tokenizer.isNamed(attribute.name, "href") {
                guard let prefix = assetsPrefix(of: attribute.value) else { continue }
                result += html[copied..<prefix.lowerBound] + folder
                copied = prefix.upperBound
            }
        }
        return result + html[copied...]
    }

    /// Where the content is, with its quotes, when the attributes are those of the element for the exports.
    private func exportsBaseContent(_ attributes: [HTMLAttribute], _ tokenizer: HTMLTokenizer) -> Range<Int>?
    {
        guard let name = tokenizer.attribute("name", of: attributes),
            tokenizer.isNamed(name.value, "cellucid-exports-base-url"),
            let content = tokenizer.attribute("content", of: attributes)
        else { return nil }
        guard content.isQuoted else {
            // Without a value there is no place for one.
            return content.value.isEmpty ? nil : content.value
        }
        return content.value.lowerBound - 1..<content.value.upperBound + 1
    }

    /// The `assets/` or `./assets/` that a value begins with.
    private func assetsPrefix(of value: Range<Int>) -> Range<Int>? {
        var start = value.lowerBound
        while start < value.upperBound, HTMLTokenizer.isSpace(html[start]) { start += 1 }
        let url = html[start..<value.upperBound]
        for prefix in ["assets/", "./assets/"] where url.starts(with: prefix.utf8) {
            let end = start + prefix.utf8.count
            return start..<end
        }
        return nil
    }

    /// `text` for an attribute value in double quotes.
    private static func escaped(_ text: String) -> String {
        var result = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "&": result += "&amp;"
            case "\"": result += "&quot;"
            case "<": result += "&lt;"
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result
    }
}

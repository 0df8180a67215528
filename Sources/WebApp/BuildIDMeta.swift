internal import Bytes

/// The stamp that a page of the web app carries: `<meta name="cellucid-web-build-id" content="…">`.
public enum BuildIDMeta {
    /// The name of the element.
    static let name: StaticString = "cellucid-web-build-id"

    /// The longest stamp, in Unicode scalars; what is longer is cut.
    static let longest = 200

    /// Reads the stamp of a page.
    ///
    /// The first element that counts has its name, in any case, and its content between quotes of either kind, in
    /// either order, and content that is not empty. White space around the content is not part of the stamp.
    /// - Returns: 1 to 200 Unicode scalars, or `nil` when the page has no stamp.
    public static func read(from html: [UInt8]) -> String? {
        var tokenizer = HTMLTokenizer(html)
        while let token = tokenizer.next() {
            guard case .startTag(let tag, let attributes) = token, tokenizer.isNamed(tag, "meta"),
                let attribute = tokenizer.attribute("name", of: attributes), attribute.isQuoted,
                tokenizer.isNamed(attribute.value, name),
                let content = tokenizer.attribute("content", of: attributes), content.isQuoted
            else { continue }
            let scalars = String(decoding: html[content.value], as: UTF8.self).unicodeScalars
            let trimmed = scalars.drop(while: \.properties.isWhitespace).reversed()
                .drop(while: \.properties.isWhitespace).reversed()
            guard !trimmed.isEmpty else { continue }
            return String(String.UnicodeScalarView(trimmed.prefix(longest)))
        }
        return nil
    }
}

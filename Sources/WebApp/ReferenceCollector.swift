internal import Bytes

/// Collects what a file refers to, and leaves out what is not a file of the web app.
struct ReferenceCollector {
    /// The file that is read.
    let file: AssetPath
    private(set) var paths: [AssetPath] = []
    private(set) var certain: Set<AssetPath> = []
    private var known: Set<AssetPath> = []

    init(file: AssetPath) {
        self.file = file
    }

    /// Adds what the language calls a reference.
    /// - Parameters:
    ///   - url: the reference as it reads once the escapes of its language are gone.
    ///   - base: what relative references are relative to, if not the file.
    mutating func add(_ url: some Collection<UInt8>, relativeTo base: AssetPath? = nil) {
        guard let path = resolve(url, base ?? file) else { return }
        note(path)
        certain.insert(path)
    }

    /// Adds what may be a reference.
    mutating func addMention(_ url: some Collection<UInt8>, relativeTo base: AssetPath? = nil) {
        guard let path = resolve(url, base ?? file) else { return }
        note(path)
    }

    /// Adds every `assets/…` in a text, which is how scripts address files of the page that they run in.
    /// - Parameters:
    ///   - text: the text.
    ///   - isCutShort: whether more text follows that is not known.
    mutating func addMentions(in text: ArraySlice<UInt8>, isCutShort: Bool = false) {
        var position = text.startIndex
        while let found = ReferenceCollector.offset(of: "assets/", in: text, from: position) {
            let end = text[found...].firstIndex(where: ReferenceCollector.endsMention) ?? text.endIndex
            position = end
            if end == text.endIndex, isCutShort { return }
            if found > text.startIndex, ReferenceCollector.continuesName(text[found - 1]) { continue }
            var url = text[found..<end]
            while url.last == UInt8(ascii: ".") || url.last == UInt8(ascii: ":") { url.removeLast() }
            addMention(url, relativeTo: .index)
        }
    }

    private mutating func note(_ path: AssetPath) {
        if known.insert(path).inserted { paths.append(path) }
    }

    private func resolve(_ url: some Collection<UInt8>, _ base: AssetPath) -> AssetPath? {
        // Long before this there is a query, or it is data.
        guard url.count <= 16 * AssetPath.longest, let text = String(validating: url, as: UTF8.self),
            let path = AssetPath(url: text, base: base), path.isPartOfWebApp,
            let ending = path.fileExtension, AssetReferences.followedExtensions.contains(ending)
        else { return nil }
        return path
    }

    private static func offset(of word: StaticString, in text: ArraySlice<UInt8>, from start: Int) -> Int? {
        let span = text.span
        let length = word.utf8CodeUnitCount
        var offset = start - text.startIndex
        // The last character of the word is the rarest one.
        while let slash = span.firstOffset(of: UInt8(ascii: "/"), from: offset) {
            offset = slash + 1
            if offset >= length, span.extracting(offset - length..<offset).equals(word) {
                return text.startIndex + offset - length
            }
        }
        return nil
    }

    private static func endsMention(_ byte: UInt8) -> Bool {
        switch byte {
        case 0...0x20, 0x7f: true
        case UInt8(ascii: "\""), UInt8(ascii: "'"), UInt8(ascii: "`"), UInt8(ascii: "("), UInt8(ascii: ")"):
            true
        case UInt8(ascii: "<"), UInt8(ascii: ">"), UInt8(ascii: "["), UInt8(ascii: "]"): true
        case UInt8(ascii: "{"), UInt8(ascii: "}"), UInt8(ascii: "|"), UInt8(ascii: "\\"): true
        case UInt8(ascii: ","), UInt8(ascii: ";"), UInt8(ascii: "*"): true
        default: false
        }
    }

    private static func continuesName(_ byte: UInt8) -> Bool {
        ASCII.isLetter(byte) || ASCII.isDigit(byte) || byte == UInt8(ascii: "_") || byte == UInt8(ascii: "-")
    }
}

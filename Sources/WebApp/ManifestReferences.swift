/// References of JSON documents: the members `src`, as of the icons of `site.webmanifest`.
enum ManifestReferences {
    /// Reads every string.
    ///
    /// Nothing of a JSON document needs to exist for the app to run, so all are mentions.
    static func collect(from json: ArraySlice<UInt8>, into collector: inout ReferenceCollector) {
        var tokenizer = ScriptTokenizer(json)
        var isSource = false
        var isSourceName = false
        while let token = tokenizer.next() {
            switch token {
            case .string(let text):
                if isSource { collector.addMention(text) }
                collector.addMentions(in: text)
                isSourceName = text.elementsEqual("src".utf8)
                isSource = false
            case .punctuator(UInt8(ascii: ":")):
                isSource = isSourceName
            default:
                isSource = false
                isSourceName = false
            }
        }
    }
}

/// References of scripts, modules or not.
///
/// Found are the specifiers of `import`, `export … from` and `import()`, the URLs of
/// `new URL(…, import.meta.url)`, `import.meta.resolve()`, `importScripts()`, `new Worker()` and
/// `new SharedWorker()`, and every `assets/…` in a string or a template. Bare specifiers (`three`) are not files, and
/// names that are put together at run time are not known.
enum ScriptReferences {
    static func collect(from script: ArraySlice<UInt8>, into collector: inout ReferenceCollector) {
        var tokenizer = ScriptTokenizer(script)
        var tokens = RecentTokens()
        while let token = tokenizer.next() {
            switch token {
            case .string(let text): collector.addMentions(in: text)
            case .templatePart(let text, let isLast): collector.addMentions(in: text, isCutShort: !isLast)
            default: break
            }
            tokens.append(token)
            collect(endingWith: token, of: tokens, into: &collector)
        }
    }

    /// Looks for references whose last token is the last one of `tokens`.
    private static func collect(
        endingWith token: ScriptToken,
        of tokens: RecentTokens,
        into collector: inout ReferenceCollector
    ) {
        switch token {
        case .string(let specifier):
            if tokens[1].is(.from) || tokens[1].is(.import), !tokens[2].is(".") {
                addSpecifier(specifier, into: &collector)
            } else if tokens.isArgumentOfImportScripts {
                collector.add(specifier)
            }
        case .punctuator(UInt8(ascii: ")")), .punctuator(UInt8(ascii: ",")):
            guard let text = tokens[1].text, tokens[2].is("(") else { return }
            if tokens[3].is(.import), !tokens[4].is(".") {
                addSpecifier(text, into: &collector)
            } else if tokens[3].is(.resolve), tokens.isImportMeta(5), tokens[4].is(".") {
                addSpecifier(text, into: &collector)
            } else if tokens[3].is(.worker) || tokens[3].is(.sharedWorker) {
                // Relative to the page for scripts of the page, to the script itself for workers.
                collector.add(text, relativeTo: .index)
                collector.addMention(text)
            }
        case .word(.url):
            guard tokens[1].is("."), tokens.isImportMeta(2), tokens[5].is(","), let text = tokens[6].text,
                tokens[7].is("("), tokens[8].is(.urlClass)
            else { return }
            collector.add(text)
        default: break
        }
    }

    private static func addSpecifier(_ specifier: ArraySlice<UInt8>, into collector: inout ReferenceCollector)
    {
        guard ["./", "../", "/"].contains(where: { specifier.starts(with: $0.utf8) }) else { return }
        collector.add(specifier)
    }
}

/// The last tokens of a script.
private struct RecentTokens {
    private static let capacity = 16
    private var ring = [ScriptToken](repeating: .literal, count: capacity)
    private var count = 0
    /// Whether the last token is within the arguments of `importScripts`, which are strings and commas.
    private(set) var isArgumentOfImportScripts = false

    mutating func append(_ token: ScriptToken) {
        switch token {
        case .punctuator(UInt8(ascii: "(")): isArgumentOfImportScripts = self[0].is(.importScripts)
        case .string, .punctuator(UInt8(ascii: ",")): break
        default: isArgumentOfImportScripts = false
        }
        ring[count % RecentTokens.capacity] = token
        count += 1
    }

    /// The token at a distance from the last one.
    subscript(distance: Int) -> ScriptToken {
        precondition(distance < RecentTokens.capacity)
        return distance < count ? ring[(count - 1 - distance) % RecentTokens.capacity] : .literal
    }

    /// Whether `import.meta` ends at a distance from the last token.
    func isImportMeta(_ distance: Int) -> Bool {
        self[distance].is(.meta) && self[distance + 1].is(".") && self[distance + 2].is(.import)
    }
}

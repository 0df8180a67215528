/// A part of a script that matters to whoever looks for references.
enum ScriptToken {
    /// A name or a keyword; `nil` unless it is one of ``ScriptWord``.
    case word(ScriptWord?)
    /// A number, a regular expression or a string without an end.
    case literal
    /// A string, or a template without substitutions, with its escapes read.
    case string(ArraySlice<UInt8>)
    /// The text of a template before, between or after its substitutions.
    case templatePart(ArraySlice<UInt8>, isLast: Bool)
    /// Any other character; dots for `?.` too.
    case punctuator(UInt8)

    /// Whether this is the punctuator `character`.
    func `is`(_ character: Unicode.Scalar) -> Bool {
        if case .punctuator(let byte) = self { byte == UInt8(ascii: character) } else { false }
    }

    /// Whether this is `word`.
    func `is`(_ word: ScriptWord) -> Bool {
        if case .word(let own) = self { own == word } else { false }
    }

    /// The text of a string.
    var text: ArraySlice<UInt8>? {
        if case .string(let text) = self { text } else { nil }
    }
}

/// The names that references are made with, and the keywords that decide what a slash after them means.
enum ScriptWord: String, CaseIterable {
    case `import`, from, meta, url, resolve, new
    case urlClass = "URL"
    case importScripts
    case worker = "Worker"
    case sharedWorker = "SharedWorker"
    case `return`, `typeof`, `case`, `do`, `else`, `in`, instanceof, void, delete, `throw`, yield, await,
        extends
    case `if`, `while`, `for`, with

    /// Whether a value follows, so that a slash begins a regular expression.
    var expectsValue: Bool {
        switch self {
        case .new, .return, .typeof, .case, .do, .else, .in, .instanceof, .void, .delete, .throw, .yield,
            .await,
            .extends:
            true
        default: false
        }
    }

    /// Whether a statement follows the parenthesis that follows.
    var isControl: Bool {
        switch self {
        case .if, .while, .for, .with: true
        default: false
        }
    }

    static let longest = 13

    static let byName: [ArraySlice<UInt8>: ScriptWord] = Dictionary(
        uniqueKeysWithValues: allCases.map { (Array($0.rawValue.utf8)[...], $0) }
    )
}

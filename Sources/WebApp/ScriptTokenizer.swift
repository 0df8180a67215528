internal import Bytes

/// Splits a script into tokens (ECMAScript section 12), so that no string, template, regular expression or comment
/// is taken for something else.
///
/// What a slash means is decided by the token before it, as there is no parser. That is wrong only where a division
/// follows a closing brace, which no program needs. Every byte is looked at a bounded number of times, whatever the
/// script; nothing recurses.
struct ScriptTokenizer {
    private enum Nesting: UInt8 {
        case parenthesis, controlParenthesis, brace, substitution
    }

    private let script: ArraySlice<UInt8>
    private var position: Int
    private var nesting: [Nesting] = []
    /// Whether the token before ends a value: a slash would divide it.
    private var followsValue = false
    private var followsDot = false
    private var followsControlWord = false
    /// How many bytes may yet be looked at in vain for the end of a regular expression.
    private var regularExpressionAllowance: Int

    init(_ script: ArraySlice<UInt8>) {
        self.script = script
        position = script.startIndex
        regularExpressionAllowance = 4 * script.count
        if script.starts(with: [0xef, 0xbb, 0xbf]) { position += 3 }
        if script[position...].starts(with: "#!".utf8) { skipLine() }
    }

    /// The next token, or `nil` at the end.
    mutating func next() -> ScriptToken? {
        while position < script.endIndex {
            let byte = script[position]
            switch byte {
            case 0...0x20: position += 1
            case UInt8(ascii: "/"):
                if let token = takeSlash() { return token }
            case UInt8(ascii: "\""), UInt8(ascii: "'"): return takeString()
            case UInt8(ascii: "`"):
                position += 1
                return takeTemplate(isFirst: true)
            case UInt8(ascii: "0")...UInt8(ascii: "9"):
                _ = takeName()
                return value(.literal)
            case _ where ScriptTokenizer.isName(byte): return takeWord()
            default: return takePunctuator()
            }
        }
        return nil
    }

    // MARK: Names and punctuators

    private mutating func takeWord() -> ScriptToken {
        let name = takeName()
        let word = name.count <= ScriptWord.longest ? ScriptWord.byName[name] : nil
        let isProperty = followsDot
        followsDot = false
        followsControlWord = !isProperty && word?.isControl == true
        followsValue = isProperty || word?.expectsValue != true
        return .word(word)
    }

    private mutating func takeName() -> ArraySlice<UInt8> {
        let start = position
        while position < script.endIndex, ScriptTokenizer.isName(script[position]) { position += 1 }
        return script[start..<position]
    }

    private mutating func takePunctuator() -> ScriptToken {
        var byte = script[position]
        position += 1
        let wasControl = followsControlWord
        followsDot = false
        followsControlWord = false
        switch byte {
        case UInt8(ascii: "."):
            // A spread is no access to a property.
            if peek() == byte, peek(1) == byte {
                position += 2
                byte = UInt8(ascii: ",")
                followsValue = false
            } else {
                followsDot = true
            }
        case UInt8(ascii: "?"):
            followsValue = false
            if peek() == UInt8(ascii: "."), !(peek(1).map(ASCII.isDigit) ?? false) {
                position += 1
                byte = UInt8(ascii: ".")
                followsDot = true
            }
        case UInt8(ascii: "+"), UInt8(ascii: "-"):
            // After a value `++` belongs to it, otherwise to what follows.
            if peek() == byte { position += 1 } else { followsValue = false }
        case UInt8(ascii: "("):
            nesting.append(wasControl ? .controlParenthesis : .parenthesis)
            followsValue = false
        case UInt8(ascii: ")"):
            followsValue = true
            if let top = nesting.last, top == .parenthesis || top == .controlParenthesis {
                nesting.removeLast()
                followsValue = top == .parenthesis
            }
        case UInt8(ascii: "]"): followsValue = true
        case UInt8(ascii: "{"):
            nesting.append(.brace)
            followsValue = false
        case UInt8(ascii: "}"):
            followsValue = false
            while let top = nesting.popLast() {
                if top == .substitution { return takeTemplate(isFirst: false) }
                if top == .brace { break }
            }
        default: followsValue = false
        }
        return .punctuator(byte)
    }

    private func peek(_ distance: Int = 0) -> UInt8? {
        position + distance < script.endIndex ? script[position + distance] : nil
    }

    private mutating func value(_ token: ScriptToken) -> ScriptToken {
        followsValue = true
        followsDot = false
        followsControlWord = false
        return token
    }

    // MARK: Comments and regular expressions

    /// Reads what begins with a slash.
    /// - Returns: `nil` for a comment.
    private mutating func takeSlash() -> ScriptToken? {
        switch peek(1) {
        case UInt8(ascii: "/"):
            skipLine()
            return nil
        case UInt8(ascii: "*"):
            skipComment()
            return nil
        default:
            if !followsValue, let end = endOfRegularExpression() {
                position = end
                _ = takeName()
                return value(.literal)
            }
            return takePunctuator()
        }
    }

    private mutating func skipLine() {
        while let byte = peek(), byte != UInt8(ascii: "\n"), byte != UInt8(ascii: "\r") { position += 1 }
    }

    private mutating func skipComment() {
        position += 2
        while let star = script.span.firstOffset(of: UInt8(ascii: "*"), from: position - script.startIndex) {
            position = script.startIndex + star + 1
            if peek() == UInt8(ascii: "/") {
                position += 1
                return
            }
        }
        position = script.endIndex
    }

    /// Where the regular expression at the current position ends, or `nil` when its line ends before.
    private mutating func endOfRegularExpression() -> Int? {
        guard regularExpressionAllowance > 0 else { return nil }
        var index = position + 1
        var isInClass = false
        scan: while index < script.endIndex {
            switch script[index] {
            case UInt8(ascii: "\n"), UInt8(ascii: "\r"): break scan
            case UInt8(ascii: "\\"): index += 1
            case UInt8(ascii: "["): isInClass = true
            case UInt8(ascii: "]"): isInClass = false
            case UInt8(ascii: "/") where !isInClass: return index + 1
            default: break
            }
            index += 1
        }
        regularExpressionAllowance -= index - position
        return nil
    }

    // MARK: Strings and templates

    /// Reads a string from its quote to the quote that ends it; up to the end of the line it is none.
    private mutating func takeString() -> ScriptToken {
        let quote = script[position]
        position += 1
        let start = position
        var hasEscapes = false
        while let byte = peek(), byte != quote, byte != UInt8(ascii: "\n") {
            if byte == UInt8(ascii: "\\") {
                hasEscapes = true
                position = min(position + 2, script.endIndex)
            } else {
                position += 1
            }
        }
        let text = script[start..<position]
        guard peek() == quote else { return value(.literal) }
        position += 1
        return value(.string(hasEscapes ? ScriptEscapes.read(text) : text))
    }

    /// Reads a template from behind its backtick, or behind the brace that ends a substitution.
    private mutating func takeTemplate(isFirst: Bool) -> ScriptToken {
        let start = position
        var hasEscapes = false
        var isLast = true
        var end = script.endIndex
        scan: while let byte = peek() {
            switch byte {
            case UInt8(ascii: "`"):
                end = position
                position += 1
                break scan
            case UInt8(ascii: "$") where peek(1) == UInt8(ascii: "{"):
                end = position
                position += 2
                nesting.append(.substitution)
                isLast = false
                break scan
            case UInt8(ascii: "\\"):
                hasEscapes = true
                position = min(position + 2, script.endIndex)
            default: position += 1
            }
        }
        let text = hasEscapes ? ScriptEscapes.read(script[start..<end]) : script[start..<end]
        _ = value(.literal)
        followsValue = isLast
        return isFirst && isLast ? .string(text) : .templatePart(text, isLast: isLast)
    }

    /// Whether `byte` may be part of a name: whatever is not ASCII may.
    private static func isName(_ byte: UInt8) -> Bool {
        ASCII.isLetter(byte) || ASCII.isDigit(byte) || byte == UInt8(ascii: "_") || byte == UInt8(ascii: "$")
            || byte == UInt8(ascii: "#") || byte >= 0x80
    }
}

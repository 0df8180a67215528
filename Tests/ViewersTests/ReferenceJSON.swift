/// JSON as Python's `json.loads` takes it, checked one byte after the other: what the scanner is compared with.
struct ReferenceJSON {
    /// What is wrong with a text.
    struct Mistake: Error, Equatable {
        let problem: String
        let offset: Int
    }

    /// What is wrong with a text that is taken apart from its depth or a number's length.
    struct Limit: Error {}

    private let text: [UInt8]
    private var index = 0
    private(set) var hasNonFiniteNumbers = false
    /// Where the values of the outermost object are, by the names as they are written.
    private(set) var values: [String: Range<Int>] = [:]

    /// Checks a text.
    /// - Throws: `Mistake` or `Limit`.
    init(_ text: [UInt8]) throws {
        self.text = text
        skipWhitespace()
        try value(depth: 0)
        skipWhitespace()
        if index < text.count { throw Mistake(problem: "Extra data", offset: index) }
    }

    private var next: Unicode.Scalar? { index < text.count ? Unicode.Scalar(text[index]) : nil }

    private func mistake(_ problem: String, _ offset: Int) -> Mistake {
        Mistake(problem: problem, offset: offset)
    }

    private mutating func skipWhitespace() {
        while let next, next == " " || next == "\n" || next == "\r" || next == "\t" { index += 1 }
    }

    private mutating func skip(_ word: String) -> Bool {
        guard text[index...].starts(with: word.utf8) else { return false }
        index += word.utf8.count
        return true
    }

    private mutating func value(depth: Int) throws {
        if next == "\"" { return try string() }
        if next == "{" || next == "[" { return try container(depth: depth) }
        if skip("null") || skip("true") || skip("false") { return }
        if skip("NaN") || skip("Infinity") || skip("-Infinity") {
            hasNonFiniteNumbers = true
            return
        }
        try number()
    }

    private mutating func container(depth: Int) throws {
        if depth == 512 { throw Limit() }
        let isObject = next == "{"
        index += 1
        skipWhitespace()
        if next == (isObject ? "}" : "]") {
            index += 1
            return
        }
        while true {
            var name = ""
            if isObject {
                if next != "\"" { throw mistake("Expecting property name enclosed in double quotes", index) }
                let start = index + 1
                try string()
                name = String(decoding: text[start..<index - 1], as: UTF8.self)
                skipWhitespace()
                if next != ":" { throw mistake("Expecting ':' delimiter", index) }
                index += 1
                skipWhitespace()
            }
            let start = index
            try value(depth: depth + 1)
            if isObject && depth == 0 { values[name] = start..<index }
            skipWhitespace()
            if next == (isObject ? "}" : "]") {
                index += 1
                return
            }
            if next != "," { throw mistake("Expecting ',' delimiter", index) }
            index += 1
            skipWhitespace()
        }
    }

    private mutating func string() throws {
        let start = index
        index += 1
        while let next {
            if next == "\"" {
                index += 1
                return
            }
            if next == "\\" {
                if index + 1 == text.count { break }
                let escape = Unicode.Scalar(text[index + 1])
                if escape == "u" {
                    let digits = text[(index + 2)...].prefix(4)
                    let isValid =
                        digits.count == 4
                        && digits.allSatisfy { Unicode.Scalar($0).properties.isASCIIHexDigit }
                    if !isValid || index + 6 == text.count {
                        throw mistake("Invalid \\uXXXX escape", index + 1)
                    }
                    index += 6
                } else {
                    if !"\"\\/bfnrt".unicodeScalars.contains(escape) {
                        throw mistake("Invalid \\escape", index)
                    }
                    index += 2
                }
                continue
            }
            if text[index] < 0x20 { throw mistake("Invalid control character at", index) }
            index += 1
        }
        throw mistake("Unterminated string starting at", start)
    }

    private func digits(at place: Int) -> Int {
        text[min(place, text.count)...].prefix { 0x30...0x39 ~= $0 }.count
    }

    private mutating func number() throws {
        let start = index
        if next == "-" { index += 1 }
        let count = next == "0" ? 1 : digits(at: index)
        if count == 0 { throw mistake("Expecting value", start) }
        index += count
        var isInteger = true
        if next == ".", digits(at: index + 1) > 0 {
            index += 1 + digits(at: index + 1)
            isInteger = false
        }
        if next == "e" || next == "E" {
            let hasSign = index + 1 < text.count && (text[index + 1] == 0x2b || text[index + 1] == 0x2d)
            let first = index + (hasSign ? 2 : 1)
            if digits(at: first) > 0 {
                index = first + digits(at: first)
                isInteger = false
            }
        }
        if isInteger && count > 4300 { throw Limit() }
    }
}

/// Why the text of an event is not JSON that is taken.
public struct EventSyntaxError: Error, Equatable, CustomStringConvertible {
    /// Who refuses it: servers of 0.0.9 answer the kinds differently (contract 1.7).
    public enum Kind: Sendable, Equatable {
        /// It is not JSON.
        case syntax
        /// It is not UTF-8.
        case encoding
        /// It is JSON, but nested too deeply or with a number of too many digits, which Python refuses as well.
        case limit
    }

    /// Who refuses it.
    public let kind: Kind
    /// What is wrong and where, in the words of Python's `json` module: line and column count from 1, characters
    /// from 0.
    public let description: String

    init(_ kind: Kind, _ description: String) {
        self.kind = kind
        self.description = description
    }

    /// A mistake in the text before or at the byte `offset`.
    init(_ problem: String, at offset: Int, of text: Span<UInt8>) {
        var character = 0
        var line = 1
        var column = 1
        for index in 0..<min(offset, text.count) where text[index] & 0xc0 != 0x80 {
            character += 1
            column += 1
            if text[index] == UInt8(ascii: "\n") {
                line += 1
                column = 1
            }
        }
        self.init(.syntax, "\(problem): line \(line) column \(column) (char \(character))")
    }
}

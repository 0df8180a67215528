import Bytes

/// Walks once over the text of an event, checks that it is JSON as Python's `json.loads` takes it, and notes
/// where the values of the few members are that the gateway looks at.
///
/// Nothing is built on the way, and the stack does not grow with the depth of the text.
struct EventScanner: ~Copyable, ~Escapable {
    /// Where the value of a member is.
    struct Value {
        /// With its quotes if it is text; empty when there is no such member.
        var place = 0..<0
        /// Whether it is text with escapes.
        var hasEscapes = false
    }

    /// The most objects and arrays inside each other, the outermost included.
    static let mostDepth = 512

    private let lexer: EventLexer
    /// The kinds of open objects and arrays as ``valueEnd(from:)`` has them, of each 64th before the next is opened.
    private var outerKinds = InlineArray<8, UInt64>(repeating: 0)
    /// The values by the number of their member in ``EventMemberName``; the last of several of a name.
    private(set) var values = InlineArray<3, Value>(repeating: Value())
    private(set) var hasNonFiniteNumbers = false
    private(set) var isObject = false

    /// Begins before text that is known to be UTF-8.
    @_lifetime(copy text)
    init(_ text: Span<UInt8>) { lexer = EventLexer(text: text) }

    /// Walks over the whole text.
    mutating func scan() throws(EventSyntaxError) {
        let lexer = lexer
        if lexer.text.startsWith("\u{feff}") {
            throw lexer.problem("Unexpected UTF-8 BOM (decode using utf-8-sig)", 0)
        }
        var index = 0
        isObject = lexer.next(&index) == UInt8(ascii: "{")
        index = try valueEnd(from: index)
        _ = lexer.next(&index)
        guard index == lexer.text.count else { throw lexer.problem("Extra data", index) }
    }

    /// Walks over a value and everything in it.
    /// - Returns: where it ends.
    private mutating func valueEnd(from start: Int) throws(EventSyntaxError) -> Int {
        let lexer = lexer
        var index = start
        var depth = 0
        // Whether each of the innermost 64 open objects and arrays is an object, the innermost of all lowest.
        var kinds: UInt64 = 0
        var isInObject: Bool { kinds & 1 == 1 }
        // The member of the outermost object whose value is walked over, if it is one that is looked for.
        var member: EventMemberName?
        var memberStart = start
        while true {
            if isInObject {
                let name = try lexer.name(&index)
                if depth == 1 { (member, memberStart) = (EventMemberName(name, in: lexer), index) }
            }
            var hasEscapes = false
            let first = lexer.byte(at: index)
            if first == UInt8(ascii: "\"") {
                (index, hasEscapes) = try lexer.textEnd(from: index)
            } else if first == UInt8(ascii: "{") || first == UInt8(ascii: "[") {
                guard depth < Self.mostDepth else {
                    let reason = "more than \(Self.mostDepth) levels of objects and arrays"
                    throw EventSyntaxError(.limit, reason)
                }
                let isObject = first == UInt8(ascii: "{")
                index &+= 1
                if lexer.next(&index) != Self.end(isObject) {
                    if depth & 63 == 0 { outerKinds[depth >> 6] = kinds }
                    kinds = kinds &<< 1 | (isObject ? 1 : 0)
                    depth &+= 1
                    continue
                }
                index &+= 1
            } else {
                let end = isInObject || depth == 0 ? index : lexer.wholeNumbersEnd(from: index)
                if end > index {
                    index = end
                } else {
                    let (end, isFinite) = try lexer.scalarEnd(from: index)
                    index = end
                    if !isFinite { hasNonFiniteNumbers = true }
                }
            }
            // Behind a value: the ends of what it is the last of, up to the next value.
            while true {
                if depth <= 1 {
                    if depth == 0 { return index }
                    if let name = member {
                        values[name.rawValue] = Value(place: memberStart..<index, hasEscapes: hasEscapes)
                    }
                }
                let byte = lexer.next(&index)
                if byte == UInt8(ascii: ",") { break }
                guard byte == Self.end(isInObject) else {
                    throw lexer.problem("Expecting ',' delimiter", index)
                }
                index &+= 1
                depth &-= 1
                hasEscapes = false
                kinds = depth & 63 == 0 ? outerKinds[depth >> 6] : kinds &>> 1
            }
            index &+= 1
            _ = lexer.next(&index)
        }
    }

    private static func end(_ isObject: Bool) -> UInt8 { isObject ? UInt8(ascii: "}") : UInt8(ascii: "]") }
}

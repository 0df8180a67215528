/// The members of an event that the gateway looks at (contract 3.2).
enum EventMemberName: Int {
    case viewerID
    case type
    case viewerToken

    /// Which one a name is; `nil` for any other.
    @inline(__always)
    init?(_ name: EventLexer.Name, in lexer: EventLexer) {
        let member = name.hasEscapes ? Self.decoded(name, lexer) : Self.plain(name.place, lexer)
        guard let member else { return nil }
        self = member
    }

    @inline(__always)
    private static func plain(_ place: Range<Int>, _ lexer: EventLexer) -> Self? {
        let start = place.lowerBound
        // Eight characters are a word, the first one lowest.
        switch place.count {
        case 4 where lexer.word(from: start) & 0xffff_ffff == 0x6570_7974: return .type
        case 8 where lexer.word(from: start) == 0x6449_7265_7765_6976: return .viewerID
        case 11
        where lexer.word(from: start) == 0x6f54_7265_7765_6976
            && lexer.word(from: start + 3) == 0x6e65_6b6f_5472_6577:
            return .viewerToken
        default: return nil
        }
    }

    @inline(never)
    private static func decoded(_ name: EventLexer.Name, _ lexer: EventLexer) -> Self? {
        guard let characters = EventString.decoded(lexer.text.extracting(name.place)) else { return nil }
        return plain(0..<characters.count, EventLexer(text: characters.span))
    }
}

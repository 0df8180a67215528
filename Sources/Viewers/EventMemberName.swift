import Bytes

/// The members of an event that the gateway looks at (contract 3.2).
enum EventMemberName: Int {
    case viewerID
    case type
    case viewerToken

    /// Which one a name is; `nil` for any other.
    @inline(__always)
    init?(_ name: EventLexer.Name, in lexer: EventLexer) {
        let text = lexer.text.extracting(name.place)
        let member = name.hasEscapes ? Self.decoded(text) : Self.plain(text)
        guard let member else { return nil }
        self = member
    }

    @inline(__always)
    private static func plain(_ name: Span<UInt8>) -> Self? {
        switch name.count {
        case 4 where name.equals("type"): .type
        case 8 where name.equals("viewerId"): .viewerID
        case 11 where name.equals("viewerToken"): .viewerToken
        default: nil
        }
    }

    @inline(never)
    private static func decoded(_ name: Span<UInt8>) -> Self? {
        EventString.decoded(name).flatMap { plain($0.span) }
    }
}

import Bytes

/// What the gateway has to know of an event before it passes the text on as it is (contract 3.2).
public struct EventEnvelope: Sendable, Equatable {
    /// A member of the event.
    public enum Member: Sendable, Equatable {
        /// It is not there.
        case missing
        /// Its value counts as none in Python: `""`, `0` in any form, `null`, `false`, `[]`, `{}`.
        case empty
        /// Text of at least one character, in UTF-8.
        case text([UInt8])
        /// Another number, `true`, or text with half a surrogate pair: it can be the name of nothing.
        case other
        /// An array or object with something in it, which Python cannot look up.
        case container

        /// The UTF-8 of the text, if it is such.
        public var utf8: [UInt8]? {
            if case .text(let text) = self { return text }
            return nil
        }
    }

    /// Whether the event is an object; if not, all members are missing.
    public let isObject: Bool
    /// `viewerId`, of several the last one, as for all members.
    public let viewerID: Member
    /// Whether its `type` is `hover`.
    public let isHover: Bool
    /// Whether it has a `viewerToken`, whatever that is.
    public let hasViewerToken: Bool
    /// Whether it has a `NaN`, `Infinity` or `-Infinity`, which Python takes but RFC 8259 does not know.
    public let hasNonFiniteNumbers: Bool

    /// Reads an event of up to any length, whoever sent it.
    /// - Throws: `EventSyntaxError` when Python's `json.loads` would not take it, or it is nested more than 512
    ///   levels deep.
    public init(_ json: Span<UInt8>) throws(EventSyntaxError) {
        guard (try? UTF8Span(validating: json)) != nil else {
            throw EventSyntaxError(.encoding, "the text is not UTF-8")
        }
        var scanner = EventScanner(json)
        try scanner.scan()
        isObject = scanner.isObject
        hasNonFiniteNumbers = scanner.hasNonFiniteNumbers
        viewerID = Self.member(.viewerID, scanner, json)
        isHover = Self.isHover(scanner, json)
        hasViewerToken = !scanner.values[EventMemberName.viewerToken.rawValue].place.isEmpty
    }

    /// The event as JSON that every client takes: non-finite numbers become `null`, all else stays.
    /// - Parameter json: text that an envelope was made of.
    /// - Returns: the same text when there are none.
    public static func replacingNonFiniteNumbers(in json: Span<UInt8>) -> [UInt8] {
        var result: [UInt8] = []
        result.reserveCapacity(json.count)
        var index = 0
        var isInString = false
        while index < json.count {
            let byte = json[index]
            if isInString {
                let count = byte == UInt8(ascii: "\\") ? 2 : 1
                for place in index..<min(index + count, json.count) { result.append(json[place]) }
                index += count
                isInString = byte != UInt8(ascii: "\"")
                continue
            }
            if let count = nonFiniteLength(json.extracting(index...)) {
                result += Array("null".utf8)
                index += count
                continue
            }
            isInString = byte == UInt8(ascii: "\"")
            result.append(byte)
            index += 1
        }
        return result
    }

    private static func nonFiniteLength(_ text: Span<UInt8>) -> Int? {
        switch text[0] {
        case UInt8(ascii: "N"): 3
        case UInt8(ascii: "I"): 8
        case UInt8(ascii: "-") where text.count > 1 && text[1] == UInt8(ascii: "I"): 9
        default: nil
        }
    }

    private static func isHover(_ scanner: borrowing EventScanner, _ json: Span<UInt8>) -> Bool {
        let value = scanner.values[EventMemberName.type.rawValue]
        // The usual way to write it, or with escapes.
        if !value.hasEscapes { return json.extracting(value.place).equals("\"hover\"") }
        return member(.type, scanner, json) == .text(Array("hover".utf8))
    }

    private static func member(
        _ name: EventMemberName,
        _ scanner: borrowing EventScanner,
        _ json: Span<UInt8>
    ) -> Member {
        let (place, hasEscapes) = (
            scanner.values[name.rawValue].place, scanner.values[name.rawValue].hasEscapes
        )
        if place.isEmpty { return .missing }
        let value = json.extracting(place)
        switch value[0] {
        case UInt8(ascii: "\""):
            guard value.count > 2 else { return .empty }
            let content = value.extracting(1..<value.count - 1)
            if !hasEscapes { return .text(content.copied()) }
            return EventString.decoded(content).map { .text($0) } ?? .other
        case UInt8(ascii: "["), UInt8(ascii: "{"):
            for index in 1..<value.count - 1 where value[index] > 0x20 { return .container }
            return .empty
        case UInt8(ascii: "n"), UInt8(ascii: "f"):
            return .empty
        case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"):
            // Also what is too small for a number of Python is none.
            return Double(value.text()) == 0 ? .empty : .other
        default:
            return .other
        }
    }
}

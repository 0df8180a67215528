import Bytes
import HTTP

/// The parameters of a query, `name=value&…`, as forms send them and `parse_qs` of Python reads them
/// (URL Standard, 5.1): percent-encoded, with `+` for a space.
struct QueryParameters {
    private var pairs: [(name: String, value: String)] = []

    /// Reads the query of a request; empty without one.
    init(_ request: RequestHead) {
        guard let query = request.query() else { return }
        for part in query.copied().split(separator: UInt8(ascii: "&")) {
            let sides = part.split(
                separator: UInt8(ascii: "="),
                maxSplits: 1,
                omittingEmptySubsequences: false
            )
            guard let name = Self.decoded(sides[0]) else { continue }
            guard let value = sides.count > 1 ? Self.decoded(sides[1]) : "" else { continue }
            pairs.append((name, value))
        }
    }

    /// The value of a parameter; the first one counts (contract 1.8), and an empty one is none.
    subscript(name: String) -> String? {
        pairs.first { $0.name == name && !$0.value.isEmpty }?.value
    }

    private static func decoded(_ text: ArraySlice<UInt8>) -> String? {
        let spaced = text.map { $0 == UInt8(ascii: "+") ? 0x20 : $0 }
        var bytes: [UInt8] = []
        guard PercentCoding.decode(spaced.span, into: &bytes) else { return nil }
        return String(decoding: bytes, as: UTF8.self)
    }
}

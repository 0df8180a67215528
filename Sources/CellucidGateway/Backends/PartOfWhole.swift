import Bytes
import HTTP
import Server

/// A part of an answer that is there whole, for backends that do not know ranges (contract of the Cellucid servers,
/// 7.4.5).
enum PartOfWhole {
    /// Answers a request for one range with that range, and says that ranges are possible.
    ///
    /// Several ranges, and those that depend on a validator, get the whole, as RFC 9110 section 14.2 allows.
    static func answer(_ exchange: Exchange, _ head: ResponseHead, _ content: FileContent) {
        let request = exchange.request
        let response = exchange.response
        guard request.method == .get || request.method == .head, !head.has(.contentEncoding),
            !head.has(.acceptRanges)
        else { return }
        response.fields.add("Accept-Ranges", "bytes")
        guard request.method == .get, request.count(of: .range) == 1, request.count(of: .ifRange) == 0,
            let value = request.value(.range)
        else { return }
        switch ByteRange.parse(value, size: content.size, maximumRanges: 1) {
        case .single(let range):
            response.status = .partialContent
            response.fields.addContentRange(range, size: content.size)
            response.body = content.body(range)
        case .unsatisfiable:
            // The fields of the whole, how long it may be kept among them, are not for an error.
            response.reset()
            response.fields.add("Accept-Ranges", "bytes")
            response.fields.addContentRange(nil, size: content.size)
            exchange.answer(.rangeNotSatisfiable, "The file has \(content.size) bytes.")
        case .whole, .multiple: return
        }
    }
}

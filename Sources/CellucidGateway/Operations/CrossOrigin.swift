import Bytes
import HTTP
import Server

/// Which other origins may read answers, and the fields that say so (contract of the Cellucid servers, "Origin
/// rule" and "Headers on every response").
enum CrossOrigin {
    /// Adds the fields that every answer carries, whatever its origin.
    static func addFixedFields(to list: ResponseFields) {
        list.add("Access-Control-Allow-Methods", "GET, HEAD, POST, OPTIONS")
        list.add("Access-Control-Allow-Headers", "Content-Type, Range, If-Match, If-None-Match, If-Range")
        list.add(
            "Access-Control-Expose-Headers",
            "Accept-Ranges, Content-Encoding, Content-Length, Content-Range, ETag"
        )
    }

    /// The lines of ``addFixedFields(to:)`` behind `Vary: Origin`, for answers that are made anew each time.
    static let fixedBlock: [UInt8] = {
        let fields = ResponseFields()
        fields.add("Vary", "Origin")
        addFixedFields(to: fields)
        return fields.block.copied()
    }()

    /// Adds what depends on the request's origin.
    ///
    /// `Vary: Origin` is among the fields of each answer already.
    static func addFields(for request: RequestHead, to list: ResponseFields) {
        guard request.count(of: .origin) == 1, let origin = request.value(.origin), isAllowed(origin) else {
            return
        }
        list.add("Access-Control-Allow-Origin", origin)
    }

    /// Whether pages of `origin` may read answers: pages on loopback names and the hosted viewer.
    static func isAllowed(_ origin: Span<UInt8>) -> Bool {
        guard let parts = OriginParts(origin) else { return false }
        let host = origin.extracting(parts.host)
        if host.equalsIgnoringCase("localhost") || host.equals("127.0.0.1") { return true }
        guard parts.isSecure else { return false }
        let suffix: StaticString = ".cellucid.com"
        if host.equalsIgnoringCase("cellucid.com") { return true }
        let length = suffix.utf8CodeUnitCount
        return host.count > length
            && host.extracting((host.count - length)..<host.count).equalsIgnoringCase(suffix)
    }

    /// Whether a request that changes something may come from where it says it comes from: no browser page, a
    /// page of this gateway, or one of an allowed origin.
    ///
    /// This stops forged cross-site posts.
    static func mayChangeState(_ request: RequestHead) -> Bool {
        guard request.count(of: .origin) > 0 else { return true }
        guard request.count(of: .origin) == 1, let origin = request.value(.origin) else { return false }
        if isAllowed(origin) { return true }
        guard let authority = request.authority(), origin.count > authority.count + 3 else { return false }
        let scheme = origin.extracting(0..<(origin.count - authority.count))
        return (scheme.equals("http://") || scheme.equals("https://"))
            && origin.extracting(scheme.count..<origin.count).equals(authority)
    }
}

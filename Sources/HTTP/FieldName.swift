import Bytes

/// The fields that this program looks at, of requests and of answers, so that a lookup is an index and not a search.
public enum FieldName: UInt8, Sendable, CaseIterable {
    case accept, acceptEncoding, acceptRanges, accessControlRequestHeaders, accessControlRequestMethod
    case accessControlRequestPrivateNetwork, authorization, cacheControl, connection, contentEncoding
    case contentLength, contentType, cookie, date, expect, forwarded, host, http2Settings, ifMatch
    case ifModifiedSince, ifNoneMatch, ifRange, ifUnmodifiedSince, keepAlive, lastEventID, location
    case origin, priority, proxyAuthenticate, proxyAuthenticationInfo, proxyAuthorization
    case proxyConnection, range, referer, retryAfter, server, te, trailer, transferEncoding, upgrade
    case userAgent, vary, via, xForwardedFor, xForwardedHost, xForwardedProto, xRealIP

    /// The name in lower case.
    public var text: StaticString {
        switch self {
        case .accept: "accept"
        case .acceptEncoding: "accept-encoding"
        case .acceptRanges: "accept-ranges"
        case .accessControlRequestHeaders: "access-control-request-headers"
        case .accessControlRequestMethod: "access-control-request-method"
        case .accessControlRequestPrivateNetwork: "access-control-request-private-network"
        case .authorization: "authorization"
        case .cacheControl: "cache-control"
        case .connection: "connection"
        case .contentEncoding: "content-encoding"
        case .contentLength: "content-length"
        case .contentType: "content-type"
        case .cookie: "cookie"
        case .date: "date"
        case .expect: "expect"
        case .forwarded: "forwarded"
        case .host: "host"
        case .http2Settings: "http2-settings"
        case .ifMatch: "if-match"
        case .ifModifiedSince: "if-modified-since"
        case .ifNoneMatch: "if-none-match"
        case .ifRange: "if-range"
        case .ifUnmodifiedSince: "if-unmodified-since"
        case .keepAlive: "keep-alive"
        case .lastEventID: "last-event-id"
        case .location: "location"
        case .origin: "origin"
        case .priority: "priority"
        case .proxyAuthenticate: "proxy-authenticate"
        case .proxyAuthenticationInfo: "proxy-authentication-info"
        case .proxyAuthorization: "proxy-authorization"
        case .proxyConnection: "proxy-connection"
        case .range: "range"
        case .referer: "referer"
        case .retryAfter: "retry-after"
        case .server: "server"
        case .te: "te"
        case .trailer: "trailer"
        case .transferEncoding: "transfer-encoding"
        case .upgrade: "upgrade"
        case .userAgent: "user-agent"
        case .vary: "vary"
        case .via: "via"
        case .xForwardedFor: "x-forwarded-for"
        case .xForwardedHost: "x-forwarded-host"
        case .xForwardedProto: "x-forwarded-proto"
        case .xRealIP: "x-real-ip"
        }
    }

    /// Its place in a set of names that is a word; there are at most 64.
    var bit: UInt64 { 1 &<< UInt64(rawValue) }

    /// The known names by their lengths, so that recognising one compares a few candidates.
    private struct Candidates {
        static let mostBytes = 40
        /// All names, shortest first.
        var names = InlineArray<64, FieldName>(repeating: .te)
        /// Their first letters, which tell most of those of a length apart.
        var letters = InlineArray<64, UInt8>(repeating: 0)
        /// Where those of each length begin.
        var starts = InlineArray<42, UInt8>(repeating: 0)

        init() {
            var count = 0
            for length in 0...Self.mostBytes {
                starts[length] = UInt8(count)
                for name in FieldName.allCases where name.text.utf8CodeUnitCount == length {
                    names[count] = name
                    letters[count] = unsafe name.text.utf8Start[0]
                    count += 1
                }
            }
            starts[Self.mostBytes + 1] = UInt8(count)
            precondition(count == FieldName.allCases.count, "a name is longer than the table")
        }
    }

    private static let candidates = Candidates()

    /// Recognises a name without regard to case (RFC 9110 section 5.1); `nil` for one that is not listed here.
    init?(_ name: Span<UInt8>) {
        let length = name.count
        guard length > 0, length <= Candidates.mostBytes else { return nil }
        let letter = ASCII.lowercased(name[0])
        for index in Int(Self.candidates.starts[length])..<Int(Self.candidates.starts[length + 1]) {
            guard Self.candidates.letters[index] == letter else { continue }
            let candidate = Self.candidates.names[index]
            if name.equalsIgnoringCase(candidate.text) {
                self = candidate
                return
            }
        }
        return nil
    }
}

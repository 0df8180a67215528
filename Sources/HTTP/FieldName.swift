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
    @inline(__always)
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

    /// Recognises a name without regard to case (RFC 9110 section 5.1); `nil` for one that is not listed here.
    init?(_ name: Span<UInt8>) { self.init(in: name, 0..<name.count) }

    /// Recognises the name in a part of `bytes`; with more behind it, words can be read that are not all of the name.
    @inline(__always)
    init?(in bytes: Span<UInt8>, _ range: Range<Int>) {
        guard let name = FoldedName(in: bytes, range), let known = Self.known(name) else { return nil }
        // Those of three words and more, which are rare, were compared in their first and last ones only.
        guard range.count <= 16 || bytes.extracting(range).equalsIgnoringCase(known.text) else { return nil }
        self = known
    }

    /// The known names by their lengths.
    @inline(__always)
    private static func known(_ name: FoldedName) -> FieldName? {
        switch name.length {
        case 2: name.oneOf(.te)
        case 3: name.oneOf(.via)
        case 4: name.oneOf(.host, .date, .vary)
        case 5: name.oneOf(.range)
        case 6: name.oneOf(.accept, .server, .cookie, .origin, .expect)
        case 7: name.oneOf(.referer, .upgrade, .trailer)
        case 8: name.oneOf(.location, .priority, .ifRange, .ifMatch)
        case 9: name.oneOf(.xRealIP, .forwarded)
        case 10: name.oneOf(.connection, .userAgent, .keepAlive)
        case 11: name.oneOf(.retryAfter)
        case 12: name.oneOf(.contentType)
        case 13: name.oneOf(.acceptRanges, .cacheControl, .ifNoneMatch, .authorization, .lastEventID)
        case 14: name.oneOf(.contentLength, .http2Settings)
        case 15: name.oneOf(.acceptEncoding, .xForwardedFor)
        case 16: name.oneOf(.contentEncoding, .xForwardedHost, .proxyConnection)
        case 17: name.oneOf(.transferEncoding, .ifModifiedSince, .xForwardedProto)
        case 18: name.oneOf(.proxyAuthenticate)
        case 19: name.oneOf(.ifUnmodifiedSince, .proxyAuthorization)
        case 25: name.oneOf(.proxyAuthenticationInfo)
        case 29: name.oneOf(.accessControlRequestMethod)
        case 30: name.oneOf(.accessControlRequestHeaders)
        case 38: name.oneOf(.accessControlRequestPrivateNetwork)
        default: nil
        }
    }
}

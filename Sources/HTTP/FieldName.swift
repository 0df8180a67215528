import Bytes

/// The request fields that this server looks at, so that a lookup is an index and not a search.
public enum FieldName: UInt8, Sendable, CaseIterable {
    case accept, acceptEncoding, accessControlRequestHeaders, accessControlRequestMethod
    case accessControlRequestPrivateNetwork, authorization, connection, contentLength, contentType, cookie
    case expect, forwarded, host, ifMatch, ifModifiedSince, ifNoneMatch, ifRange, ifUnmodifiedSince
    case keepAlive, lastEventID, origin, priority, range, referer, te, trailer, transferEncoding, upgrade
    case userAgent, via, xForwardedFor, xForwardedHost, xForwardedProto, xRealIP

    /// The name in lower case.
    public var text: StaticString {
        switch self {
        case .accept: "accept"
        case .acceptEncoding: "accept-encoding"
        case .accessControlRequestHeaders: "access-control-request-headers"
        case .accessControlRequestMethod: "access-control-request-method"
        case .accessControlRequestPrivateNetwork: "access-control-request-private-network"
        case .authorization: "authorization"
        case .connection: "connection"
        case .contentLength: "content-length"
        case .contentType: "content-type"
        case .cookie: "cookie"
        case .expect: "expect"
        case .forwarded: "forwarded"
        case .host: "host"
        case .ifMatch: "if-match"
        case .ifModifiedSince: "if-modified-since"
        case .ifNoneMatch: "if-none-match"
        case .ifRange: "if-range"
        case .ifUnmodifiedSince: "if-unmodified-since"
        case .keepAlive: "keep-alive"
        case .lastEventID: "last-event-id"
        case .origin: "origin"
        case .priority: "priority"
        case .range: "range"
        case .referer: "referer"
        case .te: "te"
        case .trailer: "trailer"
        case .transferEncoding: "transfer-encoding"
        case .upgrade: "upgrade"
        case .userAgent: "user-agent"
        case .via: "via"
        case .xForwardedFor: "x-forwarded-for"
        case .xForwardedHost: "x-forwarded-host"
        case .xForwardedProto: "x-forwarded-proto"
        case .xRealIP: "x-real-ip"
        }
    }

    /// The known names of each length, so that recognising a name compares one or two candidates.
    private static let byLength: [[FieldName]] = {
        var table = [[FieldName]](repeating: [], count: 40)
        for name in allCases { table[name.text.utf8CodeUnitCount].append(name) }
        return table
    }()

    /// Recognises a name without regard to case (RFC 9110 section 5.1); `nil` for one that is not listed here.
    init?(_ name: Span<UInt8>) {
        guard name.count < 40 else { return nil }
        for candidate in Self.byLength[name.count] where name.equalsIgnoringCase(candidate.text) {
            self = candidate
            return
        }
        return nil
    }
}

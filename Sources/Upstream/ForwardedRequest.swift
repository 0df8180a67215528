public import Bytes
public import HTTP

/// A request as it goes on to an upstream: written anew from what was understood of it, never the bytes that came.
public struct ForwardedRequest: ~Copyable {
    /// How the body is delimited for the upstream.
    public enum Framing: Equatable, Sendable {
        /// There is none, and no length.
        case none
        /// It has that many bytes, which may be none.
        case length(UInt64)
        /// In chunks, for upstreams of HTTP/1.1.
        case chunked
    }

    /// The method's name; `nil` for that of the request.
    public var methodName: StaticString?
    /// What the target begins with: the upstream's path of what the client sees below its mount.
    public var targetPrefix: [UInt8] = [UInt8(ascii: "/")]
    /// Bytes of the request's decoded path that the prefix takes the place of.
    public var pathStart = 0
    /// How the body is delimited.
    public var framing = Framing.none
    /// Whether the upstream is to close the connection after its answer.
    public var closesConnection = false
    /// Whether the connection is to become something else (RFC 9110 section 7.8): the Upgrade field goes on.
    public var upgrades = false
    /// Whether the page that asks is one that the gateway vouches for: then the upstream sees its own origin, which it
    /// accepts; otherwise that of the page, to judge for itself.
    public var isOriginTrusted = true
    /// The numeric address at the other end of the client's connection, for the X-Forwarded-For field; `nil` when it is not
    /// known, then there is no such field.
    public var clientAddress: String?
    /// Whether what the client says about where the request came from is believed: it is a proxy of ours.
    public var isFromTrustedProxy = false
    /// Who passes it on, as the Via field names it.
    public var via: [UInt8]

    /// Describes a request without a body.
    /// - Parameter via: the pseudonym for the Via field (RFC 9110 section 7.6.3), a token.
    public init(via: [UInt8]) { self.via = via }

    /// Appends the head.
    ///
    /// The fields for one connection only do not go on, nor do Expect, which has been dealt with, and Referer, which can
    /// hold a viewer's secret. Host and Origin are the upstream's own, as it would refuse others. X-Forwarded-For ends with
    /// ``clientAddress``; what stands before it, and the other fields about the way of the request, only trusted proxies say.
    /// - Parameters:
    ///   - request: what the client sent.
    ///   - origin: the upstream.
    ///   - buffer: gets the head.
    public func write(_ request: RequestHead, to origin: Origin, into buffer: ByteBuffer) {
        if let methodName { buffer.append(methodName) } else { buffer.append(request.methodName) }
        buffer.append(" ")
        buffer.append(targetPrefix)
        buffer.append(request.targetSuffix(behind: pathStart))
        buffer.append(" HTTP/1.1\r\nHost: ")
        buffer.append(origin.authority)
        buffer.append("\r\n")
        if request.has(.cookie) { request.combineLines(of: .cookie) }
        var hasCookie = false
        let namesFields = request.namesConnectionFields
        for index in 0..<request.fieldCount {
            let known = request.knownName(at: index)
            if request.isHopByHop(at: index, namesFields: namesFields) { continue }
            switch known {
            case .host, .contentLength, .expect, .referer, .priority, .via, .http2Settings: continue
            case .forwarded, .xForwardedFor, .xRealIP: continue
            case .xForwardedHost where !isFromTrustedProxy: continue
            case .xForwardedProto where !isFromTrustedProxy: continue
            // RFC 9110 section 14.2: only GET has ranges, and the client's method is another.
            case .range where methodName != nil: continue
            case .ifRange where methodName != nil: continue
            case .origin where isOriginTrusted:
                buffer.append(name: request.name(at: index), value: Array(origin.webOrigin.utf8).span)
                continue
            case .cookie:
                if !hasCookie, let value = request.value(.cookie) {
                    buffer.append(name: request.name(at: index), value: value)
                }
                hasCookie = true
                continue
            default: break
            }
            request.copyLine(at: index, to: buffer)
        }
        writeVia(request, buffer)
        writeForwardedFor(request, buffer)
        switch framing {
        case .none: break
        case .length(let length):
            buffer.append("Content-Length: ")
            buffer.append(decimal: length)
            buffer.append("\r\n")
        case .chunked: buffer.append("Transfer-Encoding: chunked\r\n")
        }
        if upgrades, let value = request.value(.upgrade) {
            buffer.append("Connection: Upgrade\r\nUpgrade: ")
            buffer.append(value)
            buffer.append("\r\n")
        } else if closesConnection {
            buffer.append("Connection: close\r\n")
        }
        buffer.append("\r\n")
    }

    /// Whether a request has been passed on by this program before: then it would go round in circles.
    public func isLoop(_ request: RequestHead) -> Bool {
        guard request.has(.via) else { return false }
        for index in 0..<request.fieldCount where request.knownName(at: index) == .via {
            if names(request.value(at: index)) { return true }
        }
        return false
    }

    private func names(_ value: Span<UInt8>) -> Bool {
        guard value.count >= via.count else { return false }
        for start in 0...(value.count - via.count)
        where value.extracting(start..<(start + via.count)).equals(via.span) { return true }
        return false
    }

    private func writeForwardedFor(_ request: RequestHead, _ buffer: ByteBuffer) {
        guard let clientAddress else { return }
        buffer.append("X-Forwarded-For: ")
        if isFromTrustedProxy, request.has(.xForwardedFor) {
            for index in 0..<request.fieldCount where request.knownName(at: index) == .xForwardedFor {
                buffer.append(request.value(at: index))
                buffer.append(", ")
            }
        }
        buffer.append(clientAddress)
        buffer.append("\r\n")
    }

    private func writeVia(_ request: RequestHead, _ buffer: ByteBuffer) {
        buffer.append("Via: ")
        if request.has(.via) {
            for index in 0..<request.fieldCount where request.knownName(at: index) == .via {
                buffer.append(request.value(at: index))
                buffer.append(", ")
            }
        }
        switch request.version {
        case .http10: buffer.append("1.0 ")
        case .http11: buffer.append("1.1 ")
        case .http2: buffer.append("2 ")
        }
        buffer.append(via)
        buffer.append("\r\n")
    }
}

import Bytes
import HTTP
import Server
import Upstream

/// The fields of a backend's answer as they go to the client.
struct AnswerFields {
    private let head: ResponseHead
    private let mount: MountedBackend
    private let basePath: [UInt8]

    /// - Parameters:
    ///   - head: what the backend sent.
    ///   - mount: the backend, and where it is served.
    ///   - basePath: the prefix of all URLs; begins and ends with a slash.
    init(_ head: ResponseHead, _ mount: MountedBackend, basePath: [UInt8]) {
        self.head = head
        self.mount = mount
        self.basePath = basePath
    }

    /// Sets status and fields of an answer.
    ///
    /// What belongs to the connection to the backend stays behind, with what the gateway says itself: Date, Server and
    /// who may read the answer.
    func copy(to exchange: Exchange) {
        let response = exchange.response
        let fields = response.fields
        let head = head
        response.status = head.status
        let control = cacheControl(exchange.request)
        let namesFields = head.namesConnectionFields
        var hasReferrerPolicy = false
        for index in 0..<head.fieldCount {
            let known = head.knownName(at: index)
            if head.isHopByHop(at: index, namesFields: namesFields) { continue }
            switch known {
            case .date, .server, .contentLength: continue
            case .cacheControl where control != nil: continue
            // Said by the gateway.
            case .vary where head.value(at: index).equalsIgnoringCase("origin"): continue
            case .location:
                fields.add(name: head.name(at: index), value: location(head.value(at: index)).span)
                continue
            case nil where Self.isAboutOrigins(head.name(at: index)): continue
            case nil where head.name(at: index).equalsIgnoringCase("referrer-policy"):
                hasReferrerPolicy = true
            default: break
            }
            fields.add(lineAt: index, of: head)
        }
        if let control { fields.add("Cache-Control", control) }
        // The URL of a page can have a viewer's secret (contract of the Cellucid servers, 7.4.5).
        if !hasReferrerPolicy, isPage { fields.add("Referrer-Policy", "same-origin") }
        if head.has(.contentEncoding), !head.list(.vary, contains: "accept-encoding") {
            fields.add("Vary", "Accept-Encoding")
        }
        fields.add(block: CrossOrigin.fixedBlock)
        CrossOrigin.addFields(for: exchange.request, to: fields)
    }

    private var isPage: Bool {
        guard let type = head.value(.contentType), type.count >= 9 else { return false }
        return type.extracting(0..<9).equalsIgnoringCase("text/html")
    }

    private static func isAboutOrigins(_ name: Span<UInt8>) -> Bool {
        name.count > 15 && name.extracting(0..<15).equalsIgnoringCase("access-control-")
    }

    /// What the gateway says in the place of the backend, whose export server lets everything be kept for an hour
    /// (contract of the Cellucid servers, 7.4.5).
    private func cacheControl(_ request: RequestHead) -> StaticString? {
        let code = head.status.code
        if code >= 400 || request.method != .get && request.method != .head { return "no-store" }
        let path = request.path
        if path.span.contains("/_cellucid/") {
            return path.span.contains("/_cellucid/anndata/") ? nil : "no-store"
        }
        return path.span.endsWith(".json") || path.last == UInt8(ascii: "/") ? "no-cache" : nil
    }

    /// Where a redirect leads, seen from the client.
    private func location(_ value: Span<UInt8>) -> [UInt8] {
        var path = value.copied()
        var isUpstreams = path.first == UInt8(ascii: "/") && path.dropFirst().first != UInt8(ascii: "/")
        let specification = mount.backend.specification
        let origin = specification.origin
        for start in ["\(origin.scheme.rawValue)://\(origin.authority)", "//\(origin.authority)"]
        where path.starts(with: start.utf8) {
            let rest = path.dropFirst(start.utf8.count)
            // A longer host name or port is somebody else's.
            guard rest.isEmpty || rest.first == UInt8(ascii: "/") || rest.first == UInt8(ascii: "?") else {
                break
            }
            path = rest.first == UInt8(ascii: "/") ? Array(rest) : [UInt8(ascii: "/")] + rest
            isUpstreams = true
            break
        }
        guard isUpstreams else { return path }
        let prefix = mount.targetPrefix
        let base = basePath + Array(mount.mount.utf8) + [UInt8(ascii: "/")]
        if path.starts(with: prefix) { return base + path.dropFirst(prefix.count) }
        // Outside of what this mount shows; the backend's own mount has it.
        return basePath + Array(specification.mount.utf8) + path
    }
}

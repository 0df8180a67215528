import Bytes
import HTTP
import Server
import Upstream

/// The fields of a backend's answer as they go to the client.
struct AnswerFields {
    private let head: ResponseHead
    private let backend: Backend
    private let mount: MountedBackend
    private let basePath: [UInt8]

    /// - Parameters:
    ///   - head: what the backend sent.
    ///   - backend: who sent it.
    ///   - mount: where it is served.
    ///   - basePath: the prefix of all URLs; begins and ends with a slash.
    init(_ head: ResponseHead, backend: Backend, mount: MountedBackend, basePath: [UInt8]) {
        self.head = head
        self.backend = backend
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
        response.status = head.status
        var isCoded = false
        let namesOptions = head.namesConnectionOptions
        for index in 0..<head.fieldCount where !head.isHopByHop(at: index, namesOptions: namesOptions) {
            let name = head.name(at: index)
            if Self.isGatewaysOwn(name) { continue }
            if name.equalsIgnoringCase("location") {
                fields.add("Location", location(head.value(at: index)).span)
                continue
            }
            if name.equalsIgnoringCase("vary") {
                // Said by the gateway.
                if head.value(at: index).equalsIgnoringCase("origin") { continue }
            } else if name.equalsIgnoringCase("cache-control") {
                if cacheControl(exchange.request) != nil { continue }
            } else if name.equalsIgnoringCase("content-encoding") {
                isCoded = true
            }
            fields.add(name: name, value: head.value(at: index))
        }
        if let control = cacheControl(exchange.request) { fields.add("Cache-Control", control) }
        if isCoded, !head.list("vary", contains: "accept-encoding") { fields.add("Vary", "Accept-Encoding") }
        fields.add(block: CrossOrigin.fixedBlock)
        CrossOrigin.addFields(for: exchange.request, to: fields)
    }

    private static func isGatewaysOwn(_ name: Span<UInt8>) -> Bool {
        switch name.count {
        case 4: name.equalsIgnoringCase("date")
        case 6: name.equalsIgnoringCase("server")
        case 14: name.equalsIgnoringCase("content-length")
        default: name.count > 15 && name.extracting(0..<15).equalsIgnoringCase("access-control-")
        }
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
        let origin = backend.specification.origin
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
        return basePath + Array(backend.specification.mount.utf8) + path
    }
}

extension Span where Element == UInt8 {
    /// Whether the bytes end with `text`.
    func endsWith(_ text: StaticString) -> Bool {
        let length = text.utf8CodeUnitCount
        return count >= length && extracting((count - length)..<count).equals(text)
    }

    /// Whether `text` is among the bytes.
    func contains(_ text: StaticString) -> Bool {
        let length = text.utf8CodeUnitCount
        guard count >= length, length > 0 else { return false }
        let first = unsafe text.utf8Start[0]
        var start = 0
        while let offset = firstOffset(of: first, from: start), offset + length <= count {
            if extracting(offset..<(offset + length)).equals(text) { return true }
            start = offset + 1
        }
        return false
    }
}

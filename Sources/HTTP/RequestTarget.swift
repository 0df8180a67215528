import Bytes

/// Taking a request target apart (RFC 9112 section 3.2).
enum RequestTarget {
    /// Sets form, path, query and authority of `head` from its target.
    /// - Throws: `HTTPError` 400 for a target that is none of the four forms, and for a path that could mean
    ///   something else to another program: a bad percent-encoding, NUL, or a `.` or `..` segment.
    static func resolve(_ head: RequestHead) throws(HTTPError) {
        let target = head.target
        if target[0] == UInt8(ascii: "/") {
            head.targetForm = head.method == .connect ? .authority : .origin
            guard head.method != .connect else {
                throw .malformed("CONNECT wants a host and port")
            }
            try setPath(head, from: head.targetRange)
        } else if target.count == 1, target[0] == UInt8(ascii: "*"), head.method == .options {
            head.targetForm = .asterisk
        } else if head.method == .connect {
            head.targetForm = .authority
            head.authorityRange = head.targetRange
        } else if let authority = authorityStart(target) {
            head.targetForm = .absolute
            let start = head.targetRange.lowerBound + authority
            var end = authority
            while end < target.count, target[end] != 0x2f, target[end] != 0x3f { end += 1 }
            let path = head.targetRange.lowerBound + end
            guard path > start else { throw .malformed("the request target has no host") }
            head.authorityRange = start..<path
            try setPath(head, from: path..<head.targetRange.upperBound)
        } else {
            throw .malformed("the request target is neither a path nor a URL")
        }
    }

    private static func authorityStart(_ target: Span<UInt8>) -> Int? {
        if target.count > 7, target.extracting(0..<7).equalsIgnoringCase("http://") { return 7 }
        if target.count > 8, target.extracting(0..<8).equalsIgnoringCase("https://") { return 8 }
        return nil
    }

    private static func setPath(_ head: RequestHead, from range: Range<Int>) throws(HTTPError) {
        let bytes = head.bytes(range)
        let question = bytes.firstOffset(of: UInt8(ascii: "?"))
        if let question {
            head.queryRange = (range.lowerBound + question + 1)..<range.upperBound
        }
        guard bytes.firstOffset(of: UInt8(ascii: "#")) == nil else {
            throw .malformed("the request target has a fragment")
        }
        let encoded = bytes.extracting(0..<(question ?? bytes.count))
        if encoded.isEmpty { head.path.append(UInt8(ascii: "/")) }
        guard PercentCoding.decode(encoded, into: &head.path) else {
            throw HTTPError(.badRequest, "the path has a % without two hex digits", breaksFraming: false)
        }
        try checkSegments(head.path)
    }

    /// Refuses what could mean something else to another program.
    private static func checkSegments(_ path: [UInt8]) throws(HTTPError) {
        // Nearly all paths have neither.
        if !beginsSegmentWithDot(path.span), path.span.firstOffset(of: 0) == nil { return }
        var segmentLength = 0
        var dotsOnly = true
        for index in 0...path.count {
            let byte = index < path.count ? path[index] : UInt8(ascii: "/")
            if byte == 0 {
                throw HTTPError(.badRequest, "the path has a NUL character", breaksFraming: false)
            }
            if byte == UInt8(ascii: "/") {
                if dotsOnly && (segmentLength == 1 || segmentLength == 2) {
                    throw HTTPError(.badRequest, "the path has a . or .. segment", breaksFraming: false)
                }
                segmentLength = 0
                dotsOnly = true
            } else {
                segmentLength += 1
                if byte != UInt8(ascii: ".") { dotsOnly = false }
            }
        }
    }

    private static func beginsSegmentWithDot(_ path: Span<UInt8>) -> Bool {
        var from = 0
        while let dot = path.firstOffset(of: UInt8(ascii: "."), from: from) {
            if dot == 0 || path[dot - 1] == UInt8(ascii: "/") { return true }
            from = dot + 1
        }
        return false
    }
}

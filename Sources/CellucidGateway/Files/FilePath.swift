/// Which paths below a mount can name a file at all.
enum FilePath {
    /// Whether every segment of `path[range]` is there and none begins with a dot.
    static func isServed(_ path: [UInt8], _ range: Range<Int>) -> Bool {
        var isStart = true
        for index in range {
            let byte = path[index]
            if isStart && (byte == UInt8(ascii: ".") || byte == UInt8(ascii: "/")) { return false }
            isStart = byte == UInt8(ascii: "/")
        }
        return !range.isEmpty && !isStart
    }
}

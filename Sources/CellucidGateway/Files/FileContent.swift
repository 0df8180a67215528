import Server

/// The bytes of a file: in memory when the file is small, otherwise by descriptor.
enum FileContent: Sendable {
    case memory([UInt8])
    case file(OpenFile)

    /// Bytes.
    var size: UInt64 {
        switch self {
        case .memory(let bytes): UInt64(bytes.count)
        case .file(let file): file.size
        }
    }

    /// As the body of an answer, whole.
    var body: ResponseBody {
        switch self {
        case .memory(let bytes): .bytes(bytes)
        case .file(let file): .file(file, 0..<file.size)
        }
    }

    /// A part of it.
    func body(_ range: Range<UInt64>) -> ResponseBody {
        switch self {
        case .memory(let bytes): .bytes(Array(bytes[Int(range.lowerBound)..<Int(range.upperBound)]))
        case .file(let file): .file(file, range)
        }
    }

    /// A part of it, as a piece of a body.
    func segment(_ range: Range<UInt64>) -> ResponseBody.Segment {
        switch self {
        case .memory(let bytes): .bytes(Array(bytes[Int(range.lowerBound)..<Int(range.upperBound)]))
        case .file(let file): .file(file, range)
        }
    }

    /// Whether the bytes are still those that the fields were made for.
    var isUnchanged: Bool {
        if case .file(let file) = self { return file.isUnchanged }
        return true
    }
}

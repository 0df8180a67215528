/// What pax records, or GNU's long names, say about the next entry of a tar archive.
struct TarRecords {
    /// Its name.
    var name: String?
    /// Bytes of its content.
    private(set) var size: Int?
    /// Whether parts of the content are left out.
    private(set) var isSparse = false

    /// Takes the records of an extended header: each is its length in digits, a space, a key, "=", a value and a
    /// newline.
    /// - Returns: whether they are valid.
    mutating func read(_ bytes: [UInt8]) -> Bool {
        var rest = bytes[...]
        while !rest.isEmpty {
            guard let space = rest.prefix(20).firstIndex(of: UInt8(ascii: " ")),
                let count = Int(String(decoding: rest[..<space], as: UTF8.self)),
                count > space - rest.startIndex + 1, count <= rest.count,
                rest[rest.startIndex + count - 1] == UInt8(ascii: "\n")
            else { return false }
            let record = rest[(space + 1)..<(rest.startIndex + count - 1)]
            rest = rest.dropFirst(count)
            guard let equals = record.firstIndex(of: UInt8(ascii: "=")) else { return false }
            let value = String(decoding: record[(equals + 1)...], as: UTF8.self)
            switch String(decoding: record[..<equals], as: UTF8.self) {
            case "path": name = value
            case "size":
                guard let size = Int(value), size >= 0 else { return false }
                self.size = size
            case let key: isSparse = isSparse || key.hasPrefix("GNU.sparse.")
            }
        }
        return true
    }
}

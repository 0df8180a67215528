/// A header block of a tar archive (POSIX.1-2017, pax: "ustar Interchange Format").
struct TarHeader {
    /// Bytes of a header, and what contents are padded to.
    static let blockBytes = 512

    /// Fields by place and size.
    enum Field {
        static let name = 0..<100
        static let mode = 100..<108
        static let owner = 108..<116
        static let group = 116..<124
        static let size = 124..<136
        static let modified = 136..<148
        static let checksum = 148..<156
        static let type = 156
        static let magic = 257..<265
        static let deviceMajor = 329..<337
        static let deviceMinor = 337..<345
        static let prefix = 345..<500
    }

    /// What an entry is, by its type flag.
    enum Kind: Equatable {
        case file
        case folder
        case symbolicLink
        case hardLink
        case device
        /// Records for the next entry.
        case extended
        /// Records for all entries that follow.
        case globalExtended
        /// The name of the next entry, as GNU tar writes it.
        case longName
        /// The link target of the next entry, as GNU tar writes it.
        case longLink
        case unknown(UInt8)
    }

    let name: String
    let kind: Kind
    /// Bytes of the content.
    let size: Int

    /// Reads a block.
    /// - Returns: `nil` when its checksum is wrong or a number is none: the block is no header.
    init?(_ block: [UInt8]) {
        precondition(block.count == Self.blockBytes)
        guard let checksum = Self.number(block[Field.checksum]), checksum == Self.checksum(of: block),
            let size = Self.number(block[Field.size])
        else { return nil }
        self.size = size
        var name = Self.text(block[Field.name])
        // GNU's own format keeps other things where ustar has the prefix.
        let isUstar = block[Field.magic].starts(with: Array("ustar".utf8) + [0])
        if isUstar, block[Field.prefix.lowerBound] != 0 { name = Self.text(block[Field.prefix]) + "/" + name }
        self.name = name
        kind =
            switch block[Field.type] {
            // Archives before POSIX mark folders by the slash only.
            case 0: name.hasSuffix("/") ? .folder : .file
            case UInt8(ascii: "0"), UInt8(ascii: "7"): .file
            case UInt8(ascii: "1"): .hardLink
            case UInt8(ascii: "2"): .symbolicLink
            case UInt8(ascii: "3"), UInt8(ascii: "4"), UInt8(ascii: "6"): .device
            case UInt8(ascii: "5"): .folder
            case UInt8(ascii: "x"): .extended
            case UInt8(ascii: "g"): .globalExtended
            case UInt8(ascii: "L"): .longName
            case UInt8(ascii: "K"): .longLink
            case let other: .unknown(other)
            }
    }

    /// Makes a block.
    /// - Parameters:
    ///   - name: at most 100 bytes.
    ///   - prefix: the folders before it, at most 155 bytes.
    ///   - type: the type flag.
    ///   - mode: permissions.
    ///   - size: bytes of the content.
    ///   - modifiedSeconds: Unix time.
    /// - Returns: 512 bytes.
    static func block(
        name: [UInt8],
        prefix: [UInt8],
        type: Character,
        mode: Int,
        size: Int,
        modifiedSeconds: Int64
    ) -> [UInt8] {
        precondition(name.count <= Field.name.count && prefix.count <= Field.prefix.count)
        var block = [UInt8](repeating: 0, count: blockBytes)
        func put(_ bytes: some Collection<UInt8>, at start: Int) {
            block.replaceSubrange(start..<start + bytes.count, with: bytes)
        }
        put(name, at: Field.name.lowerBound)
        put(octal(mode, Field.mode), at: Field.mode.lowerBound)
        put(octal(0, Field.owner), at: Field.owner.lowerBound)
        put(octal(0, Field.group), at: Field.group.lowerBound)
        put(octal(size, Field.size), at: Field.size.lowerBound)
        put(octal(Int(max(0, modifiedSeconds)), Field.modified), at: Field.modified.lowerBound)
        put(type.utf8, at: Field.type)
        put(Array("ustar\0".utf8) + Array("00".utf8), at: Field.magic.lowerBound)
        put(octal(0, Field.deviceMajor), at: Field.deviceMajor.lowerBound)
        put(octal(0, Field.deviceMinor), at: Field.deviceMinor.lowerBound)
        put(prefix, at: Field.prefix.lowerBound)
        // Six digits, NUL, space: as all programs write it.
        put(octal(checksum(of: block), 0..<7) + [UInt8(ascii: " ")], at: Field.checksum.lowerBound)
        return block
    }

    /// The sum of all bytes, those of the checksum itself taken as spaces.
    private static func checksum(of block: [UInt8]) -> Int {
        var sum = Field.checksum.count * Int(UInt8(ascii: " "))
        for index in block.indices where !Field.checksum.contains(index) { sum += Int(block[index]) }
        return sum
    }

    private static func octal(_ value: Int, _ field: Range<Int>) -> [UInt8] {
        let digits = String(value, radix: 8)
        precondition(digits.utf8.count < field.count)
        return Array(repeating: UInt8(ascii: "0"), count: field.count - 1 - digits.utf8.count)
            + Array(digits.utf8) + [0]
    }

    /// A number in octal digits between spaces and NULs, or in GNU's base 256; `nil` when it is none.
    private static func number(_ field: ArraySlice<UInt8>) -> Int? {
        if field.first == 0x80 {
            return field.dropFirst().reduce(into: Int?(0)) { value, byte in
                value = value.flatMap { $0 > Int.max >> 8 ? nil : $0 << 8 | Int(byte) }
            }
        }
        let digits = field.drop { $0 == UInt8(ascii: " ") }.prefix { $0 != UInt8(ascii: " ") && $0 != 0 }
        guard !digits.isEmpty else { return 0 }
        return Int(String(decoding: digits, as: UTF8.self), radix: 8).flatMap { $0 < 0 ? nil : $0 }
    }

    private static func text(_ field: ArraySlice<UInt8>) -> String {
        String(decoding: field.prefix { $0 != 0 }, as: UTF8.self)
    }
}

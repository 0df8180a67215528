/// A file name or relative path as the kernel has it: any bytes but NUL, not necessarily UTF-8.
struct FileName: Hashable, Sendable {
    /// The bytes and a final NUL, ready to be passed to C.
    let characters: [CChar]

    /// Takes over characters that end with their only NUL.
    init(characters: [CChar]) {
        precondition(characters.last == 0, "a file name ends with NUL")
        self.characters = characters
    }

    init(_ text: String) {
        self.init(characters: text.utf8.map { CChar(bitPattern: $0) } + [0])
    }

    /// The bytes without the final NUL.
    var bytes: some BidirectionalCollection<UInt8> {
        characters.dropLast().lazy.map { UInt8(bitPattern: $0) }
    }

    /// The name for people; bytes that are not UTF-8 show as U+FFFD.
    var text: String { String(decoding: bytes, as: UTF8.self) }

    var isEmpty: Bool { characters.count == 1 }
    var isHidden: Bool { characters[0] == CChar(bitPattern: UInt8(ascii: ".")) }

    /// `self/child`, or just `child` when `self` is empty.
    func appending(_ child: FileName) -> FileName {
        guard !isEmpty else { return child }
        return FileName(
            characters: characters.dropLast() + [CChar(bitPattern: UInt8(ascii: "/"))] + child.characters
        )
    }

    /// Bytewise order, which does not depend on the locale.
    static func precedes(_ left: FileName, _ right: FileName) -> Bool {
        left.bytes.lexicographicallyPrecedes(right.bytes)
    }
}

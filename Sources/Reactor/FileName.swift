/// A file name or relative path as the kernel has it: any bytes but NUL, not necessarily UTF-8.
public struct FileName: Hashable, Sendable {
    /// The bytes and a final NUL, ready to be passed to C.
    public let characters: [CChar]

    /// Takes over characters that end with their only NUL.
    public init(characters: [CChar]) {
        precondition(characters.last == 0, "a file name ends with NUL")
        self.characters = characters
    }

    /// The UTF-8 bytes of `text`, in which there is no NUL.
    public init(_ text: String) {
        self.init(characters: text.utf8.map { CChar(bitPattern: $0) } + [0])
    }

    /// The bytes without the final NUL.
    public var bytes: some BidirectionalCollection<UInt8> {
        characters.dropLast().lazy.map { UInt8(bitPattern: $0) }
    }

    /// The name for people; bytes that are not UTF-8 show as U+FFFD.
    public var text: String { String(decoding: bytes, as: UTF8.self) }

    /// Whether there is nothing but the final NUL.
    public var isEmpty: Bool { characters.count == 1 }
    /// Whether it begins with a dot.
    public var isHidden: Bool { characters[0] == CChar(bitPattern: UInt8(ascii: ".")) }

    /// `self/child`, or just `child` when `self` is empty.
    public func appending(_ child: FileName) -> FileName {
        guard !isEmpty else { return child }
        return FileName(
            characters: characters.dropLast() + [CChar(bitPattern: UInt8(ascii: "/"))] + child.characters
        )
    }

    /// Bytewise order, which does not depend on the locale.
    public static func precedes(_ left: FileName, _ right: FileName) -> Bool {
        left.bytes.lexicographicallyPrecedes(right.bytes)
    }
}

import Testing

@testable import Bytes

@Suite struct ByteBufferTests {
    @Test func startsEmpty() {
        let buffer = ByteBuffer(capacity: 8)
        #expect(buffer.isEmpty)
        #expect(buffer.count == 0)
        #expect(buffer.capacity == 8)
        #expect(buffer.freeCount == 8)
        #expect(buffer.unread.copied() == [])
    }

    @Test func whatIsAppendedIsConsumedInOrder() {
        let buffer = ByteBuffer(capacity: 8)
        buffer.append([1, 2, 3])
        buffer.append(byte: 4)
        #expect(buffer.unread.copied() == [1, 2, 3, 4])
        buffer.consume(2)
        #expect(buffer.unread.copied() == [3, 4])
        #expect(buffer.freeCount == 4)
        buffer.consume(2)
        #expect(buffer.isEmpty)
        #expect(buffer.freeCount == 8, "an empty buffer begins at the front again")
    }

    /// Bytes consumed from the front and removed from the end of five.
    @Test(arguments: [(0, 0), (0, 1), (0, 5), (2, 1), (2, 3), (4, 1), (5, 0)])
    func whatIsRemovedFromTheEndIsGone(consumed: Int, removed: Int) {
        let buffer = ByteBuffer(capacity: 8)
        buffer.append([1, 2, 3, 4, 5])
        buffer.consume(consumed)
        buffer.removeLast(removed)
        let left = Array([1, 2, 3, 4, 5].dropFirst(consumed).dropLast(removed)) as [UInt8]
        #expect(buffer.unread.copied() == left)
        #expect(buffer.count == left.count)
        #expect(buffer.isEmpty == left.isEmpty)
        buffer.append([6, 7, 8, 9, 10, 11])
        #expect(buffer.unread.copied() == left + [6, 7, 8, 9, 10, 11])
    }

    /// Consumed and held bytes of a buffer of 16, and how many more are to fit.
    @Test(
        arguments: [
            (consumed: 0, held: 0, wanted: 16, capacity: 16),
            (consumed: 4, held: 12, wanted: 4, capacity: 16),
            (consumed: 10, held: 6, wanted: 10, capacity: 16),
            (consumed: 8, held: 8, wanted: 8, capacity: 16),
            (consumed: 1, held: 15, wanted: 1, capacity: 16),
            (consumed: 4, held: 12, wanted: 5, capacity: 32),
            (consumed: 0, held: 16, wanted: 1, capacity: 32),
            (consumed: 0, held: 16, wanted: 100, capacity: 128),
            (consumed: 15, held: 1, wanted: 32, capacity: 64),
        ]
    )
    func makingRoomKeepsWhatIsHeld(consumed: Int, held: Int, wanted: Int, capacity: Int) {
        let buffer = ByteBuffer(capacity: 16)
        let bytes = (0..<(consumed + held)).map { UInt8($0) }
        buffer.append(bytes)
        buffer.consume(consumed)
        buffer.reserve(wanted)
        #expect(buffer.freeCount >= wanted)
        #expect(buffer.capacity == capacity)
        #expect(buffer.unread.copied() == Array(bytes[consumed...]))
    }

    @Test func growsByAppending() {
        let buffer = ByteBuffer(capacity: 1)
        var expected: [UInt8] = []
        for index in 0..<1000 {
            let piece = [UInt8](repeating: UInt8(truncatingIfNeeded: index), count: index % 7)
            buffer.append(piece)
            expected += piece
            if index % 5 == 0, buffer.count > 3 {
                buffer.consume(3)
                expected.removeFirst(3)
            }
        }
        #expect(buffer.unread.copied() == expected)
    }

    @Test(
        arguments: [
            (0, "0"), (1, "1"), (9, "9"), (10, "10"), (99, "99"), (100, "100"), (65_535, "65535"),
            (1_000_000, "1000000"), (UInt64.max, "18446744073709551615"),
        ] as [(UInt64, String)]
    )
    func decimals(value: UInt64, text: String) {
        let buffer = ByteBuffer(capacity: 1)
        buffer.append("<")
        buffer.append(decimal: value)
        buffer.append(">")
        #expect(buffer.unread.text() == "<\(text)>")
    }

    @Test(
        arguments: [0, 1, 9, 10, 15, 16, 255, 256, 0xfff, 0x1000, 0xdead_beef, UInt64.max, 1 << 63]
            as [UInt64]
    )
    func hexadecimals(value: UInt64) {
        let buffer = ByteBuffer(capacity: 1)
        buffer.append(hexadecimal: value)
        #expect(buffer.unread.text() == String(value, radix: 16))
    }

    @Test func everyPowerOfTwoInHexadecimalAndEveryPowerOfTenInDecimal() {
        for shift in 0..<64 {
            let buffer = ByteBuffer(capacity: 4)
            buffer.append(hexadecimal: 1 << UInt64(shift))
            #expect(buffer.unread.text() == String(UInt64(1) << UInt64(shift), radix: 16))
        }
        var power: UInt64 = 1
        for _ in 0..<20 {
            for value in [power - 1, power, power + 1] {
                let buffer = ByteBuffer(capacity: 4)
                buffer.append(decimal: value)
                #expect(buffer.unread.text() == "\(value)")
            }
            power = power.multipliedReportingOverflow(by: 10).partialValue
        }
    }

    @Test func textIsAppendedAsUTF8() {
        let buffer = ByteBuffer(capacity: 2)
        buffer.append("Zürich – " as String)
        buffer.append("plain" as StaticString)
        buffer.append("" as String)
        #expect(buffer.unread.text() == "Zürich – plain")
    }

    @Test func freeBytesCountOnlyWhenSomethingWasWritten() {
        let buffer = ByteBuffer(capacity: 4)
        buffer.append(byte: 1)
        let failed = buffer.withFreeBytes { _ in -1 }
        #expect(failed == -1)
        #expect(buffer.count == 1)
        let written = buffer.withFreeBytes { room in
            room[0] = 2
            room[1] = 3
            return room.count == 3 ? 2 : -1
        }
        #expect(written == 2)
        #expect(buffer.unread.copied() == [1, 2, 3])
    }
}

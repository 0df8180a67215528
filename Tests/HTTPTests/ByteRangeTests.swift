import Testing

@testable import HTTP

@Suite struct ByteRangeTests {
    private func parse(_ value: String, size: UInt64, maximumRanges: Int = 16) -> RangeOutcome {
        ByteRange.parse(Array(value.utf8).span, size: size, maximumRanges: maximumRanges)
    }

    @Test(
        arguments: [
            ("bytes=0-0", 0..<1),
            ("bytes=0-99", 0..<100),
            ("bytes=500-599", 500..<600),
            ("bytes=500-", 500..<1000),
            ("bytes=-1", 999..<1000),
            ("bytes=-500", 500..<1000),
            ("bytes=999-", 999..<1000),
            ("bytes=990-2000", 990..<1000),
            ("bytes=0-999", 0..<1000),
            ("bytes=0-", 0..<1000),
            ("Bytes=10-19", 10..<20),
            ("BYTES=10-19", 10..<20),
            ("bytes=0000-0009", 0..<10),
            ("bytes=10-19999999999999999999999999", 10..<1000),
            ("bytes=10-18446744073709551615", 10..<1000),
            ("bytes=-1000", 0..<1000),
            ("bytes=-1001", 0..<1000),
            ("bytes=-99999999999999999999", 0..<1000),
            ("bytes=0-9,", 0..<10),
            ("bytes=,0-9", 0..<10),
            ("bytes=, ,\t,0-9, ,", 0..<10),
            ("bytes=0-9 ,", 0..<10),
            ("bytes=0-9,1005-", 0..<10),
            ("bytes=1005-,0-9", 0..<10),
            ("bytes=0-9,-0", 0..<10),
            ("bytes=0-49,25-99", 0..<100),
            ("bytes=0-99,25-49", 0..<100),
            ("bytes=0-49,25-99,99-199", 0..<200),
            ("bytes=0-9,0-9", 0..<10),
        ] as [(String, Range<UInt64>)]
    )
    func oneRange(value: String, range: Range<UInt64>) {
        #expect(parse(value, size: 1000) == .single(range))
    }

    @Test(
        arguments: [
            ("bytes=0-9,20-29", [0..<10, 20..<30]),
            ("bytes=0-9, 20-29 ,40-49", [0..<10, 20..<30, 40..<50]),
            ("bytes=0-0,-1", [0..<1, 999..<1000]),
            ("bytes=20-29,0-9", [20..<30, 0..<10]),
            ("bytes=0-9,10-19", [0..<10, 10..<20]),
            ("bytes=0-9,x,20-29", nil),
            ("bytes=20-29,0-24", [20..<30, 0..<25]),
            ("bytes=0-9,2000-,20-29", [0..<10, 20..<30]),
            ("bytes=0-9,5-14,20-29", [0..<15, 20..<30]),
            ("bytes=0-499,500-999", [0..<500, 500..<1000]),
            ("bytes=500-999,0-499", [500..<1000, 0..<500]),
            ("bytes=500-999,0-500", nil),
            ("bytes=500-,400-,300-", nil),
        ] as [(String, [Range<UInt64>]?)]
    )
    func severalRanges(value: String, ranges: [Range<UInt64>]?) {
        let outcome = ranges.map(RangeOutcome.multiple) ?? .whole
        #expect(parse(value, size: 1000) == outcome)
    }

    @Test(arguments: [
        "bytes=1000-",
        "bytes=1000-1010",
        "bytes=99999999999999999999-",
        "bytes=18446744073709551615-",
        "bytes=18446744073709551616-18446744073709551620",
        "bytes=-0",
        "bytes=-000",
        "bytes=1000-,1005-",
        "bytes=-0,1005-",
    ])
    func unsatisfiable(value: String) {
        #expect(parse(value, size: 1000) == .unsatisfiable)
    }

    @Test(arguments: [
        "",
        "items=0-9",
        "byte=0-9",
        "bytess=0-9",
        "bytes",
        "bytes=",
        "bytes=,",
        "bytes= , ",
        "bytes=a-b",
        "bytes=9-5",
        "bytes=18446744073709551616-5",
        "bytes=--5",
        "bytes=5",
        "bytes=0-9-19",
        "bytes=0x0-0x9",
        "bytes=1.5-9",
        "bytes=-",
        "bytes 0-9",
        "bytes=+0-9",
        "bytes=0-+9",
        "0-9",
        "bytes =0-9",
        " bytes=0-9",
        "bytes= 0-9",
        "bytes=\t0-9",
        "bytes=0 -9",
        "bytes=0- 9",
        "bytes=- 5",
        "bytes=0-9;20-29",
        "bytes=0-9 20-29",
        "bytes=0-9,x-y",
        "bytes=0-9,20",
        "bytes=2000-,x-y",
        "bytes=0-99999999999999999999x",
        "bytes=\u{0660}-\u{0669}",
        "bytes=0-\u{0}",
    ])
    func notUnderstood(value: String) {
        #expect(parse(value, size: 1000) == .whole)
    }

    @Test(arguments: ["bytes=0-", "bytes=0-0", "bytes=-5", "bytes=-0", "bytes=0-,-1"])
    func nothingOfAnEmptyFile(value: String) {
        #expect(parse(value, size: 0) == .unsatisfiable)
    }

    @Test func limitOnTheNumberOfRanges() {
        func octets(_ count: Int) -> String {
            "bytes=" + (0..<count).map { "\($0 * 2)-\($0 * 2)" }.joined(separator: ",")
        }
        let sixteen: [Range<UInt64>] = (0..<16).map { UInt64($0 * 2)..<UInt64($0 * 2 + 1) }
        #expect(parse(octets(16), size: 1000) == .multiple(sixteen))
        #expect(parse(octets(17), size: 1000) == .whole)
        #expect(parse(octets(400), size: 1000) == .whole)
        #expect(parse(octets(3), size: 1000, maximumRanges: 2) == .whole)
        #expect(parse(octets(3), size: 4, maximumRanges: 2) == .multiple([0..<1, 2..<3]))
    }

    @Test func aThousandTimesTheWholeFileIsNoMoreThanTheFile() {
        let value = "bytes=" + repeatElement("0-", count: 1000).joined(separator: ",")
        #expect(parse(value, size: 1000) == .single(0..<1000))
    }

    @Test func anErrorAfterTheLimitStillCounts() {
        let value = "bytes=" + repeatElement("2000-", count: 100).joined(separator: ",")
        #expect(parse(value, size: 1000) == .unsatisfiable)
        #expect(parse(value + ",x", size: 1000) == .whole)
    }

    @Test func sizesUpToTheLast64BitNumber() {
        let size = UInt64.max
        #expect(parse("bytes=0-", size: size) == .single(0..<size))
        #expect(parse("bytes=-1", size: size) == .single((size - 1)..<size))
        #expect(parse("bytes=\(size)-", size: size) == .unsatisfiable)
        #expect(parse("bytes=0-\(size)", size: size) == .single(0..<size))
        #expect(parse("bytes=1-,0-0", size: size) == .multiple([1..<size, 0..<1]))
        #expect(parse("bytes=1-,0-", size: size) == .whole)
    }

    /// Each pair of positions of a small file, against arithmetic on a list.
    @Test func everyPairOfASmallFile() {
        let size = 7
        for first in 0...9 {
            for last in 0...9 {
                let wanted = (0..<size).filter { $0 >= first && $0 <= last }
                let outcome = parse("bytes=\(first)-\(last)", size: UInt64(size))
                if last < first {
                    #expect(outcome == .whole)
                } else if let lower = wanted.first, let upper = wanted.last {
                    #expect(outcome == .single(UInt64(lower)..<UInt64(upper + 1)))
                } else {
                    #expect(outcome == .unsatisfiable)
                }
            }
        }
    }
}

import Bytes

/// Dates as HTTP writes them (RFC 9110 section 5.6.7).
public enum HTTPDate {
    private static let days: [StaticString] = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"]
    private static let longDays: [StaticString] = [
        "Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday",
    ]
    private static let months: [StaticString] = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ]

    /// The first and the last second of the years that have four digits.
    private static let first: Int64 = -62_167_219_200
    private static let last: Int64 = 253_402_300_799

    // MARK: Writing

    /// A time as IMF-fixdate, 29 bytes, for example `Sun, 06 Nov 1994 08:49:37 GMT`.
    /// - Parameter seconds: Unix time; outside the years 0 to 9999 the nearest time within.
    /// - Returns: 29 bytes.
    public static func bytes(_ seconds: Int64) -> [UInt8] {
        let (day, clock) = CivilDate.divided(min(max(seconds, first), last), by: 86_400)
        let date = CivilDate(daysSinceEpoch: day)
        let buffer = ByteBuffer(capacity: 32)
        buffer.append(days[Int(CivilDate.divided(day + 4, by: 7).rest)])
        buffer.append(", ")
        appendPadded(date.day, 2, to: buffer)
        buffer.append(" ")
        buffer.append(months[Int(date.month - 1)])
        buffer.append(" ")
        appendPadded(date.year, 4, to: buffer)
        buffer.append(" ")
        appendPadded(clock / 3600, 2, to: buffer)
        buffer.append(":")
        appendPadded(clock / 60 % 60, 2, to: buffer)
        buffer.append(":")
        appendPadded(clock % 60, 2, to: buffer)
        buffer.append(" GMT")
        return buffer.unread.copied()
    }

    private static func appendPadded(_ value: Int64, _ width: Int, to buffer: ByteBuffer) {
        var unit: Int64 = 1
        for _ in 1..<width { unit *= 10 }
        while unit > 0 {
            buffer.append(byte: UInt8(truncatingIfNeeded: 0x30 + value / unit % 10))
            unit /= 10
        }
    }

    // MARK: Reading

    /// Reads any of the three forms: IMF-fixdate, RFC 850 and asctime.
    /// - Parameters:
    ///   - value: the whole field value.
    ///   - now: Unix seconds; a year of two digits that lies more than 50 years ahead is of the century before.
    /// - Returns: Unix seconds, or `nil` for anything else.
    public static func parse(_ value: Span<UInt8>, now: Int64) -> Int64? {
        let text = value.trimmed()
        if text.count == 29 { return fixdate(text) }
        if text.count == 24 { return asctime(text) }
        return rfc850(text, now: now)
    }

    private static func fixdate(_ text: Span<UInt8>) -> Int64? {
        guard name(text, 0, days) != nil, matches(text, 3, ", "), let day = number(text, 5, 2),
            matches(text, 7, " "), let month = name(text, 8, months), matches(text, 11, " "),
            let year = number(text, 12, 4), matches(text, 16, " "), let clock = clock(text, 17),
            matches(text, 25, " GMT")
        else { return nil }
        return seconds(year: year, month: month + 1, day: day, clock: clock)
    }

    private static func asctime(_ text: Span<UInt8>) -> Int64? {
        guard name(text, 0, days) != nil, matches(text, 3, " "), let month = name(text, 4, months),
            matches(text, 7, " "),
            let day = matches(text, 8, " ") ? number(text, 9, 1) : number(text, 8, 2),
            matches(text, 10, " "), let clock = clock(text, 11), matches(text, 19, " "),
            let year = number(text, 20, 4)
        else { return nil }
        return seconds(year: year, month: month + 1, day: day, clock: clock)
    }

    private static func rfc850(_ text: Span<UInt8>, now: Int64) -> Int64? {
        guard let comma = text.firstOffset(of: UInt8(ascii: ",")), text.count == comma + 24,
            longDays.contains(where: { text.extracting(0..<comma).equals($0) }),
            matches(text, comma, ", "), let day = number(text, comma + 2, 2), matches(text, comma + 4, "-"),
            let month = name(text, comma + 5, months), matches(text, comma + 8, "-"),
            let shortYear = number(text, comma + 9, 2), matches(text, comma + 11, " "),
            let clock = clock(text, comma + 12), matches(text, comma + 20, " GMT")
        else { return nil }
        let thisYear = CivilDate(daysSinceEpoch: CivilDate.divided(now, by: 86_400).quotient).year
        var year = thisYear - thisYear % 100 + shortYear
        if year > thisYear + 50 { year -= 100 }
        return seconds(year: year, month: month + 1, day: day, clock: clock)
    }

    private static func clock(_ text: Span<UInt8>, _ start: Int) -> Int64? {
        guard let hour = number(text, start, 2), matches(text, start + 2, ":"),
            let minute = number(text, start + 3, 2), matches(text, start + 5, ":"),
            let second = number(text, start + 6, 2), hour < 24, minute < 60, second <= 60
        else { return nil }
        return hour * 3600 + minute * 60 + second
    }

    private static func name(_ text: Span<UInt8>, _ start: Int, _ names: [StaticString]) -> Int64? {
        guard start + 3 <= text.count else { return nil }
        let part = text.extracting(start..<(start + 3))
        for (index, name) in names.enumerated() where part.equals(name) { return Int64(index) }
        return nil
    }

    private static func matches(_ text: Span<UInt8>, _ start: Int, _ expected: StaticString) -> Bool {
        let end = start + expected.utf8CodeUnitCount
        return end <= text.count && text.extracting(start..<end).equals(expected)
    }

    private static func number(_ text: Span<UInt8>, _ start: Int, _ digits: Int) -> Int64? {
        guard start + digits <= text.count else { return nil }
        var value: Int64 = 0
        for index in start..<(start + digits) {
            guard ASCII.isDigit(text[index]) else { return nil }
            value = value * 10 + Int64(text[index] - 0x30)
        }
        return value
    }

    private static func seconds(year: Int64, month: Int64, day: Int64, clock: Int64) -> Int64? {
        guard let date = CivilDate(year: year, month: month, day: day) else { return nil }
        return date.daysSinceEpoch * 86_400 + clock
    }
}

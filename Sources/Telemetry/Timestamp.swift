import Bytes

/// Times as text.
public enum Timestamp {
    /// A time in the form of RFC 3339, in UTC with milliseconds, for example `2026-01-31T09:05:00.250Z`.
    /// - Parameter unixMilliseconds: milliseconds of Unix time, not negative.
    /// - Returns: 24 characters.
    public static func text(unixMilliseconds: Int64) -> String {
        let (days, rest) = CivilDate.divided(unixMilliseconds, by: 86_400_000)
        let date = CivilDate(daysSinceEpoch: days)
        let clock = [rest / 3_600_000, rest / 60_000 % 60, rest / 1000 % 60].map { padded($0, 2) }
        return
            "\(padded(date.year, 4))-\(padded(date.month, 2))-\(padded(date.day, 2))T\(clock.joined(separator: ":"))."
            + padded(rest % 1000, 3) + "Z"
    }

    private static func padded(_ value: Int64, _ width: Int) -> String {
        let text = String(value)
        return String(repeating: "0", count: max(0, width - text.count)) + text
    }
}

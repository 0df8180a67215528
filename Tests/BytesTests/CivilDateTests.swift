import Glibc
import Testing

@testable import Bytes

@Suite struct CivilDateTests {
    /// What the C library says about the day.
    private func reference(_ days: Int64) -> [Int64] {
        var seconds = time_t(days * 86_400)
        var parts = tm()
        gmtime_r(&seconds, &parts)
        return [Int64(parts.tm_year) + 1900, Int64(parts.tm_mon) + 1, Int64(parts.tm_mday)]
    }

    @Test func agreesWithTheCLibrary() {
        var samples = Array(Int64(-30_000)...60_000)
        samples += stride(from: Int64(-1_000_000), through: 3_000_000, by: 997)
        for days in samples {
            let date = CivilDate(daysSinceEpoch: days)
            let numbers = [date.year, date.month, date.day]
            if numbers != reference(days) { Issue.record("day \(days): \(numbers)") }
            if date.daysSinceEpoch != days {
                Issue.record("day \(days) comes back as \(date.daysSinceEpoch)")
            }
            if CivilDate(year: date.year, month: date.month, day: date.day) != date {
                Issue.record("day \(days) is not a date")
            }
        }
    }

    @Test(
        arguments: [
            (2024, 2, 29, true), (2023, 2, 29, false), (1900, 2, 29, false), (2000, 2, 29, true),
            (2025, 0, 1, false), (2025, 13, 1, false), (2025, 1, 0, false), (2025, 1, 32, false),
            (2025, 4, 31, false), (2025, 12, 31, true), (0, 2, 29, true), (-4, 2, 29, true),
            (-1, 2, 29, false),
        ] as [(Int64, Int64, Int64, Bool)]
    )
    func daysThatExist(year: Int64, month: Int64, day: Int64, exists: Bool) {
        #expect((CivilDate(year: year, month: month, day: day) != nil) == exists)
    }

    @Test(
        arguments: [
            (7, 5, 1, 2), (-7, 5, -2, 3), (-5, 5, -1, 0), (0, 5, 0, 0), (-1, 86_400, -1, 86_399),
        ] as [(Int64, Int64, Int64, Int64)]
    )
    func division(value: Int64, divisor: Int64, quotient: Int64, rest: Int64) {
        let result = CivilDate.divided(value, by: divisor)
        #expect(result.quotient == quotient)
        #expect(result.rest == rest)
    }
}

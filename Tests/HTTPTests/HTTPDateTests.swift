import Glibc
import Testing

@testable import HTTP

@Suite struct HTTPDateTests {
    /// 2026-11-21 00:00:00 UTC.
    static let now: Int64 = 1_795_219_200

    private func parse(_ text: String, now: Int64 = now) -> Int64? {
        HTTPDate.parse(Array(text.utf8).span, now: now)
    }

    private func written(_ seconds: Int64) -> String {
        String(decoding: HTTPDate.bytes(seconds), as: UTF8.self)
    }

    @Test(
        arguments: [
            ("Sun, 06 Nov 1994 08:49:37 GMT", 784_111_777),
            ("Sunday, 06-Nov-94 08:49:37 GMT", 784_111_777),
            ("Sun Nov  6 08:49:37 1994", 784_111_777),
            ("Wed Nov 16 08:49:37 1994", 784_975_777),
            ("Thu, 01 Jan 1970 00:00:00 GMT", 0),
            ("Wed, 31 Dec 1969 23:59:59 GMT", -1),
            ("Tue, 19 Jan 2038 03:14:08 GMT", 2_147_483_648),
            ("Fri, 31 Dec 9999 23:59:59 GMT", 253_402_300_799),
            ("Tue, 29 Feb 2000 12:00:00 GMT", 951_825_600),
            ("Thu, 29 Feb 2024 00:00:00 GMT", 1_709_164_800),
            ("Sat, 31 Dec 2016 23:59:60 GMT", 1_483_228_800),
            ("Wednesday, 01-Jul-26 00:00:00 GMT", 1_782_864_000),
        ] as [(String, Int64)]
    )
    func readsAllForms(text: String, seconds: Int64) {
        #expect(parse(text) == seconds)
    }

    @Test func weekdayNeedNotMatch() {
        #expect(parse("Mon, 06 Nov 1994 08:49:37 GMT") == 784_111_777)
        #expect(parse("Friday, 06-Nov-94 08:49:37 GMT") == 784_111_777)
        #expect(parse("Tue Nov  6 08:49:37 1994") == 784_111_777)
    }

    @Test(arguments: [
        "",
        "yesterday",
        "0",
        "784111777",
        "Sun, 06 Nov 1994 08:49:37",
        "Sun, 06 Nov 1994 08:49:37 UTC",
        "Sun, 06 Nov 1994 08:49:37 gmt",
        "Sun, 06 Nov 1994 08:49:37 +0000",
        "Sun, 06 Nov 1994 08:49:37 GMT; length=5",
        "Sun, 06 Nov 1994 08:49:37 GMT, Sun, 06 Nov 1994 08:49:37 GMT",
        "sun, 06 Nov 1994 08:49:37 GMT",
        "Sux, 06 Nov 1994 08:49:37 GMT",
        "Sun, 06 nov 1994 08:49:37 GMT",
        "Sun, 06 Nob 1994 08:49:37 GMT",
        "Sun, 6 Nov 1994 08:49:37 GMT",
        "Sun,  6 Nov 1994 08:49:37 GMT",
        "Sun, 00 Nov 1994 08:49:37 GMT",
        "Sun, 31 Nov 1994 08:49:37 GMT",
        "Sun, 32 Dec 1994 08:49:37 GMT",
        "Wed, 29 Feb 2023 00:00:00 GMT",
        "Thu, 29 Feb 1900 00:00:00 GMT",
        "Wed, 30 Feb 2000 00:00:00 GMT",
        "Sun, 06 Nov 1994 24:00:00 GMT",
        "Sun, 06 Nov 1994 08:60:00 GMT",
        "Sun, 06 Nov 1994 08:49:61 GMT",
        "Sun, 06 Nov 1994 8:49:37 GMT",
        "Sun, 06 Nov 1994 08-49-37 GMT",
        "Sun, +6 Nov 1994 08:49:37 GMT",
        "Sun, 06 Nov -994 08:49:37 GMT",
        "Sun, 06\u{A0}Nov 1994 08:49:37 GMT",
        "Sun, 06-Nov-94 08:49:37 GMT",
        "Sunday, 06-Nov-1994 08:49:37 GMT",
        "Sunday, 06 Nov 94 08:49:37 GMT",
        "Someday, 06-Nov-94 08:49:37 GMT",
        "Sunday, 31-Feb-94 08:49:37 GMT",
        "Sunday, 06-Nov-94 08:49:37 EST",
        "Sunday 06-Nov-94 08:49:37 GMT",
        "Sun Nov 6 08:49:37 1994",
        "Sun Nov 06 08:49:37 94",
        "Sun Nov  6 08:49:37 1994 GMT",
        "Sun Nov  0 08:49:37 1994",
        "Sun Nov 31 08:49:37 1994",
        "Sunday Nov  6 08:49:37 1994",
        ",",
        ", 06-Nov-94 08:49:37 GMT",
        "1994-11-06T08:49:37Z",
    ])
    func rejects(text: String) {
        #expect(parse(text) == nil)
    }

    @Test func everyPrefixIsRejected() {
        for whole in [
            "Sun, 06 Nov 1994 08:49:37 GMT", "Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994",
        ] {
            for length in 0..<whole.utf8.count {
                #expect(parse(String(whole.prefix(length))) == nil)
            }
        }
    }

    @Test func noByteIsTrusted() {
        let whole = Array("Sun, 06 Nov 1994 08:49:37 GMT".utf8)
        for index in whole.indices {
            for byte in [0x00, 0x7f, 0x80, 0xff] as [UInt8] {
                var text = whole
                text[index] = byte
                let seconds = HTTPDate.parse(text.span, now: Self.now)
                #expect(seconds == nil)
            }
        }
    }

    @Test(
        arguments: [
            ("Sunday, 06-Nov-94 08:49:37 GMT", 1994),
            ("Sunday, 06-Nov-00 08:49:37 GMT", 2000),
            ("Sunday, 06-Nov-26 08:49:37 GMT", 2026),
            ("Sunday, 06-Nov-75 08:49:37 GMT", 2075),
            ("Sunday, 06-Nov-76 08:49:37 GMT", 2076),
            ("Sunday, 06-Nov-77 08:49:37 GMT", 1977),
        ]
    )
    func yearOfTwoDigits(text: String, year: Int) {
        #expect(parse(text).map(written)?.contains(" \(year) ") == true)
    }

    @Test func writesWithoutLosingDigits() {
        #expect(written(784_111_777) == "Sun, 06 Nov 1994 08:49:37 GMT")
        #expect(written(0) == "Thu, 01 Jan 1970 00:00:00 GMT")
        #expect(written(-62_135_596_800) == "Mon, 01 Jan 0001 00:00:00 GMT")
        #expect(written(253_402_300_799) == "Fri, 31 Dec 9999 23:59:59 GMT")
    }

    @Test(arguments: [
        Int64.min, Int64.min + 86_400, -62_200_000_000, 253_402_300_800, Int64.max - 1, Int64.max,
    ])
    func timesBeyondTheFormStayPrintable(seconds: Int64) {
        let bytes = HTTPDate.bytes(seconds)
        #expect(bytes.count == 29)
        #expect(bytes.allSatisfy { $0 >= 0x20 && $0 < 0x7f })
    }

    /// Every 37th day of years 1 to 9999 at a moving time of day, against the C library.
    @Test func agreesWithTheCLibrary() {
        var seconds: Int64 = -62_135_596_800
        var disagreements = 0
        while seconds < 253_402_300_800 {
            if written(seconds) != librarysForm(seconds) || parse(written(seconds)) != seconds {
                disagreements += 1
            }
            seconds += 37 * 86_400 + 12_347
        }
        #expect(disagreements == 0)
    }

    /// Each day around leap days and turns of centuries, in all three forms.
    @Test(arguments: [1900, 1970, 1999, 2000, 2001, 2023, 2024, 2026, 2038, 2100])
    func everyDayOfAYear(year: Int) throws {
        let first = try #require(parse("Mon, 01 Jan \(year) 12:34:56 GMT"))
        for day in 0..<366 {
            let seconds = first + Int64(day) * 86_400
            let text = librarysForm(seconds)
            #expect(written(seconds) == text)
            #expect(parse(text) == seconds)
            #expect(parse(librarysForm(seconds, "%a %b %e %H:%M:%S %Y")) == seconds)
            if year >= 1978 && year < 2070 {
                #expect(parse(librarysForm(seconds, "%A, %d-%b-%y %H:%M:%S GMT")) == seconds)
            }
        }
    }

    private func librarysForm(_ seconds: Int64, _ format: String = "%a, %d %b %Y %H:%M:%S GMT") -> String {
        var time = time_t(seconds)
        var parts = tm()
        gmtime_r(&time, &parts)
        var text = [CChar](repeating: 0, count: 64)
        // The library does not fill the year up to four digits.
        let year = String(10_000 + Int(parts.tm_year) + 1900).dropFirst()
        let padded = format.replacing("%Y", with: year)
        let length = strftime(&text, text.count, padded, &parts)
        return String(decoding: text[..<length].map(UInt8.init(bitPattern:)), as: UTF8.self)
    }
}

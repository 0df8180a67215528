import Bytes
import Testing

@testable import HTTP

@Suite struct PriorityTests {
    @Test func itsDefault() {
        #expect(Priority().urgency == 3)
        #expect(!Priority().isIncremental)
    }

    /// Values of the field (RFC 9218 section 4), with urgency and whether incremental.
    @Test(
        arguments: [
            ("u=0", 0, false), ("u=1", 1, false), ("u=7", 7, false), ("i", 3, true), ("u=5, i", 5, true),
            ("i,u=2", 2, true), ("u=2,i=?1", 2, true), ("i=?0", 3, false), ("i, i=?0", 3, false),
            ("i=?0,i", 3, true),
            ("u=1, u=6", 6, false), ("  u=4  ,\ti ", 4, true), ("u=2, x=y", 2, false), ("x;y, i", 3, true),
            // Not understood, so not said.
            ("", 3, false), (" ", 3, false), (",", 3, false), (",,,i", 3, true), ("u", 3, false),
            ("u=", 3, false),
            ("u=8", 3, false), ("u=9", 3, false), ("u=-1", 3, false), ("u=10", 3, false), ("u=03", 3, false),
            ("u=3.0", 3, false), ("u=a", 3, false), ("U=1", 3, false), ("u =1", 3, false), ("u= 1", 3, false),
            ("I", 3, false), ("i=1", 3, false), ("i=?2", 3, false), ("i=true", 3, false), ("ii", 3, false),
            ("u=1;i", 3, false), ("u:1", 3, false), ("\"u=1\"", 3, false), ("u=\u{0}", 3, false),
            ("u=0,u=9", 0, false),
            ("\u{ff}\u{fe}", 3, false), ("nonsense;;;=", 3, false),
        ] as [(String, UInt8, Bool)]
    )
    func values(value: String, urgency: UInt8, isIncremental: Bool) {
        let priority = Priority(Array(value.utf8).span)
        #expect(priority.urgency == urgency)
        #expect(priority.isIncremental == isIncremental)
    }

    @Test func aLongValueIsReadToItsEnd() {
        let value = String(repeating: "u=1,", count: 10_000) + "u=6,i"
        let priority = Priority(Array(value.utf8).span)
        #expect(priority.urgency == 6)
        #expect(priority.isIncremental)
    }
}
